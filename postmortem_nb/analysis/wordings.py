"""Short forms of a claim for prose: ``onset.time``, ``time_to_detect.short``. None is more precise than its bounds.

A bare number means that both bounds round to it; "about" stands where they do not, or where rounding took more than a
twentieth away. Bounds further apart than `postmortem_nb.times.durations.NARROW` become a range, rounded outwards. The
full value stands in the ledger, to which the report links.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pandas as pd

from postmortem_nb.analysis.claims import HINT, Claim, Claims, format_quantity
from postmortem_nb.errors import SourceError, near
from postmortem_nb.times import UTC, zone_label
from postmortem_nb.times.durations import NARROW
from postmortem_nb.wording import NUMBERS

OVER = 0.1  # of a step: by so little a bound may lie outside of a rounded range
LOSS = 0.05  # what rounding may take away without "about"
NEAR, WIDE = pd.Timedelta("1min"), pd.Timedelta("20min")  # instants: from there on "about", from there on two times
ROUNDINGS = ("1min", "10s", "1s")
# Seconds that are printed to the next multiple: (below this length, step).
STEPS = ((60, 1), (120, 10), (180, 30), (86_400, 60), (1_209_600, 3600), (math.inf, 86_400))
COARSER = (1, 10, 30, 60, 300, 600, 1800, 3600, 21_600, 86_400)
UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))
_ASIDE = re.compile(r" \([^()]*\)")
_LENGTH = re.compile(r"(?:at least |at most )?−?\d+(?!\.?\d)")  # others are sentences, or not known
_LOCAL = re.compile(r", (?:\d{4}-\d\d-\d\d )?\d\d:\d\d(?::\d\d)? \S+(?: \(UTC[^)]*\))?$")

FILTER = re.compile(r"\s*([\w.]+)\s*\|")
NAME = re.compile(r"[a-z]\w*(?:\.\w+)*", re.ASCII)
Wording = Callable[[Claim, str], str]


def wordings(claim: Claim) -> dict[str, Wording]:
    """Return the forms that a claim has, by name: each takes the claim and the zone of the incident."""
    if claim.unit == "instant":
        return {"short": _plain, "time": _time, "date": _date, "local": _local, "local_date": _day}
    if claim.unit in ("windows", "paths"):
        return {"short": _plain, "word": _word}
    if claim.unit in ("s", "minutes") and _LENGTH.match(claim.text):
        return {"short": _length}
    value = claim.value
    is_number = isinstance(value, int | float) and claim.text.startswith(format_quantity(value, claim.unit))
    return {"short": _number if is_number else _plain}


def worded(claim: Claim, name: str, zone: str = UTC) -> Claim:
    """Return a claim whose text is one of its forms; one that is not known keeps its words.

    Raises
    ------
    KeyError
        For a form that the claim does not have.
    """
    wording = wordings(claim)[name]
    is_known = any(v is not None for v in (claim.value, claim.lo, claim.hi))
    return replace(claim, text=wording(claim, zone)) if is_known else claim


def all_worded(claim: Claim, zone: str = UTC) -> Iterator[tuple[str, str]]:
    """Yield each form of a claim as the narrative names it, with its text."""
    for name in wordings(claim):
        yield f"{claim.id}.{name}", worded(claim, name, zone).text


def named(text: str, claims: Claims) -> Claim:
    """Return the claim that stands between double braces: a claim's name, or one with a form behind a dot.

    Raises
    ------
    SourceError
        For anything else; with near names, or what to do.
    """
    text = text.strip()
    if not NAME.fullmatch(text):
        raise SourceError(f"there is no claim {text[:60]!r}. {_advice(text, claims)}")
    if text in claims:
        return claims[text]
    head, _, form = text.rpartition(".")
    if head not in claims:
        known = [*claims, *(f"{c.id}.{form}" for c in claims.values() for form in wordings(c))] if head else claims
        raise SourceError(f"there is no claim {text[:60]!r}. {near(text, known, HINT)}")
    forms = wordings(claims[head])
    if form not in forms:
        raise SourceError(f"the claim {head!r} has no form {form[:60]!r}. {near(form, forms)}")
    return worded(claims[head], form, claims.zone)


def _advice(text: str, claims: Claims) -> str:
    """Say what to write in place of what is no name."""
    filtered = FILTER.match(text)
    if not filtered:
        return r"Between double braces stands the name of a claim; to show the braces as such, write \{{."
    name = filtered[1]
    if name not in claims:
        return f"A claim takes no filter, and {name[:60]!r} is none. {claims.near(name)}"
    forms = ", ".join(f"{{{{ {name}.{form} }}}}" for form in wordings(claims[name]))
    return f"A claim takes no filter. Write {{{{ {name} }}}}, or a form of it: {forms}."


def _plain(claim: Claim, zone: str) -> str:
    """The text without bounds, and of an instant without the second zone."""
    return _ASIDE.sub("", _LOCAL.sub("", claim.text))


def _word(claim: Claim, zone: str) -> str:
    value = claim.value
    return NUMBERS[int(value)] if isinstance(value, int | float) and value < len(NUMBERS) else claim.text


# --- instants ----------------------------------------------------------------------------------------------


def _time(claim: Claim, zone: str) -> str:
    return _clock(claim, UTC)


def _local(claim: Claim, zone: str) -> str:
    return _clock(claim, zone)


def _date(claim: Claim, zone: str) -> str:
    return _dated(claim, UTC)


def _day(claim: Claim, zone: str) -> str:
    return _dated(claim, zone)


def _clock(claim: Claim, zone: str) -> str:
    at, lo, hi = _instants(claim, zone)
    label = zone_label(at or lo or hi, zone).partition(" (")[0]
    if claim.id == "window":
        ends = [pd.Timestamp(part).tz_convert(zone) for part in str(claim.value).split("/") if part != ".."]
        slack = max(
            (abs(t - b) for t, b in zip(ends, (lo, hi), strict=False) if b is not None), default=pd.Timedelta(0)
        )
        ends = [_rounded(t, t - slack, t + slack) for t in ends]
        return f"{_printed(*ends)} {label}" if len(ends) > 1 else f"from {_printed(*ends)} {label} on"
    if lo is None or hi is None:
        bound = hi if lo is None else lo
        assert bound is not None  # `worded` asks for one that is known
        return f"{'before' if lo is None else 'after'} {_printed(bound)} {label}"
    if at is None or hi - lo > WIDE:
        return f"{_printed(lo, hi)} {label}"
    if hi - lo > NEAR:
        return f"about {_printed(at.round(NEAR))} {label}"
    return f"{_printed(_rounded(at, lo, hi))} {label}"


def _rounded(at: pd.Timestamp, lo: pd.Timestamp, hi: pd.Timestamp) -> pd.Timestamp:
    """Round as coarsely as stays within the bounds."""
    return next((r for r in (at.round(step) for step in ROUNDINGS) if lo <= r < hi), at)


def _instants(claim: Claim, zone: str) -> tuple[pd.Timestamp | None, pd.Timestamp | None, pd.Timestamp | None]:
    first = str(claim.value).partition("/")[0] if claim.value is not None else None
    at, lo, hi = (None if t is None else pd.Timestamp(t).tz_convert(zone) for t in (first, claim.lo, claim.hi))
    return at, lo, hi


def _printed(*times: pd.Timestamp) -> str:
    """Print clock times to the minute unless one of them has seconds."""
    form = "%H:%M:%S" if any(t.second for t in times) else "%H:%M"
    return "–".join(t.strftime(form) for t in times)


def _dated(claim: Claim, zone: str) -> str:
    """Print the day in words: ``30 April 2013``; both days where the bounds fall on two."""
    at, lo, hi = _instants(claim, zone)
    days = list(dict.fromkeys(f"{t.day} {t:%B} {t.year}" for t in (lo or at, hi or at) if t is not None))
    return " to ".join(days)


# --- lengths and numbers -----------------------------------------------------------------------------------


def _length(claim: Claim, zone: str) -> str:
    """Print a length in words: ``about 5 minutes``, ``8 to 12 minutes``, ``at least 1 hour 39 minutes``."""
    scale = 60 if claim.unit == "minutes" else 1
    value, lo, hi = (None if v is None else v * scale for v in _bounds(claim))
    if hi is None:
        return f"at least {_spelled(_exact(lo))}" if lo is not None and lo >= 0 else _plain(claim, zone)
    if lo is None or lo <= 0 < hi:
        return f"at most {_spelled(_exact(hi))}"
    if value is None or hi - lo > NARROW * abs(value):
        step = _step(max(abs(lo), abs(hi)))
        return _range(lo, hi, max(step, 60) if min(abs(lo), abs(hi)) >= 60 else step, _spelled)
    step = max(_step(value), next((s for s in COARSER if s >= (hi - lo) / 4), COARSER[-1]) if hi > lo else 0)
    rounded = round(value / step) * step
    fine = _step(value) if rounded % 60 == 0 else 1
    is_sure = all(round(v / fine) * fine == rounded for v in (lo, hi)) and abs(rounded - value) <= LOSS * abs(value)
    return f"{'' if is_sure else 'about '}{_spelled(rounded)}"


def _number(claim: Claim, zone: str) -> str:
    """Print a number with no more digits than its bounds allow: ``about 9,170``, ``36 to 60 %``."""
    value, lo, hi = _bounds(claim)
    if value is None or lo is None or hi is None or " (" not in claim.text:  # one bound, or both are printed alike
        return _plain(claim, zone)
    digit = 10 ** math.floor(math.log10(hi - lo))
    if hi - lo > NARROW * abs(value):
        return _range(lo, hi, digit / 10, lambda v: format_quantity(v, claim.unit))
    return f"about {format_quantity(round(value / digit) * digit, claim.unit)}"


def _bounds(claim: Claim) -> tuple[float | None, float | None, float | None]:
    value, lo, hi = (float(v) if isinstance(v, int | float) else None for v in (claim.value, claim.lo, claim.hi))
    return (value, lo, hi) if (lo, hi) != (None, None) else (value, value, value)


def _range(lo: float, hi: float, step: float, show: Callable[[float], str]) -> str:
    """Print two bounds, rounded outwards, with one unit where both have the same: ``8 to 12 minutes``."""
    low, high = math.floor(lo / step + OVER) * step, math.ceil(hi / step - OVER) * step
    first, last = show(low), show(high)
    (a, _, unit), (_, _, other) = first.partition(" "), last.partition(" ")
    if first == last:
        return f"about {last}"
    return f"{a} to {last}" if unit.rstrip("s") == other.rstrip("s") and " " not in unit else f"{first} to {last}"


def _step(seconds: float) -> float:
    return next(step for below, step in STEPS if abs(seconds) < below)


def _exact(seconds: float) -> float:
    """Round a length as `postmortem_nb.times.format_duration` does, so that both say the same."""
    step = 1 if abs(seconds) < 600 else 60 if abs(seconds) < 86_400 else 3600
    return round(seconds / step) * step


def _spelled(seconds: float) -> str:
    """Print a length in words, in at most two units.

    >>> _spelled(45), _spelled(60), _spelled(5520), _spelled(-120)
    ('45 seconds', '1 minute', '1 hour 32 minutes', '−2 minutes')
    """
    rest, parts = round(abs(seconds)), []
    for name, size in UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    sign = "−" if seconds < 0 and parts else ""
    return sign + (" ".join(parts[:2]) or "0 seconds")
