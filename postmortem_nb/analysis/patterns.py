"""Log patterns: messages with their variable parts masked, counted before, during and after the impact."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl

from postmortem_nb.evidence.masking import masked, named
from postmortem_nb.times import Interval

COLUMNS = [
    "pattern",
    "change",
    "before",
    "during",
    "after",
    "per_min_before",
    "per_min_during",
    "score",
    "example",
    "file",
    "line",
    "level",
]


PHASES = ("before", "during", "after")


def mine_patterns(messages: pd.Series) -> pd.DataFrame:
    """Return the pattern of each message: every token that holds a digit is masked.

    Parameters
    ----------
    messages : Series of str

    Returns
    -------
    DataFrame
        One row a message, same index: ``pattern_id`` (numbered by first appearance) and ``pattern``.

    Examples
    --------
    >>> mine_patterns(pd.Series(["took 12 ms", "took 7 ms"]))["pattern"].tolist()
    ['took <*> ms', 'took <*> ms']
    """
    texts = pl.Series("message", pl.from_pandas(messages.fillna("").astype("str")), dtype=pl.String)
    patterns = texts.to_frame().select(named(masked(pl.col("message"))).alias("pattern"))["pattern"]
    pattern = pd.Series(patterns.to_arrow(), dtype="str", index=messages.index)
    return pd.DataFrame({"pattern_id": pd.factorize(pattern)[0], "pattern": pattern})


def changed_patterns(logs: pd.DataFrame, windows: list[Interval], *, most: int = 12) -> pd.DataFrame:
    """Return the patterns whose rate changed most between before and during the impact.

    Parameters
    ----------
    logs : DataFrame
        A logs frame.
    windows : list of (start, end)
        Impact windows, half-open, UTC.
    most : int
        How many rows at the most.

    Returns
    -------
    DataFrame
        Most changed first: ``pattern``, ``change`` (new, surging, vanished, fewer), counts ``before``/``during``/
        ``after``, rates per minute, ``score`` (likelihood ratio G² of the two rates), one real line as ``example`` with
        its ``file`` and ``line``, and its ``level``. A pattern is new if it has no line before the first window; if the
        record begins within the window, nothing can be told and the frame is empty.
    """
    if logs.empty or not windows:
        return pd.DataFrame(columns=COLUMNS)
    start = windows[0][0]
    time = logs["time"]
    inside = np.zeros(len(logs), bool)
    for a, b in windows:
        inside |= ((time >= a) & (time < b)).to_numpy()
    phase = np.select([inside, (time < start).to_numpy()], [PHASES.index("during"), PHASES.index("before")], 2)
    before_minutes = _covered(time[phase == PHASES.index("before")])
    during_minutes = sum((b - a) / pd.Timedelta(minutes=1) for a, b in windows)
    if before_minutes < 1 or during_minutes <= 0:
        return pd.DataFrame(columns=COLUMNS)
    mined = mine_patterns(logs["message"])
    ids = mined["pattern_id"].to_numpy()
    cells = np.bincount(ids * len(PHASES) + phase, minlength=(ids.max() + 1) * len(PHASES))
    counts = pd.DataFrame(cells.reshape(-1, len(PHASES)), columns=list(PHASES))
    table = counts.assign(
        per_min_before=counts["before"] / before_minutes, per_min_during=counts["during"] / during_minutes
    )
    table["score"] = _g2(counts["before"], before_minutes, counts["during"], during_minutes)
    table["change"] = _change(table)
    table = table[(table["change"] != "") & (table["score"] >= 10.8)]  # 10.8: 1 in 1,000 for one unchanged pattern
    table = table.sort_values(["score"], ascending=False, kind="stable").head(most)
    shown = pd.concat([mined["pattern_id"][inside], mined["pattern_id"]]).drop_duplicates()  # rather one from within
    example = dict(zip(shown.tolist(), shown.index, strict=True))
    lines = logs.loc[[example[int(p)] for p in table.index]]
    table = table.reset_index(drop=True).assign(
        pattern=mined.loc[lines.index, "pattern"].to_numpy(),
        example=lines["message"].to_numpy(),
        file=lines["file"].to_numpy(),
        line=lines["line"].to_numpy(),
        level=lines["level"].to_numpy(),
    )
    return table[COLUMNS]


def _covered(times: pd.Series) -> float:
    """Return how many minutes hold at least one line: a record with holes is not taken for a quiet one."""
    return float(times.dt.floor("min").nunique())


def _g2(a: pd.Series, a_minutes: float, b: pd.Series, b_minutes: float) -> pd.Series:
    """Return the likelihood ratio statistic of two Poisson rates."""
    rate = (a + b) / (a_minutes + b_minutes)

    def part(count: pd.Series, minutes: float) -> pd.Series:
        with np.errstate(divide="ignore", invalid="ignore"):
            return pd.Series(np.where(count > 0, count * np.log(count / (rate * minutes)), 0.0), index=count.index)

    return 2 * (part(a, a_minutes) + part(b, b_minutes))


def _change(table: pd.DataFrame) -> np.ndarray:
    """Return in words how each pattern changed; empty where it did not."""
    before, during = table["before"].to_numpy(), table["during"].to_numpy()
    rate_before, rate_during = table["per_min_before"].to_numpy(), table["per_min_during"].to_numpy()
    return np.select(
        [
            (before == 0) & (during > 0),
            (before > 0) & (during == 0),
            rate_during >= 2 * rate_before,
            rate_during <= 0.5 * rate_before,
        ],
        ["new", "vanished", "surging", "fewer"],
        "",
    )
