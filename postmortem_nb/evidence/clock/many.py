"""Many times at once: each distinct text is read once, and long fractions are taken apart column-wise.

A log of milliseconds has nearly as many distinct stamps as lines, but few distinct seconds and few distinct endings:
the two are read apart and added. What that does not fit is read text by text, so the result is the same either way.
"""

from __future__ import annotations

import polars as pl

from postmortem_nb.evidence.clock.shapes import FORMS, SECOND, UNITS, Open, Stamp, stamp

FEW = 2000  # distinct texts that are always read one by one
SHARE = 20  # … and as many as one line in so many
BASE = "2000-01-01 00:00:00"  # an ending is read behind this second
SCHEMA = {"text": pl.String, "ns": pl.Int64, "open": pl.UInt8, "zone": pl.String}
ISO_SECOND = r"^[0-9]{4}[-/.][0-9]{2}[-/.][0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}$"
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
        A row a text: ``ns`` (nanoseconds since 1970), ``open`` (an `Open`) and ``zone`` (an abbreviation that is to be
        settled, mostly empty).
    """
    distinct = texts.unique()
    if len(distinct) <= max(FEW, len(texts) // SHARE):
        return _by_text(texts, distinct, form)
    out = pl.DataFrame({"ns": pl.Series([None] * len(texts), dtype=pl.Int64)}).with_columns(
        open=pl.lit(int(Open.NO_TIME), pl.UInt8), zone=pl.lit("")
    )
    if form in ("any", "epoch"):
        out = _filled(out, _epochs(texts))
    if "iso" in FORMS[form]:
        out = _filled(out, _in_parts(texts))
    if form == "clf":
        out = _filled(out, _access(texts))
    left = out["open"] == Open.NO_TIME
    if left.any():
        rest = texts.filter(left)
        read = _by_text(rest, rest.unique(), form)
        rows = left.arg_true().alias("row")
        out = (
            pl.concat(
                [out.with_row_index("row").filter(~left), read.with_columns(rows).select("row", "ns", "open", "zone")]
            )
            .sort("row")
            .drop("row")
        )
    return out


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
    return found.select(
        pl.when(pl.col("open") != int(Open.NO_TIME)).then("ns"),
        pl.col("open").fill_null(int(Open.NO_TIME)),
        pl.col("zone").fill_null(""),
    )


def _in_parts(texts: pl.Series) -> pl.DataFrame:
    """Read ISO times as a second, a fraction and what follows; null where they are not so."""
    frame = pl.DataFrame({"second": texts.str.head(19), "end": texts.str.slice(19)})
    if frame["end"].n_unique() > FEW:
        parts = frame["end"].str.extract_groups(r"^[.,](?P<f>[0-9]{1,9})(?:[0-9]{0,3})(?P<end>[^0-9].*|)$").struct
        digits = parts.field("f").fill_null("0").str.pad_end(9, "0").cast(pl.Int64, strict=False)
        frame = frame.with_columns(f=digits, end=parts.field("end"))
    else:
        frame = frame.with_columns(f=pl.lit(0, pl.Int64))
    if frame["second"].n_unique() > len(texts) // 2 or frame["end"].n_unique() > FEW:
        return pl.DataFrame(schema={"ns": pl.Int64, "open": pl.UInt8}).clear(len(texts))
    seconds = frame["second"].unique()
    seconds = seconds.filter(seconds.str.contains(ISO_SECOND).fill_null(False))
    ends = [end for end in frame["end"].unique().to_list() if end is not None]
    base = stamp(BASE, "iso")
    assert base is not None, "the base is a time"
    known_ends = pl.DataFrame(
        [
            (end, read.ns - base.ns, int(read.open))
            for end in ends
            if (read := stamp(BASE + end, "iso")) and not read.zone
        ],
        schema={"end": pl.String, "more": pl.Int64, "open": pl.UInt8},
        orient="row",
    )
    known = pl.DataFrame(
        [(text, read.ns) for text in seconds.to_list() if (read := stamp(text, "iso"))],
        schema={"second": pl.String, "base": pl.Int64},
        orient="row",
    )
    joined = frame.join(known, on="second", how="left", maintain_order="left").join(
        known_ends, on="end", how="left", maintain_order="left"
    )
    return joined.select(ns=pl.col("base") + pl.col("more") + pl.col("f"), open="open")


def _epochs(texts: pl.Series) -> pl.DataFrame:
    """Read epochs of every unit; null where they are none between 1990 and 2100."""
    out = pl.DataFrame({"ns": pl.Series([None] * len(texts), dtype=pl.Int64)}).with_columns(
        open=pl.lit(int(Open.NO_TIME), pl.UInt8)
    )
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
        out = _filled(out.with_columns(zone=pl.lit("")), found).drop("zone")
    return out


def _access(texts: pl.Series) -> pl.DataFrame:
    """Read the times of access logs; null where they have another layout."""
    read = texts.str.to_datetime("%d/%b/%Y:%H:%M:%S %z", time_unit="ns", strict=False)
    is_whole = texts.str.len_bytes() == len("15/Jan/2024:10:32:11 +0000")
    ns = read.to_physical()
    is_sane = is_whole & read.dt.year().is_between(1970, 2200)
    return pl.select(ns=pl.when(is_sane).then(ns)).with_columns(open=pl.lit(int(Open.NOTHING), pl.UInt8))
