"""By how many minutes one record must be shifted to fit another: correlation of counts a minute, over all shifts.

Bursts look alike, so a fit must be close, alone among all shifts, and at a whole step between zones to the minute. Even
so, two single bursts of one length fit at some whole step by chance, one time in five. Many minutes that go up and down
together do not: a fit says whether it rests on such a texture or on a burst; on a burst of a few minutes there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

FARTHEST = 14 * 60  # minutes: zones are no farther from UTC
STEP = 15  # minutes of the smallest step between zones
SHORTEST = 30  # minutes that two records must have in common
CLOSE = 0.9  # correlation of a shift that is told …
MARGIN = 0.1  # … by how much it is above that of all others …
BESIDE = 7  # … but those as near as this …
NEXT = 1  # minutes by which a sample may stand beside its minute
AGREE = 0.5  # correlation that shows two records to fit as they are, where no shift is better
SURE = 6.0  # standard errors from which on a fit is one of textures
RUN = 11  # minutes of the running median that bursts are told by
BURST = 10  # minutes at least that a burst lasts
LONGEST = 20_000  # minutes of a record that are compared: two weeks

BAD = ("ERROR", "CRITICAL")
METRICS = {  # what is counted → how metrics of it are called
    "errors": r"error|fail|5xx|exception|fault",
    "lines": r"request|rps|qps|throughput|hits|quer(?:y|ies)",
}
MOST = 12  # metrics of each kind that are compared, those that vary most


@dataclass(frozen=True)
class Record:
    """Counts a minute of one file, from one minute on; NaN where nothing is known."""

    file: str
    kind: str
    start: int
    values: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Fit:
    """How two records fit.

    Parameters
    ----------
    shift : int
        Minutes to add to the first record's times; 0 where they agree as they are.
    score, unshifted : float
        Correlation with that shift, and without; the latter is NaN where the records have no time in common.
    kind : str
        What was compared.
    is_texture : bool
        Whether many minutes go up and down together, and not only a burst begins and ends.
    """

    shift: int
    score: float
    unshifted: float
    kind: str
    is_texture: bool


def records_of(logs: pd.DataFrame, metrics: pd.DataFrame) -> list[Record]:
    """Return lines and errors a minute of every log, and the metrics that are called so."""
    out = []
    needed = [column for column in ("file", "time", "level", "status") if column in logs]
    for file, rows in logs[needed].groupby("file", sort=True):
        minute = _minutes(rows["time"])
        is_bad = rows["level"].isin(BAD).to_numpy()
        if "status" in rows:
            is_bad = is_bad | (rows["status"] >= 500).fillna(False).to_numpy(dtype=bool)
        for kind, chosen in (("lines", np.ones(len(rows), dtype=bool)), ("errors", is_bad)):
            first, last = int(minute.min()), int(minute.max())
            counts = np.bincount(minute[chosen] - first, minlength=last - first + 1).astype("float64")
            out.append(Record(str(file), kind, first, counts))
    return [record for record in [*out, *_of_metrics(metrics)] if _varies(record)]


def _of_metrics(metrics: pd.DataFrame) -> list[Record]:
    left, out = metrics, []
    for kind, words in METRICS.items():
        is_kind = left["metric"].str.contains(words, case=False, regex=True)
        found = []
        for (file, _, _), rows in left[is_kind].groupby(["file", "service", "metric"], dropna=False, sort=True):
            minute, value = _minutes(rows["time"]), rows["value"].to_numpy(dtype="float64")
            if len(value) > 2 and np.all(np.diff(value[~np.isnan(value)]) >= 0):
                value = np.diff(value, prepend=np.nan)  # a counter
            values = np.full(int(minute.max() - minute.min()) + 1, np.nan)
            values[minute - minute.min()] = value
            found.append(Record(str(file), kind, int(minute.min()), values))
        found = [record for record in found if _varies(record)]
        out += sorted(found, key=lambda record: -_variation(record))[:MOST]
        left = left[~is_kind]
    return out


def _minutes(times: pd.Series) -> np.ndarray:
    return times.dt.tz_localize(None).to_numpy().astype("datetime64[m]").astype("int64")


def _varies(record: Record) -> bool:
    known = record.values[~np.isnan(record.values)]
    return SHORTEST <= len(known) <= LONGEST and bool(np.ptp(known) > 0)


def _variation(record: Record) -> float:
    known = record.values[~np.isnan(record.values)]
    return float(known.std() / (abs(known.mean()) + 1e-12))


def fits_of(one: list[Record], other: list[Record]) -> Iterator[Fit]:
    """Yield how the records of two files fit, where that can be told."""
    for a in one:
        for b in other:
            if a.kind == b.kind and (fit := fit_of(a, b)) is not None:
                yield fit


def fit_of(a: Record, b: Record) -> Fit | None:
    """Return how one record fits another; None where nothing is clear.

    A shift is told only where its correlation is 0.9 at least, 0.1 above that of every shift that is not beside it, and
    highest at a whole step between zones, to the minute.
    """
    scores = correlations(a, b)
    if np.isnan(scores).all():
        return None
    shifts = np.arange(-FARTHEST - STEP, FARTHEST + STEP + 1)
    best = int(np.nanargmax(scores))
    shift, score = int(shifts[best]), float(scores[best])
    unshifted = float(np.nanmax([-1.0, *scores[np.abs(shifts) <= NEXT]]))
    if np.isnan(scores[np.abs(shifts) <= NEXT]).all():
        unshifted = float("nan")
    if abs(shift) <= NEXT + 1 and score >= AGREE:
        return Fit(0, score, score, a.kind, _is_texture(a, b, shift))
    others = scores[np.abs(shifts - shift) > BESIDE]
    step = round(shift / STEP) * STEP
    is_clear = score >= CLOSE and not score - np.nanmax([-1.0, *others]) < MARGIN
    is_step = step != 0 and abs(step) <= FARTHEST and abs(shift - step) <= NEXT
    is_texture = _is_texture(a, b, shift)
    if not (is_clear and is_step and (is_texture or min(_burst(a), _burst(b)) >= BURST)):
        return None
    return Fit(step, score, unshifted, a.kind, is_texture)


def _burst(record: Record) -> int:
    """Return how many minutes are high: above the middle between the lowest and the highest."""
    known = record.values[~np.isnan(record.values)]
    return int((known > (known.min() + known.max()) / 2).sum())


def _is_texture(a: Record, b: Record, shift: int) -> bool:
    """Whether minutes go up and down together beside what lasts: a median that runs along takes away the bursts."""
    start = max(a.start + shift, b.start)
    stop = min(a.start + shift + len(a.values), b.start + len(b.values))
    x = _ripple(a.values)[start - a.start - shift : stop - a.start - shift]
    y = _ripple(b.values)[start - b.start : stop - b.start]
    both = pd.DataFrame({"x": x, "y": y}).dropna().rank()
    return bool(both["x"].corr(both["y"]) * np.sqrt(len(both)) >= SURE)


def _ripple(values: np.ndarray) -> np.ndarray:
    series = pd.Series(values)
    return (series - series.rolling(RUN, center=True, min_periods=1).median()).to_numpy()


def correlations(a: Record, b: Record) -> np.ndarray:
    """Return the correlation of two records for every shift of the first, NaN where they have too little in common."""
    size = 1 << int(np.ceil(np.log2(len(a.values) + len(b.values) + 1)))
    known = [(~np.isnan(r.values)).astype("float64") for r in (a, b)]
    values = [np.nan_to_num((r.values - np.nanmean(r.values)) / np.nanstd(r.values)) for r in (a, b)]
    spectra = [np.fft.rfft([k, v, v * v], size, axis=1) for k, v in zip(known, values, strict=True)]
    pairs = ((0, 0), (1, 0), (2, 0), (0, 1), (0, 2), (1, 1))
    sums = np.fft.irfft([np.conj(spectra[0][i]) * spectra[1][j] for i, j in pairs], size, axis=1)
    shifts = np.arange(-FARTHEST - STEP, FARTHEST + STEP + 1) + a.start - b.start
    is_inside = (shifts > -len(a.values)) & (shifts < len(b.values))
    n, a1, a2, b1, b2, ab = np.where(is_inside, sums[:, np.where(is_inside, shifts, 0)], 0.0)
    n = np.round(n)
    needed = max(SHORTEST, min(k.sum() for k in known) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.maximum(a2 - a1 * a1 / n, 0) * np.maximum(b2 - b1 * b1 / n, 0))
        scores = (ab - a1 * b1 / n) / spread
    return np.where((n >= needed) & (spread > 1e-6 * n), scores, np.nan)
