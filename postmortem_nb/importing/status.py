"""Status feeds → one frame of incidents, for trends: no folders, maintenance apart, nothing negative."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from postmortem_nb.analysis.stated import FAR, Stated, Unread, gap_between, readings, slip_of, unread_finding
from postmortem_nb.errors import SourceError, near
from postmortem_nb.evidence.account import Report, Tally, Unreadable
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.weaknesses import report_findings
from postmortem_nb.findings import Finding, worst_first
from postmortem_nb.frames import FEED, conform
from postmortem_nb.importing.feeds import Entry, is_known, read_entries
from postmortem_nb.times import UTC, Interval, format_duration, format_time, format_window, total, union

ENDINGS = (".json", ".jsonl", ".ndjson", ".md", ".gz")
MINUTE = pd.Timedelta(minutes=1)
EXTRA = ("url", "is_maintenance", "is_open", "services", "windows", "stated", "messages")


def read_status_feed(paths: str | Path | Iterable[str | Path], *, timezone: str | None = None) -> pd.DataFrame:
    """Read the feed of a status page: one row an incident or piece of planned work, in the order of their begin.

    Parameters
    ----------
    paths : path or paths
        Files, or folders whose files are read: JSON of Statuspage (an answer of its API, or one incident a line, as
        kept histories have them), or pages of cState (Markdown with front matter).
    timezone : str, optional
        IANA zone of times that carry none, in the records and in the prose of their messages; never guessed for the
        records, and UTC for the prose unless given.

    Returns
    -------
    DataFrame
        All instants UTC, all minutes floats. Columns:

        - ``id``, ``title``, ``url``, ``severity`` (``minor``, ``major``, ``down`` …): as published.
        - ``begin``, ``end``: as the record states them, else its first message and the one that says that it is over;
          ``end`` is missing while it is open. Of planned work the begin of the work, not of its announcement.
        - ``published``: the first message, where messages carry times.
        - ``minutes``: length of the union of ``windows``: the downtime. Missing for planned work, while it is open,
          and where a record ends before it begins.
        - ``minutes_to_communicate``: from the stated start of the impact to the first message; missing where no
          message states a window.
        - ``basis``: where ``windows`` come from: ``stated`` (prose), ``record``, ``messages``; missing without any.
        - ``evidence``: file and line, or number of the record.
        - ``is_maintenance``, ``is_open`` (bool): planned work; not known to be over.
        - ``services``: tuple of str. Of several services each has the whole incident.
        - ``windows``: tuple of (start, end): the stretches of impact, apart from each other, in order. Windows that
          messages state in prose go before begin and end, unless they lie far from the messages.
        - ``stated``: tuple of `postmortem_nb.analysis.stated.Stated`, those that lie far away included.
        - ``messages``: tuple of `postmortem_nb.importing.feeds.Message` (``at``, ``status``, ``text``, ``evidence``).

        ``attrs["reports"]`` holds the account of each file, ``attrs["findings"]`` what is wrong: records that end
        before they begin, or twice; windows that contradict their messages; what could not be read.

    Raises
    ------
    SourceError
        If there is no such file, or a folder holds none.
    ReadError
        If the only file is of no known form (of several, it is a finding), or a time has no zone and none was given;
        names file and line.
    """
    zone = timezone or UTC
    entries: list[Entry] = []
    reports: list[Report] = []
    findings: list[Finding] = []
    files = files_of(paths)
    for path in files:
        how = How(path.as_posix(), zone=timezone)
        tally = Tally(how.name)
        try:
            found = read_entries(path, how, tally)
        except Unreadable as error:
            if len(files) == 1:
                raise
            findings.append(Finding("unreadable-file", "error", how.name, str(error).removeprefix(f"{how.name}: ")))
            continue
        times = pd.Series([e.begin for e in found], dtype="datetime64[ns, UTC]")
        reports.append(tally.report("status feed", times, timezone or ""))
        findings += report_findings(reports[-1], how)
        entries += found
    kept, doubled = _once(entries)
    findings += doubled
    rows = []
    for entry in kept:
        row, doubts = _row(entry, zone)
        rows.append(row)
        findings += doubts
    frame = pd.DataFrame(rows, columns=[*FEED.columns, *EXTRA])
    for column in ("begin", "end", "published"):
        frame[column] = pd.to_datetime(frame[column], utc=True).dt.as_unit("ns")
    for column in ("is_maintenance", "is_open"):
        frame[column] = frame[column].astype(bool)
    frame = conform(frame.sort_values(["begin", "id"], kind="stable", na_position="last"), FEED, "status feed")
    frame.attrs = {"reports": tuple(reports), "findings": worst_first(findings)}
    return frame


def files_of(paths: str | Path | Iterable[str | Path]) -> list[Path]:
    """Return the files that are meant; those of a folder by name, without those that are about it (README, LICENSE).

    Raises
    ------
    SourceError
        If there is none.
    """
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    files: list[Path] = []
    for path in map(Path, given):
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.is_file() and _is_read(p))
            if not inside:
                raise SourceError(f"{path.as_posix()} holds no file with one of the endings {', '.join(ENDINGS)}.")
            files += inside
        elif path.is_file():
            files.append(path)
        else:
            siblings = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
            raise SourceError(f"There is no file {path.as_posix()}. {near(path.name, siblings)}")
    if not files:
        raise SourceError("No file was named.")
    return files


def _is_read(path: Path) -> bool:
    is_about = path.stem.upper() in ("README", "LICENSE", "LICENCE", "SOURCE", "NOTICE", "CONTRIBUTING", "CHANGELOG")
    return path.suffix.lower() in ENDINGS and not is_about


def _once(entries: Iterable[Entry]) -> tuple[list[Entry], list[Finding]]:
    """Keep one record of each incident, the one with most messages; pages of a history overlap."""
    kept: dict[str, Entry] = {}
    findings = []
    for entry in entries:
        other = kept.get(entry.id)
        if other is None or len(entry.messages) > len(other.messages):
            kept[entry.id] = entry
        if other is not None:
            one = kept[entry.id]
            left = other if one is entry else entry
            said = f"The incident {entry.id} stands twice; {one.evidence} has most of its messages and is kept."
            findings.append(Finding("incident-twice", "note", left.evidence, said))
    return list(kept.values()), findings


def _row(entry: Entry, zone: str) -> tuple[dict[str, object], list[Finding]]:
    findings = list(_doubts(entry))
    said = _said(entry, zone)
    stated = tuple({s.interval: s for s, _ in said if isinstance(s, Stated)}.values())
    findings += [unread_finding(s, where) for s, where in said if isinstance(s, Unread) and not entry.is_maintenance]
    windows: list[Interval] = []
    basis = None
    is_sound = entry.begin is not None and entry.end is not None and entry.end >= entry.begin
    if not entry.is_maintenance:
        near_ones = [s for s in stated if not _is_far(s, entry)]
        findings += [_far(s, entry, zone) for s in stated if s not in near_ones]
        if near_ones:
            windows, basis = union((s.interval[0], _end(s)) for s in near_ones), "stated"
        elif is_sound and entry.begin is not None and entry.end is not None:
            windows, basis = [(entry.begin, entry.end)], entry.basis
    start = windows[0][0] if windows and basis == "stated" else None
    wait = None if start is None or entry.published is None else (entry.published - start) / MINUTE
    if wait is not None and wait < 0:
        findings.append(_too_early(entry, start))
        wait = None
    row: dict[str, object] = {
        "id": entry.id,
        "title": entry.title,
        "severity": entry.severity or None,
        "begin": entry.begin,
        "end": entry.end,
        "published": entry.published,
        "minutes": total(windows) / MINUTE if basis is not None else None,
        "minutes_to_communicate": wait,
        "basis": basis,
        "evidence": entry.evidence,
        "url": entry.url,
        "is_maintenance": entry.is_maintenance,
        "is_open": entry.end is None and not entry.unread,
        "services": entry.services,
        "windows": tuple(windows),
        "stated": stated,
        "messages": entry.messages,
    }
    return row, findings


def _said(entry: Entry, zone: str) -> list[tuple[Stated | Unread, str]]:
    """Return the windows that the messages of an incident state, each with its place."""
    span = span_of(entry)
    if span is None:
        return []
    return [(s, m.evidence) for m in entry.messages for s in readings(m.text, span, zone, m.evidence)]


def span_of(entry: Entry) -> Interval | None:
    """Return the first and last time that is known of an incident, which tell what its prose leaves open."""
    times = [m.at for m in entry.messages if m.at is not None]
    times += [t for t in (entry.begin, entry.end) if t is not None]
    return (min(times), max(times)) if times else None


def _is_far(stated: Stated, entry: Entry) -> bool:
    span = span_of(entry)
    return span is not None and gap_between(stated.interval, span) > FAR


def _end(stated: Stated) -> pd.Timestamp:
    """Return the end as written, to the minute: the length of a stated window is the difference of its two times."""
    return stated.end.lo if stated.end.lo is not None else stated.interval[1]


def _far(stated: Stated, entry: Entry, zone: str) -> Finding:
    span = span_of(entry)
    assert span is not None, "a window is far from something"
    why = slip_of(stated.interval, span, zone)
    gap = format_duration(gap_between(stated.interval, span))
    return Finding(
        "stated-window-far",
        "warning",
        stated.evidence or entry.evidence,
        f"A message states the impact as “{stated.text}”, which is {format_window(stated.interval)}: {gap} away from "
        f"its messages{f'; it {why}' if why else ''}.",
        "Begin and end of the record are counted instead.",
    )


def _too_early(entry: Entry, start: pd.Timestamp | None) -> Finding:
    first, stated = format_time(entry.published), format_time(start)
    text = f"The first message ({first} UTC) is before the stated impact began ({stated} UTC)."
    return Finding("stated-after-first-message", "note", entry.evidence, text)


def _doubts(entry: Entry) -> Iterator[Finding]:
    """Yield what is wrong with the times of a record."""
    if entry.unread:
        said = f"{entry.title!r}: its begin or end ({entry.unread}) is no time that can be read."
        yield Finding("time-unread", "warning", entry.evidence, said, "It counts in no sum of minutes.")
    if entry.begin is None:
        yield Finding("no-begin", "warning", entry.evidence, f"{entry.title!r} has no time that can be read.")
    if entry.reopened:
        went_on = "and is not over" if entry.end is None else "and ended later: the pause between counts as impact"
        said = f"{entry.title!r} went on after a message said that it was over, {went_on}."
        yield Finding("reopened", "note", entry.reopened, said)
    words = list(dict.fromkeys(m.status for m in entry.messages if m.status))
    if entry.end is None and not entry.is_maintenance and words and not any(map(is_known, words)):
        said = f"{entry.title!r}: no word of its messages ({', '.join(words)}) says whether it is over."
        fix = "It counts as still open. Translate the words to those of Statuspage (investigating … resolved)."
        yield Finding("unknown-status", "warning", entry.evidence, said, fix)
    if entry.begin is not None and entry.end is not None and entry.end < entry.begin:
        yield Finding(
            "ends-before-it-begins",
            "warning",
            entry.evidence,
            f"{entry.title!r} ends ({format_time(entry.end)} UTC) before it begins ({format_time(entry.begin)} UTC).",
            "It counts as an incident, and in no sum of minutes. Correct one of the two at the source.",
        )
