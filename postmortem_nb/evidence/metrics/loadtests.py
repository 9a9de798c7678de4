"""What load tests leave behind: a row for each request (JMeter), or one summary of a run (ApacheBench)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.metrics.samples import Samples
from postmortem_nb.evidence.metrics.values import number_of, states_of
from postmortem_nb.evidence.table import Table

# Columns of JMeter that are measured; they are milliseconds and bytes. The others describe the request.
MEASURED = {"elapsed": "ms", "latency": "ms", "connect": "ms", "idletime": "ms", "bytes": "B", "sentbytes": "B"}
DESCRIBED = ("label", "responseCode", "URL")

_PAIR = re.compile(r"([A-Z][A-Za-z0-9 -]{2,30}):\s+([\d.]+)(?:\s+(?:\[([^\]]+)\]|(\S+)))?.*")
_PERCENTILE = re.compile(r"\s+(\d{1,3})%\s+(\d+)(?:\s.*)?")
_DATE = re.compile(r"(?:LOG: header received:\s*)?Date:\s+(?:\w{3}, )?(\d{1,2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT)\s*")


def is_jmeter(header: str) -> bool:
    """Whether the header of a table is that of JMeter's results."""
    names = {name.strip(' "').lower() for name in re.split(r"[,;\t|]", header[:10_000])}
    return {"timestamp", "elapsed"} <= names and bool(names & {"success", "responsecode", "label"})


def read_jmeter(table: Table, tally: Tally) -> Samples:
    """Read a sample for each measured column of each request; ``success`` is 1 or 0.

    The times of JMeter are when a request began.
    """
    samples = Samples(tally)
    by_lower = {name.lower(): name for name in table.columns}
    time = table.columns[table.require("time", ("timestamp",))]
    success = table.columns.get(by_lower.get("success", ""))
    states = states_of(success) if success else None
    for row, line in enumerate(table.lines):
        told = {name: table.columns[by_lower[name.lower()]][row] for name in DESCRIBED if name.lower() in by_lower}
        labels = {name: text for name, text in told.items() if text}
        elapsed = table.columns[by_lower["elapsed"]][row]
        if not elapsed.strip() or not number_of(elapsed)[1]:
            tally.reject(line, ",".join(cells[row] for cells in table.columns.values()))
            continue
        for name, unit in MEASURED.items():
            if name in by_lower:
                samples.add(
                    by_lower[name], labels | {"unit": unit}, [(time[row], table.columns[by_lower[name]][row])], line
                )
        if states is not None:
            samples.add("success", labels, [(time[row], float(states.values[row]))], line)
    return samples


def is_apachebench(lines: Sequence[str]) -> bool:
    """Whether these first lines are the summary of ApacheBench."""
    return any(line.startswith(("This is ApacheBench", "Complete requests:", "Document Path:")) for line in lines)


def read_apachebench(lines: Sequence[str], how: How, tally: Tally) -> Samples:
    """Read the numbers of a summary as samples of one moment.

    Raises
    ------
    Unreadable
        If nothing says when that was: no time is declared, and no answer with a date was logged.
    """
    samples = Samples(tally)
    dates = [found[1] for line in lines if (found := _DATE.fullmatch(line.strip()))]
    time = how.at.isoformat() if how.at is not None else dates[-1] if dates else None
    if time is None:
        raise Unreadable(
            f"{tally.file}: it is a summary of ApacheBench, which does not say when it ran. Declare it: at = "
            '"2024-01-14T02:05:00Z" in its [[evidence]] entry, or at= when calling the reader.'
        )
    if how.at is None:
        tally.notes += ("Its time is that of the last answer it logged, by the clock of the server.",)
    host = {key: value for line in lines if (pair := line.partition(":")) for key, value in _target(pair)}
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        metric, value, unit = _measured(line)
        if not line.strip():
            tally.blank += 1
        elif not metric or metric in seen:  # the mean across all concurrent requests is called as the one before it
            tally.skipped += 1
        else:
            seen.add(metric)
            samples.add(metric, host | ({"unit": unit} if unit else {}), [(time, value)], number)
    return samples


def _measured(line: str) -> tuple[str, str, str]:
    """Return what a line of the summary measures, its value and unit; empty if nothing."""
    if found := _PERCENTILE.fullmatch(line):
        return f"time_p{found[1]}", found[2], "ms"
    if found := _PAIR.fullmatch(line.strip()):
        if found[1] in ("Server Port", "This is ApacheBench", "Finished", "Date"):
            return "", "", ""
        unit = (found[3] or found[4] or "").partition("]")[0]
        name = re.sub(r"[^a-z0-9]+", "_", found[1].lower())
        return name, found[2], unit.removesuffix(" (mean)").strip("()") if not unit.startswith("#") else ""
    return "", "", ""


def _target(pair: tuple[str, str, str]) -> list[tuple[str, str]]:
    names = {"Server Hostname": "host", "Document Path": "path"}
    return [(names[pair[0]], pair[2].strip())] if pair[0] in names else []
