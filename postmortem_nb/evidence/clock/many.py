"""Many times at once: each distinct text is read once; where nearly all are distinct, column-wise.

What no column-wise reading fits is read text by text, so the result is the same either way.
"""

from __future__ import annotations

import polars as pl

from postmortem_nb.evidence.clock.layouts import by_layout
from postmortem_nb.evidence.clock.shapes import FORMS, SECOND, UNITS, Open, Stamp, stamp

FEW = 200  # texts that are always read one by one
SHARE = 20  # … as are more, where the first show at least so many lines a text
SCHEMA = {"text": pl.String, "ns": pl.Int64, "open": pl.UInt8, "zone": pl.String}
EPOCHS = {  # how integers of each unit and decimal seconds look, between 1990 and 2100
    Open.S: r"^([0-9]{9,10})(?:\.([0-9]{1,20}))?$",
    Open.MS: r"^([0-9]{12,13})()$",
    Open.US: r"^([0-9]{15,16})()$",
    Open.NS: r"^([0-9]{18,19})()$",
}


def read_stamps(texts: pl.Series, form: str) -> pl.DataFrame:
    """Read times as written.

    Parameters
    ----------
    texts : Series of String
        May hold nulls.
    form : str
        A name in `postmortem_nb.evidence.clock.shapes.FORMS`.

    Returns
    -------
    DataFrame
        A row a text: ``ns`` (nanoseconds since 1970) and ``open`` (an `Open`); and ``zone``, an abbreviation that is to
        be settled, where any text has one.
    """
    if len(texts) <= FEW or texts.head(FEW).n_unique() < FEW // SHARE:
        return _by_text(texts, texts.unique(), form)
    out = _nothing(len(texts))
    if form in ("any", "epoch", "strace"):
        out = _filled(out, _epochs(texts))
    if "iso" in FORMS[form]:
        out = _filled(out, by_layout(texts))
    if form == "clf":
        out = _filled(out, _access(texts))
    left = out["open"] == Open.NO_TIME
    if left.any():
        rest = texts.filter(left)
        read = _by_text(rest, rest.unique(), form)
        whole = [out.with_row_index("row").filter(~left), read.with_columns(left.arg_true().alias("row"))]
        out = pl.concat(whole, how="diagonal").sort("row").drop("row")
    return out


def _nothing(size: int) -> pl.DataFrame:
    return pl.select(ns=pl.repeat(None, size, dtype=pl.Int64), open=pl.repeat(int(Open.NO_TIME), size, dtype=pl.UInt8))


def _filled(out: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    """Put the times of one reading where there is none yet."""
    is_new = (out["open"] == Open.NO_TIME) & more["ns"].is_not_null()
    return out.with_columns(
        ns=pl.select(pl.when(is_new).then(more["ns"]).otherwise(out["ns"])).to_series(),
        open=pl.select(pl.when(is_new).then(more["open"]).otherwise(out["open"])).to_series(),
    )


def _by_text(texts: pl.Series, distinct: pl.Series, form: str) -> pl.DataFrame:
    """Read each distinct text by itself."""
    none = Stamp(0, Open.NO_TIME)
    read = [(text, *(stamp(text, form) or none)) for text in distinct.to_list() if text is not None]
    known = pl.DataFrame(
        [(text, ns, int(leaves), zone) for text, ns, leaves, zone in read], schema=SCHEMA, orient="row"
    )
    found = texts.alias("text").to_frame().join(known, on="text", how="left", maintain_order="left")
    zones = ["zone"] if (known["zone"] != "").any() else []
    return found.select(
        pl.when(pl.col("open") != int(Open.NO_TIME)).then("ns"), pl.col("open").fill_null(int(Open.NO_TIME)), *zones
    )


def _epochs(texts: pl.Series) -> pl.DataFrame:
    """Read epochs of every unit; null where they are none between 1990 and 2100."""
    out = _nothing(len(texts))
    for unit, pattern in EPOCHS.items():
        if not texts.head(FEW).str.contains(pattern).any():
            continue
        parts = texts.str.extract_groups(pattern).struct
        whole = parts.field("1").cast(pl.Int64, strict=False)
        fraction = parts.field("2").fill_null("").str.head(9).str.pad_end(9, "0").cast(pl.Int64, strict=False)
        size = UNITS[unit.name.lower()]
        is_sane = (whole >= 631_152_000 * SECOND // size) & (whole < 4_102_444_800 * SECOND // size)
        ns = whole * size + (fraction if unit is Open.S else 0)
        found = pl.select(ns=pl.when(is_sane).then(ns)).with_columns(open=pl.lit(int(unit), pl.UInt8))
        out = _filled(out, found)
    return out


def _access(texts: pl.Series) -> pl.DataFrame:
    """Read the times of access logs; null where they have another layout."""
    read = texts.str.to_datetime("%d/%b/%Y:%H:%M:%S %z", time_unit="ns", strict=False)
    is_whole = texts.str.len_bytes() == len("15/Jan/2024:10:32:11 +0000")
    ns = read.to_physical()
    is_sane = is_whole & read.dt.year().is_between(1970, 2200)
    return pl.select(ns=pl.when(is_sane).then(ns)).with_columns(open=pl.lit(int(Open.NOTHING), pl.UInt8))
