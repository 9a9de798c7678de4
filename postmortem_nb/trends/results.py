"""Results of `postmortem-nb run` → rows of the frame; what cannot be used is said with file and reason."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from postmortem_nb.errors import SourceError, near
from postmortem_nb.findings import Finding
from postmortem_nb.trends.frame import LEAST

SCHEMAS = (1, 2)  # versions of the result that are read
# Measure → timing of the result.
TIMINGS = {
    "impact": "impact_time",
    "time_to_detect": "time_to_detect",
    "time_to_acknowledge": "time_to_acknowledge",
    "time_to_communicate": "comms_lag",
    "time_to_mitigate": "time_to_mitigate",
    "time_to_recover": "time_to_recover",
    "time_to_resolve": "time_to_resolve",
}
BEGINNINGS, ENDS = ("start", "detect"), ("recover", "resolve")
NOT_RESULTS = ("batch.json",)  # what `batch` writes beside the results
Row = dict[str, Any]


class Read(NamedTuple):
    """What was read: rows of both frames, what could not be used, and every file with its SHA-256."""

    incidents: list[Row]
    actions: list[Row]
    findings: list[Finding]
    sources: list[tuple[str, str]]

    def with_more(self, other: Read) -> Read:
        """Return both together."""
        return Read(
            self.incidents + other.incidents,
            self.actions + other.actions,
            self.findings + other.findings,
            self.sources + other.sources,
        )


def result_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files that are meant; of a folder every ``*.json`` that is a result, by name.

    Raises
    ------
    SourceError
        If there is no such file or folder, or a folder holds none.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [p for p in sorted(path.glob("*.json")) if p.name not in NOT_RESULTS and not _is_ours(p)]
            if not inside:
                raise SourceError(
                    f"{path.as_posix()} holds no result. `postmortem-nb batch` writes them; name files or a folder."
                )
            files += inside
        elif path.is_file():
            files.append(path)
        else:
            siblings = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
            raise SourceError(f"There is no {path.as_posix()}. {near(path.name, siblings)}")
    return files


def _is_ours(path: Path) -> bool:
    """Whether a file is what an earlier run of trends wrote: it begins with the mark that only that has."""
    with path.open("rb") as file:
        return b'"actions_by_state"' in file.read(200)


def read_results(files: Iterable[Path]) -> Read:
    """Return the incidents of results, each once."""
    with _uncollected():
        return _read_each(files)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no cycles meanwhile: results are large, have none, and would be looked through again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read_each(files: Iterable[Path]) -> Read:
    read = Read([], [], [], [])
    seen: dict[str, str] = {}
    for path in files:
        place = place_of(path)
        try:
            content = path.read_bytes()
            read.sources.append((place, hashlib.sha256(content).hexdigest()))
            result = json.loads(content)
        except (OSError, ValueError) as error:
            read.findings.append(_unusable(place, f"It cannot be read as JSON ({error})."))
            continue
        if problem := _problem(result):
            read.findings.append(_unusable(place, problem))
            continue
        if result["incident"] in seen:
            text = f"The incident {result['incident']} stands in {seen[result['incident']]} too, which is kept."
            read.findings.append(Finding("incident-twice", "note", place, text))
            continue
        row = row_of(result, place)
        if row is None:
            text = f"{result['title']!r} says neither when its impact began nor when it was detected."
            read.findings.append(Finding("no-begin", "warning", place, text, "It counts in nothing here."))
            continue
        seen[result["incident"]] = place
        read.incidents.append(row)
        read.findings.extend(_doubts(row))
        read.actions.extend({"incident": result["incident"], **a} for a in result.get("actions", ()))
    return read


def place_of(path: Path) -> str:
    """Return a file as its folder and name: enough to find it, and no path of this machine."""
    return "/".join(path.parts[-2:]) if path.is_absolute() else path.as_posix()


def _unusable(place: str, text: str) -> Finding:
    return Finding("no-result", "warning", place, text, "It counts in nothing here.")


def _problem(result: Any) -> str:
    if not isinstance(result, dict) or not {"incident", "timings", "moments", "windows"} <= result.keys():
        return "It is no result of `postmortem-nb run`."
    if result.get("schema_version") not in SCHEMAS:
        return f"It is a result of version {result.get('schema_version')!r}; known are {SCHEMAS[0]} and {SCHEMAS[1]}."
    return ""


def row_of(result: Mapping[str, Any], place: str) -> Row | None:
    """Return the row of one result; None if it has no begin."""
    moments = {name: _best(m) for name, m in result["moments"].items()}
    windows = _windows(result)
    start = windows[0][0] if windows else _first(moments, BEGINNINGS)
    if start is None:
        return None
    timings = {t["id"]: t for t in result["timings"]}
    is_open = _is_open(result, timings)
    end = None if is_open else windows[-1][1] if windows else _first(moments, ENDS)
    basis = "measured" if windows else "declared"
    if not windows and end is not None and end > start:
        windows = ((start, end),)
    row = {
        "id": result["incident"],
        "title": result["title"],
        "severity": result["severity"],
        "team": result.get("team"),
        "channel": _channel(result),
        "begin": start,
        "end": end,
        "seen_until": max([t for t in moments.values() if t is not None] + [t for w in windows for t in w] + [start]),
        "burned": next((q["value"] for q in result["impact"] if q["id"] == "budget_minutes"), None),
        "basis": basis,
        "evidence": place,
        "services": tuple(result["services"]),
        "factors": tuple(result.get("factors", ())),
        "windows": windows,
        "is_open": is_open,
        "is_maintenance": False,
        "is_synthetic": bool(result["synthetic"]),
        **_paths(result, timings),
    }
    for measure, id_ in TIMINGS.items():
        value, lo, hi = _minutes(timings.get(id_))
        row[measure] = value
        row[f"{measure}{LEAST}"] = lo if value is None and hi is None else None
    if row["impact"] is None and row[f"impact{LEAST}"] is None and windows and basis == "declared":
        row["impact"] = (windows[0][1] - windows[0][0]) / pd.Timedelta(minutes=1)
    return row


def _best(instant: Mapping[str, Any]) -> pd.Timestamp | None:
    """Return the best single value of an instant, as `postmortem_nb.times.Instant.best` does."""
    return next((pd.Timestamp(instant[k]) for k in ("at", "lo", "hi") if instant[k]), None)


def _first(moments: Mapping[str, pd.Timestamp | None], names: Iterable[str]) -> pd.Timestamp | None:
    return next((t for name in names if (t := moments.get(name)) is not None), None)


def _windows(result: Mapping[str, Any]) -> tuple[tuple[pd.Timestamp, pd.Timestamp], ...]:
    found = ((_best(w["onset"]), _best(w["recovery"])) for w in result["windows"])
    return tuple((a, b) for a, b in found if a is not None and b is not None)


def _is_open(result: Mapping[str, Any], timings: Mapping[str, Any]) -> bool:
    if result["windows"]:
        return bool(result["windows"][-1]["is_open"])
    value, lo, hi = _minutes(timings.get("time_to_recover"))
    return value is None and hi is None and lo is not None


def _channel(result: Mapping[str, Any]) -> str | None:
    return next((c["value"] for c in result["claims"] if c["id"] == "detected_first_by"), None)


def _paths(result: Mapping[str, Any], timings: Mapping[str, Any]) -> Row:
    wrong = [p for p in result["paths"] if p["verdict"] == "refuted"]
    work = [p["person_minutes"] for p in wrong]
    lost, *_ = _minutes(timings.get("time_lost"))
    share = next((c["value"] for c in result["claims"] if c["id"] == "time_lost_share"), None)
    return {
        "wrong_paths": len(wrong),
        "minutes_lost": lost if wrong else 0.0,
        "person_minutes_lost": sum(work) if work and None not in work else None,
        "response": lost / share if lost and share else None,
    }


def _minutes(timing: Mapping[str, Any] | None) -> tuple[float | None, float | None, float | None]:
    if timing is None:
        return None, None, None
    value, lo, hi = (
        None if s is None else s / 60 for s in (timing[k] for k in ("seconds", "seconds_lo", "seconds_hi"))
    )
    return value, lo, hi


def _doubts(row: Row) -> list[Finding]:
    """Return what is wrong with the times of a result; such a length is left out of every statistic."""
    if row["end"] is None or row["end"] >= row["begin"]:
        return []
    text = (
        f"{row['title']!r} ends ({row['end']:%Y-%m-%d %H:%M} UTC) before it begins ({row['begin']:%Y-%m-%d %H:%M} UTC)."
    )
    for measure in ("impact", "time_to_recover", "time_to_resolve"):
        row[measure] = None
    row["end"], row["windows"] = None, ()
    return [Finding("ends-before-it-begins", "warning", row["evidence"], text, "It counts, and in no sum of minutes.")]
