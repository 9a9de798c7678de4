"""Explanations that responders held: how long each, how many people it bound, and what the wrong ones cost.

An explanation that is open has no end: it counts as held until the response ended, which is when the incident was
resolved, else when service had recovered; "at least" so long while neither has come. A refuted explanation is a
misleading path. Its cost counts the time from the start of diagnosis to the identified cause only
(`postmortem_nb.analysis.timings.time_lost` takes the union of all of them); person-minutes count every person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from postmortem_nb.analysis.claims import Claim
from postmortem_nb.analysis.inputs import Input, Trail
from postmortem_nb.analysis.moments import Moments
from postmortem_nb.findings import Finding
from postmortem_nb.incident import Hypothesis, Incident
from postmortem_nb.times import UNKNOWN, Duration, Instant, between

MINUTE = pd.Timedelta(minutes=1)
LENGTH = "how long responders held this explanation"
COST = "minutes that it was held times the people who followed it"
COUNT = "explanations that were held and refuted"
TOTAL = "minutes times people, over all refuted explanations"
STILL_HELD = "still open: counted until the end of the response"
NO_PEOPLE = "needs `people`, how many followed it"
NO_PATH = "no explanation was refuted"


Minutes = tuple[float, float | None, float | None]


@dataclass(frozen=True)
class Path:
    """One explanation and its cost.

    Parameters
    ----------
    hypothesis : Hypothesis
        As it was declared.
    length : Duration
        From when it was held to when it was settled, with bounds; of an open one to the end of the response.
    person_minutes : tuple of (float, float or None, float or None) or None
        Lower bound, best value and upper bound of the minutes times people; None where either is not known. Without an
        upper bound it is still held.
    """

    hypothesis: Hypothesis
    length: Duration
    person_minutes: Minutes | None

    @property
    def is_misleading(self) -> bool:
        """Whether it was refuted."""
        return self.hypothesis.verdict == "refuted"

    @property
    def cost(self) -> str:
        """Person-minutes as they are printed."""
        return "not known" if self.person_minutes is None else printed(*self.person_minutes)


def find_paths(hypotheses: Iterable[Hypothesis], ended: Instant = UNKNOWN) -> tuple[Path, ...]:
    """Return every explanation that was held, in declared order, with its cost.

    Parameters
    ----------
    hypotheses : iterable of Hypothesis
    ended : Instant
        The end of the response, until which open ones count as held.
    """
    return tuple(_path(h, ended) for h in hypotheses)


def response_end(moments: Moments) -> Instant:
    """Return when the response ended; of one that goes on, only its lower bound is known."""
    return moments.at("resolve") if moments.at("resolve").is_known else moments.at("recover")


def _path(h: Hypothesis, ended: Instant) -> Path:
    goes_on = h.verdict == "open" and not h.end.is_known
    length = between(h.start, ended if goes_on else h.end)
    if goes_on and length.hi is not None and length.hi < pd.Timedelta(0):  # raised after the end
        length = Duration()
    may_be_open = goes_on and length.hi is None
    if h.people is None or length.lo is None or not (may_be_open or _is_forward(length)):
        return Path(h, length, None)
    lo, value, hi = (
        None if t is None else max(0.0, t / MINUTE) * h.people for t in (length.lo, length.value, length.hi)
    )
    return Path(h, length, (lo or 0.0, value, hi))


def _is_forward(length: Duration) -> bool:
    return length.hi is not None and length.hi >= pd.Timedelta(0)


def printed(lo: float, value: float | None, hi: float | None) -> str:
    """Print person-minutes with their bounds, ``24 (16–32)``, or the bounds alone where there is no best value."""
    if hi is None:
        return f"at least {lo:,.0f}"
    low, high = f"{lo:,.0f}", f"{hi:,.0f}"
    if low == high:
        return low
    return f"{low}–{high}" if value is None else f"{value:,.0f} ({low}–{high})"


def path_claims(paths: tuple[Path, ...], trail: Trail) -> Iterator[Claim]:
    """Yield length and person-minutes of each explanation (``path.1.length`` …), and what the wrong ones cost."""
    for n, path in enumerate(paths, 1):
        source, length = (trail.fact("hypotheses", n - 1),), path.length
        value, lo, hi = (None if t is None else t.total_seconds() for t in (length.value, length.lo, length.hi))
        is_known = length.is_known and str(length) != "unknown"
        text, basis = (str(length), "declared") if is_known else ("not known", "")
        about = f": {path.hypothesis.text}"
        note = STILL_HELD if path.hypothesis.verdict == "open" and is_known else ""
        inputs = source if is_known else ()
        yield Claim(f"path.{n}.length", value, lo, hi, "s", text, basis, LENGTH + about, inputs, note)
        yield _minutes(f"path.{n}.person_minutes", path.person_minutes, COST + about, source, NO_PEOPLE)
    wrong = [(n, path) for n, path in enumerate(paths) if path.is_misleading]
    sources = tuple(trail.fact("hypotheses", n) for n, _ in wrong)
    count = len(wrong)
    yield Claim("misleading_paths", count, count, count, "paths", f"{count}", "declared", COUNT, sources)
    why = NO_PEOPLE if wrong else NO_PATH
    yield _minutes("person_minutes_lost", _together([p for _, p in wrong]), TOTAL, sources, why)


def _together(wrong: list[Path]) -> Minutes | None:
    """Return the sum of the costs; None where one is not known: a sum of the others would pass for all of it."""
    costs = [p.person_minutes for p in wrong]
    known = [c for c in costs if c is not None]
    if not wrong or len(known) < len(costs):
        return None
    best, most = [value for _, value, _ in known], [hi for _, _, hi in known]
    value, hi = (None if None in side else sum(v for v in side if v is not None) for side in (best, most))
    return sum(lo for lo, _, _ in known), value, hi


def _minutes(id_: str, cost: Minutes | None, definition: str, sources: tuple[Input, ...], why: str) -> Claim:
    if cost is None:
        return Claim(id_, None, None, None, "person-minutes", "not known", "", definition, (), why)
    lo, value, hi = cost
    text = f"{printed(lo, value, hi)} person-minutes"
    return Claim(id_, value, lo, hi, "person-minutes", text, "declared", definition, sources)


def path_findings(incident: Incident, paths: tuple[Path, ...]) -> Iterator[Finding]:
    """Yield what an explanation lacks: what raised it, what settled it, who held it."""
    for n, path in enumerate(paths):
        h, where = path.hypothesis, incident.origin.where("hypotheses", n)
        settled = f"what {h.verdict} it" if h.verdict != "open" else ""
        lacks = {
            "`raised_by`": ("" if h.raised_by else "what raised it"),
            "`refuted_by`": ("" if h.refuted_by or h.verdict != "refuted" else settled),
            "`actor`": ("" if h.actor else "which role held it"),
        }
        missing = {key: said for key, said in lacks.items() if said}
        if missing:
            text = f"nothing says {_listed(list(missing.values()))}: “{h.text}”."
            yield Finding("hypothesis-unexplained", "note", where, text, f"Add {_listed(list(missing))}.")


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
