"""Lines taken apart by patterns: one linear-time regular expression over a whole column of lines.

A pattern that ends in ``(?P<message>.*)`` or ``(?P<tail>.*)`` is matched up to there only and the rest is cut off by
length, which is several times faster. Of several patterns, each sees the lines that those before it could not read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from postmortem_nb.evidence import abbreviations
from postmortem_nb.evidence.levels import ANY, UPPER

REST = re.compile(r"\(\?P<(message|tail)>\.\*\)\Z")
HEAD = "head_of_line"
TIMES = ("time", "time_", "time__", "time___")

ASCII = {"d": "0-9", "s": r"\t\n\x0b\x0c\r\x20", "w": "0-9A-Za-z_"}
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_ABBREVIATED = f"(?:{abbreviations.PATTERN})"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?"
_OFFSET = r"(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})"
_HALF = r"(?:[ ][AaPp][Mm])?"
_WEEKDAY = "(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?[ ])?"
_STAMPS = (  # every shape of a time that can be taken for nothing else
    r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}(?:[T,_-]|[ ]|,[ ])"
    rf"{_CLOCK}{_HALF}(?:[ ]?{_OFFSET}|[ ]{_ABBREVIATED})?",
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{2}\.[0-9]{2}\.[0-9]{2}\.[0-9]+",
    rf"[0-9]{{4}}-[0-9]{{3}}[T ]{_CLOCK}{_OFFSET}?",
    rf"(?:19|20)[0-9]{{6}}[T _-]{_CLOCK}{_OFFSET}?",
    rf"[0-9]{{1,2}}/{_MONTH}/[0-9]{{4}}[: -]{_CLOCK}(?:[ ][+-][0-9]{{4}})?",
    rf"{_WEEKDAY}{_MONTH}[ ]{{1,2}}[0-9]{{1,2}}[ ]{_CLOCK}(?:[ ](?:UTC|GMT|{_ABBREVIATED}))?[ ][0-9]{{4}}",
    rf"{_WEEKDAY}{_MONTH}[a-z]*[ ]{{1,2}}[0-9]{{1,2}},?[ ][0-9]{{4}},?(?:[ ]@|[ ]at)?"
    rf"[ ]{_CLOCK}{_HALF}(?:[ ]{_OFFSET})?",
    rf"{_WEEKDAY}[0-9]{{1,2}}[- /]{_MONTH}[- /][0-9]{{4}}[: ]{_CLOCK}(?:[ ](?:{_OFFSET}|{_ABBREVIATED}))?",
    rf"{_MONTH}[ ]{{1,2}}[0-9]{{1,2}}[ ]{_CLOCK}",
    rf"[0-9]{{1,2}}[ ]{_MONTH}[ ]{_CLOCK}",
    r"@4[0-9a-f]{23}",
)
PARTS = {
    "iso": (
        r"[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?"
        rf"{_HALF}(?:[ ]?{_OFFSET}|[ ]{_ABBREVIATED})?"
    ),
    "stamp": f"(?:{'|'.join(_STAMPS)})",
    "clock": _CLOCK,
    "level": ANY,
    "LEVEL": UPPER,
    "quoted": r'[^"\\]*(?:\\.[^"\\]*)*',
    "month": _MONTH,
}


class Patterns:
    """Takes lines apart by the first of several patterns that matches.

    Parameters
    ----------
    patterns : sequence of str
        Rust regular expressions in verbose form; every group has a name.
    unless : str
        How lines look that are of another format, whatever the patterns say; the engine has no lookaround.
    """

    def __init__(self, patterns: Sequence[str], unless: str = "") -> None:
        self._unless = f"^(?:{with_parts(unless)})" if unless else ""
        self._patterns = [_compiled(text) for text in patterns]
        names = [name for _, fields, _ in self._patterns for name in fields if name != HEAD]
        self.fields = tuple(dict.fromkeys(names))

    @property
    def reads_any(self) -> pl.Expr:
        """Whether any of the texts looks like one of the patterns, for many formats at once; none is read where not."""
        texts = pl.col("text")
        return pl.any_horizontal(texts.str.contains(pattern).any() for pattern, _, _ in self._patterns)

    def __call__(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Take lines apart.

        Parameters
        ----------
        lines : DataFrame
            ``row`` and ``text``.

        Returns
        -------
        DataFrame
            ``row`` and a column a field, for the lines that were read, in their order.
        """
        if self._unless:
            lines = lines.filter(~pl.col("text").str.contains(self._unless))
        parts: list[pl.DataFrame] = []
        for pattern, fields, last in self._patterns:
            found = lines.select("row", "text", pl.col("text").str.extract_groups(pattern).alias("found"))
            found = found.unnest("found")
            is_read = found.select(pl.any_horizontal(pl.col(name).is_not_null() for name in _anchors(fields)))
            mask = is_read.to_series()
            if last:
                rest = pl.col("text").cast(pl.Binary).bin.slice(pl.col(HEAD).str.len_bytes()).cast(pl.String)
                found = found.with_columns(rest.alias(last)).drop(HEAD)
            is_all = bool(mask.all())
            parts.append((found if is_all else found.filter(mask)).drop("text"))
            if is_all:
                break
            lines = lines.filter(~mask)
        if len(parts) == 1:
            return parts[0]
        return pl.concat(parts, how="diagonal").sort("row")


def _anchors(fields: Sequence[str]) -> Sequence[str]:
    """Return the fields one of which is there whenever the pattern matched."""
    return [HEAD] if HEAD in fields else [name for name in fields if name in TIMES]


def _compiled(text: str) -> tuple[str, tuple[str, ...], str]:
    """Return a pattern for whole lines, its fields, and the field that is cut off behind the match, if one is."""
    filled = filled_in(text)
    last = REST.search(filled)
    pattern = f"^(?P<{HEAD}>{filled[: last.start()]})" if last else f"^(?:{filled})$"
    fields = tuple(re.findall(r"\(\?P<(\w+)>", pattern))
    if len(fields) != len(re.findall(r"(?<!\\)\((?!\?)|\(\?P<", _without_classes(pattern))):
        raise ValueError(f"every group of a log pattern has a name or is (?:…): {text}")
    return (pattern, (*fields, last[1]), last[1]) if last else (pattern, fields, "")


def _without_classes(pattern: str) -> str:
    """Return a pattern without escaped characters and without what stands in brackets."""
    return re.sub(r"\[\^?\]?[^\]]*\]", "", re.sub(r"\\.", "", pattern))


def filled_in(text: str) -> str:
    r"""Put the named parts into a pattern, and take out the white space and comments that make it readable.

    As in Python, white space in brackets counts; Rust's own verbose mode would drop it there too. ``\d``, ``\s`` and
    ``\w`` mean ASCII, as logs do: all of Unicode takes several times as long, to prepare and to match.

    >>> filled_in(r"a [ ] \# \d [\w-] # a comment")
    'a[ ]\\#[0-9][0-9A-Za-z_-]'
    """
    out: list[str] = []
    in_class = escaped = in_comment = False
    for char in with_parts(text):
        if in_comment:
            in_comment = char != "\n"
        elif escaped:
            out.append(_ascii(char, in_class))
            escaped = False
        elif not in_class and (char.isspace() or char == "#"):
            in_comment = char == "#"
        elif char == "\\":
            escaped = True
        else:
            out.append(char)
            in_class = (in_class and char != "]") or char == "["
    return "".join(out)


def _ascii(char: str, in_class: bool) -> str:
    """Return what an escaped character stands for."""
    if char in ASCII:
        return ASCII[char] if in_class else f"[{ASCII[char]}]"
    if char.lower() in ASCII and not in_class:
        return f"[^{ASCII[char.lower()]}]"
    return r"(?-u:\b)" if char == "b" and not in_class else f"\\{char}"


def with_parts(text: str) -> str:
    """Put the named parts into a pattern."""
    for name, part in PARTS.items():
        text = text.replace(f"<<{name}>>", part)
    return text
