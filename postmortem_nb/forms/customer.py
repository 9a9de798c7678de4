"""The customer version: what happened, what we did, what we do next, and nothing from the inside.

What ``[public]`` of ``incident.toml`` says goes first. What it leaves out is taken from the other facts: services by
their public names, and of the rest only what names nothing internal. The finished text is looked through again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from postmortem_nb.analysis import Analysis
from postmortem_nb.drafting.piece import is_known, is_time
from postmortem_nb.errors import IncidentError
from postmortem_nb.forms.internal import internal_names, is_technical, named, sentences
from postmortem_nb.forms.material import brief, spelled
from postmortem_nb.review import NOTICES
from postmortem_nb.times import format_time, format_window
from postmortem_nb.wording import listed, sentence

TOLD = ("communication",)  # rows of the timeline that were public; what else was done is told in terms of the inside


_JOINED = re.compile(r",|\band\b|\bor\b")


class Filter:
    """Replaces services by their public names and lets pass only what names nothing else of the inside."""

    def __init__(self, analysis: Analysis) -> None:
        self.services = analysis.incident.facts.public.services
        self.names = internal_names(analysis)
        self.public = tuple(self.services.values())

    def passed(self, texts: Iterable[str]) -> list[str]:
        """Return the texts that customers may read, in order and once each, as whole sentences."""
        found = dict.fromkeys(sentence(self._renamed(text)) for text in texts)
        return [s for s in found if s and not self.names_in(s) and not is_technical(s)]

    def names_in(self, text: str) -> tuple[str, ...]:
        """Return the internal names that a text holds."""
        return named(text, self.names, self.public)

    def _renamed(self, text: str) -> str:
        if not self.services:
            return text
        longest_first = sorted(self.services, key=len, reverse=True)
        either = "|".join(re.escape(name) for name in longest_first)
        return re.sub(rf"(?<!\w)({either})(?!\w)", lambda match: self.services[match[1]], text)


def material(analysis: Analysis, status: str) -> dict[str, Any]:
    """Return what customers are told; only that is in the data, so no template can show more."""
    facts, only = analysis.incident.facts, Filter(analysis)
    public = facts.public
    title = public.title or next(iter(only.passed([facts.title])), "").rstrip(".") or _plain_title(analysis)
    affected = list(dict.fromkeys(public.services[s] for s in facts.services if s in public.services))
    steps = [row.text for row in facts.timeline if row.kind in TOLD]
    wanted = [action for action in facts.actions if action.status != "rejected"]
    return {
        "title": title,
        "lead": "",
        "status": status,
        "notice": NOTICES.get(status, ""),
        "synthetic": bool(facts.synthetic),
        "is_open": facts.open,
        "window": _window(analysis),
        "length": _length(analysis),
        "affected": _together(affected),
        "happened": list(public.happened) or only.passed([facts.summary, *sentences(facts.impact)]),
        "done": list(public.done) or only.passed(steps),
        "planned": list(public.planned) or only.passed(a.text for a in wanted),
        "noticed": spelled(brief(analysis.claims["time_to_detect"])) if is_time(analysis, "time_to_detect") else "",
        "recovered": _recovered(analysis),
    }


def check(analysis: Analysis, text: str) -> None:
    """Refuse a finished text that names something internal.

    Raises
    ------
    IncidentError
        With the names. They come from ``[public]`` or from a template, for everything else has been looked through.
    """
    found = Filter(analysis).names_in(text)
    if found:
        raise IncidentError(
            f"The customer version would name {_quoted(found)}, which is internal. Change [public] of incident.toml or "
            "the template; a service gets its public name in [public.services]."
        )


def _together(names: Sequence[str]) -> str:
    """Return names as a list in words; set apart by semicolons where one of them has an "and" or a comma itself."""
    return "; ".join(names) if len(names) > 1 and any(_JOINED.search(n) for n in names) else listed(names)


def left_out(analysis: Analysis) -> int:
    """Return how many texts of the facts the customer version leaves out."""
    facts, only = analysis.incident.facts, Filter(analysis)
    public = facts.public
    texts = [facts.summary, *sentences(facts.impact)] if not public.happened else []
    texts += [row.text for row in facts.timeline if row.kind in TOLD] if not public.done else []
    texts += [a.text for a in facts.actions if a.status != "rejected"] if not public.planned else []
    return len(set(filter(None, texts))) - len(only.passed(texts))


def _quoted(names: Sequence[str]) -> str:
    return listed(f"“{name}”" for name in names)


def _plain_title(analysis: Analysis) -> str:
    start = analysis.moments.at("start").best
    day = analysis.incident.facts.date or (None if start is None else start.tz_convert(analysis.zone).date())
    return f"Incident of {day.day} {day:%B %Y}" if day else "Incident"


def _window(analysis: Analysis) -> str:
    """Return from when to when it was, in the zone of the incident, which is that of its readers."""
    windows, zone = analysis.windows, analysis.zone
    if windows:
        return format_window((windows[0].span[0], windows[-1].span[1]), zone, is_open=windows[-1].is_open)
    start, end = (analysis.moments.at(m).best for m in ("start", "recover"))
    if start is None:
        return ""
    return (
        format_window((start, end), zone) if end is not None and end > start else f"from {format_time(start, zone)} on"
    )


def _length(analysis: Analysis) -> str:
    claim = analysis.claims["impact_time" if analysis.windows else "time_to_recover"]
    return spelled(brief(claim)) if is_known(claim) else ""


def _recovered(analysis: Analysis) -> str:
    is_over = not analysis.moments["recover"].is_pending and not analysis.incident.facts.open
    return (
        spelled(brief(analysis.claims["time_to_recover"])) if is_over and is_time(analysis, "time_to_recover") else ""
    )
