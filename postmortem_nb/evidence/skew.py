"""How far the clocks of two sources are apart, told from request or trace ids that both of them wrote.

The offset of two sources is the median, over the ids they share, of the difference between their first lines. A caller
writes before the callee it waits for, so an offset is no fault by itself. It is called *skew* only where the times are
impossible: a source that logs how long its requests take (``seconds``) holds each of them within ``time ± seconds``,
whether it writes at the beginning or at the end. What others write about the same id belongs within that stretch. Where
nearly all ids lie outside of it, on one side, by more than requests last and one second, and one constant difference
brings nearly all of them in, that difference is the clocks'.

What this cannot tell: work that waits in a queue for a nearly constant time looks the same, so a finding names the ids
and leaves the correction to a person. Skew below the duration of requests is not seen, nor any where no durations are
logged; there a large constant offset is a note.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd

from postmortem_nb.evidence.blaming import odd_ones
from postmortem_nb.findings import Finding

FEWEST = 8  # shared ids
MOST_SOURCES = 20  # of one id: an id that more sources share is a constant of the system, not a request
MOST_ROWS = 2_000_000  # pairs of lines that are compared
NEARLY = 0.9  # of the ids
LEAST = 1.0  # seconds: access logs write whole ones
WORTH_A_NOTE = 5.0  # seconds of an offset that no durations explain
STEADY = 0.1  # spread of such an offset, as a share of it
STEP = 900.0  # seconds of the smallest step between zones
NEAR_STEP = 60.0  # seconds by which the offset of a wrong zone may miss a whole step
APART = "\x1f"
SOURCE = ["file", "host", "service"]
COLUMNS = ["one", "other", "one_file", "other_file", "ids", "offset", "lo", "hi", "spread", "kind"]


def estimate_skew(logs: pd.DataFrame) -> pd.DataFrame:
    """Compare the clocks of all sources that share ids.

    Parameters
    ----------
    logs : DataFrame
        Logs frame; a source is a file, or a host or service in it. Without a column ``trace`` nothing is compared.

    Returns
    -------
    DataFrame
        A row for each pair that shares 8 ids or more: ``one`` and ``other`` (sources), ``one_file``, ``other_file``,
        ``ids`` (how many are shared), ``offset`` (seconds that ``other`` is ahead: the median over the ids), ``lo`` and
        ``hi`` (its 90 % interval, from order statistics), ``spread`` (half of the ids lie within so many seconds), and
        ``kind``: ``skew`` where the times are impossible, else ``offset``.
    """
    seen = _seen(logs)
    if seen.empty:
        return pd.DataFrame(columns=COLUMNS)
    both = seen.merge(seen, on="trace", suffixes=("", "_b"))
    both = both[both["source"] < both["source_b"]].sort_values(["source", "source_b"], kind="stable")
    pairs = both.groupby(["source", "file", "source_b", "file_b"], sort=False).size().reset_index(name="ids")
    pairs = pairs.assign(stop=pairs["ids"].cumsum())
    pairs = pairs[pairs["ids"] >= FEWEST]
    times = both[["first", "last", "begin", "end", "first_b", "last_b", "begin_b", "end_b"]].to_numpy().T
    rows = [
        (one, other, one_file, other_file, ids, *_compared(times[:, stop - ids : stop]))
        for one, one_file, other, other_file, ids, stop in pairs.to_numpy().tolist()
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _seen(logs: pd.DataFrame) -> pd.DataFrame:
    """Return for each source and id: first and last time, and the stretch that its request must lie in (or NaN)."""
    if "trace" not in logs:
        return pd.DataFrame()
    rows = logs[logs["trace"].notna() & (logs["trace"] != "")]
    parts = rows[SOURCE].fillna("").astype("str")
    key = parts["file"] + APART + parts["host"] + APART + parts["service"]
    source = key.map(_names(key.unique()))
    if source.nunique() < 2:
        return pd.DataFrame()
    time = rows["time"].dt.tz_localize(None).astype("int64") / 1e9
    took = rows["seconds"].astype("float64") if "seconds" in rows else pd.Series(np.nan, index=rows.index)
    frame = pd.DataFrame({"source": source, "file": rows["file"], "trace": rows["trace"], "first": time, "last": time})
    frame = frame.assign(begin=time - took, end=time + took)
    seen = frame.groupby(["source", "file", "trace"], sort=False, as_index=False).agg(
        first=("first", "min"), last=("last", "max"), begin=("begin", "min"), end=("end", "max")
    )
    sources = seen.groupby("trace")["source"].transform("size")
    shared = (sources > 1) & (sources <= MOST_SOURCES)
    every = int(sources[shared].sum() // MOST_ROWS) + 1  # an even choice of the ids tells as much as very many
    return seen[shared & (pd.factorize(seen["trace"])[0] % every == 0)]


def _names(keys: Iterable[str]) -> dict[str, str]:
    """Return how each source is called: its file, with host and service where the file has several."""
    split = {key: key.split(APART) for key in keys}
    files = Counter(file for file, *_ in split.values())
    return {
        key: f"{file} ({' '.join(part for part in parts if part)})" if files[file] > 1 and any(parts) else file
        for key, (file, *parts) in split.items()
    }


def _compared(times: np.ndarray) -> tuple[float, float, float, float, str]:
    """Return offset, its interval, spread and kind of two sources."""
    a, b = times[:4], times[4:]
    differences = np.sort(b[0] - a[0])
    n = len(differences)
    rank = max(0, int(n / 2 - 1.645 * np.sqrt(n) / 2))
    quarter, offset, three = np.quantile(differences, [0.25, 0.5, 0.75])
    kind = "skew" if _is_impossible(a, b) or _is_impossible(b, a) else "offset"
    return float(offset), float(differences[rank]), float(differences[n - 1 - rank]), float(three - quarter), kind


def _is_impossible(caller: np.ndarray, callee: np.ndarray) -> bool:
    """Whether the lines of a callee lie outside of the requests of its caller, by one difference of their clocks."""
    _, _, begin, end = caller
    first, last, *_ = callee
    known = ~np.isnan(begin)
    if known.sum() < FEWEST or known.mean() < NEARLY:
        return False
    least, most = (last - end)[known], (first - begin)[known]  # what the difference is at least, and at most
    allowed = LEAST + float(np.quantile((end - begin)[known], 0.95))
    is_after = np.quantile(least, 1 - NEARLY) > allowed
    is_before = np.quantile(most, NEARLY) < -allowed
    return bool((is_after or is_before) and np.quantile(least, NEARLY) <= np.quantile(most, 1 - NEARLY) + LEAST)


def zone_steps(offset: float) -> float | None:
    """Return the whole step between zones, in minutes, that an offset in seconds is; None if it is none."""
    steps = round(offset / STEP)
    return steps * STEP / 60 if steps and abs(steps) <= 56 and abs(offset - steps * STEP) <= NEAR_STEP else None


def skew_findings(pairs: pd.DataFrame, declared: Mapping[str, pd.Timedelta]) -> Iterator[Finding]:
    """Yield a finding for each source whose clock is off, and a note for each large constant offset.

    Parameters
    ----------
    pairs : DataFrame
        As `estimate_skew` gives it.
    declared : mapping
        File → the correction that is declared already.
    """
    if pairs.empty:
        return
    rows = pairs[pairs["offset"].map(zone_steps).isna()]
    is_large = rows[["lo", "hi"]].abs().min(axis=1) > WORTH_A_NOTE
    is_steady = (rows["spread"] <= STEADY * rows["offset"].abs()) & (rows["lo"] * rows["hi"] > 0)
    chosen = rows[(rows["kind"] == "skew") | (is_large & is_steady)]
    others = rows.drop(chosen.index)
    ids = Counter[str]()
    for row in rows.to_dict("records"):
        ids.update({row["one"]: row["ids"], row["other"]: row["ids"]})
    disagreeing, agreeing = (list(zip(part["one"], part["other"], strict=True)) for part in (chosen, others))
    for odd, beside in odd_ones(disagreeing, agreeing, lambda name: (-ids[name], name)):
        yield _finding(chosen, odd, beside, declared)


def _finding(rows: pd.DataFrame, odd: str, beside: list[str], declared: Mapping[str, pd.Timedelta]) -> Finding:
    is_of = ((rows["one"] == odd) & rows["other"].isin(beside)) | ((rows["other"] == odd) & rows["one"].isin(beside))
    row = max(rows[is_of].to_dict("records"), key=lambda row: (row["kind"] == "skew", row["ids"]))
    sign = 1 if row["other"] == odd else -1
    ahead, lo, hi = sign * row["offset"], *sorted((sign * row["lo"], sign * row["hi"]))
    file, other = (row["other_file"], row["one"]) if sign == 1 else (row["one_file"], row["other"])
    low, high = (lo, hi) if ahead > 0 else (-hi, -lo)
    how_far = f"{abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} {other} [{low:.1f}–{high:.1f}]"
    correction = declared.get(file, pd.Timedelta(0)).total_seconds() - ahead
    fix = f'declare `clock_offset = "{correction:.1f}s"` for it in an [[evidence]] entry'
    told = f"told from {row['ids']:,} shared ids"
    if row["kind"] == "skew":
        return Finding(
            "clock-skew",
            "warning",
            file,
            f"{odd} is {how_far}, {told}: what it says of them lies outside of the time that they took.",
            f"Unless its work waits that long, {fix}.",
        )
    return Finding(
        "clock-skew",
        "note",
        file,
        f"{odd} is {how_far}, {told}, and always about as much. No durations are logged that would say whether that is "
        "its clock or its work.",
        f"If its clock was wrong, {fix}.",
    )
