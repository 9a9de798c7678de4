"""Which format a file has: the one that reads most of its first lines; of equals, the more specific one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from postmortem_nb.evidence import formats
from postmortem_nb.evidence.account import Unreadable
from postmortem_nb.evidence.formats import Format, is_resort
from postmortem_nb.evidence.formats.patterns import Patterns

LOOK_AT = 200  # lines from which a format is told
SHOWN = 3  # lines shown when none can be
WORTH = 2  # a last resort must read so many times the lines of a format that means these lines


def choose(lines: Sequence[str], file: str, more: Iterable[Format] = ()) -> Format:
    """Return the format of a file.

    Parameters
    ----------
    lines : sequence of str
        Its first lines.
    file : str
        For messages.
    more : iterable of Format
        Formats that the incident brings; they are asked before those shipped.

    Raises
    ------
    Unreadable
        If none reads any, or two that are equally specific read equally many; shows the first lines.
    """
    looked = [line for line in lines if line and not line.isspace()][:LOOK_AT]
    own = {f.name: f for f in more}
    known = [f for f in (*own.values(), *(f for n, f in formats.all_formats().items() if n not in own)) if f.detect]
    scores = [(read, form.rank + 1000 * (form.name in own), form) for form, read in _counts(looked, known)]
    meant = [score for score in scores if not is_resort(score[2])]
    most = max((score[0] for score in meant), default=0)
    resorts = [score for score in scores if is_resort(score[2]) and score[0] > WORTH * most]
    pool = resorts or meant
    best = max((score[:2] for score in pool), default=(0, 0))
    winners = [form for read, rank, form in pool if (read, rank) == best]
    if best[0] and len(winners) == 1:
        return winners[0]
    begins = "\n".join(f"  {line[:120]}" for line in looked[:SHOWN])
    names = " and ".join(form.name for form in winners)
    why = f"{names} read it equally well" if best[0] else "no known log format reads any of its first lines"
    raise Unreadable(
        f"{file}: {why}. Name one in its [[evidence]] entry (`format`; docs/formats.md lists them), or csv with "
        f"`columns`. It begins:\n{begins}"
    )


def _counts(lines: Sequence[str], known: Sequence[Format]) -> list[tuple[Format, int]]:
    """Return how many of the lines each format reads."""
    frame = pl.DataFrame({"text": list(lines)}, schema={"text": pl.String}).with_row_index("row")
    reads_any = _looks(frame, known)
    return [(form, len(form.plan(frame)) if reads_any[form.name] else 0) for form in known]


def _looks(lines: pl.DataFrame, known: Sequence[Format]) -> dict[str, bool]:
    """Return by its name whether a format may read any of the lines: patterns are asked all at once."""
    asked = [f.plan.reads_any.alias(f.name) for f in known if isinstance(f.plan, Patterns)]
    told = lines.select(asked).row(0, named=True) if asked else {}
    return dict.fromkeys((f.name for f in known), len(lines) > 0) | told


def others(lines: pl.DataFrame, but: Iterable[Format], more: Iterable[Format] = ()) -> list[Format]:
    """Return the formats that read any of some lines which their file's own format cannot read, best first.

    A last resort is none of them: it would take a line of a stack trace that happens to name a time.
    """
    left = {f.name for f in but}
    own = {f.name: f for f in more}
    known = [*own.values(), *(f for name, f in formats.all_formats().items() if name not in own)]
    out: list[Format] = []
    for form in known:
        if not len(lines):
            break
        if form.name in left or not form.detect or is_resort(form):
            continue
        read = form.plan(lines)
        if len(read):
            out.append(form)
            lines = lines.filter(~pl.col("row").is_in(read["row"].implode()))
    return out
