"""Frames and rows as readers' tables: escaped, captioned, keyboard reachable, with odd characters made visible."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Sequence

import pandas as pd

from postmortem_nb.characters import visible
from postmortem_nb.findings import Finding
from postmortem_nb.times import format_time


class Safe(str):
    """HTML that was built here and needs no escaping."""

    __slots__ = ()


_ACTIVE = re.compile(r"[\\`*_{}\[\]()#+\-.!|~$^=:/@<>&\"']")  # what Markdown or HTML would act upon
DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b|\bUTC ·|(?:\b[A-Z]{2,5} )?\(UTC[-+]\d+(?::\d\d)?\)")

# Columns whose values say what they are: on a phone, where the head of the table is not seen, they need no label.
CLEAR = (
    *("Basis", "Definition", "Evidence and basis", "How it is computed", "Kind", "Meaning", "One real line", "Row"),
    *("Sign", "Signal and windows", "Value", "Verdict", "What happened", "What it said", "Who"),
)


def escape(text: object) -> str:
    """Return text as HTML; `Safe` passes, a missing value is empty."""
    if isinstance(text, Safe):
        return text
    if _is_missing(text):
        return ""
    return html.escape(visible(text), quote=True)


def inline(text: object) -> str:
    """Return plain text as Markdown that shows it literally, on one line: for evidence and facts in prose."""
    if _is_missing(text):
        return ""
    return _ACTIVE.sub(lambda m: f"&#{ord(m.group())};", visible(" ".join(str(text).split())))


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    caption: str,
    *,
    numeric: Iterable[str] = (),
    ids: Sequence[str] = (),
    groups: Sequence[str] = (),
    most: int | None = None,
    stacks: bool = True,
) -> Safe:
    """Return an HTML table whose first column heads each row.

    Parameters
    ----------
    columns : sequence of str
    rows : iterable of sequences
        Cells; everything that is not `Safe` is escaped.
    caption : str
        Says what the table shows; also the name of its scrolling region.
    numeric : iterable of str
        Columns set flush right.
    ids : sequence of str
        One id a row, for links; none if empty.
    groups : sequence of str
        Heading of each row's group; rows of one group stand together. None if empty.
    most : int, optional
        Rows shown; the rest is counted in a last line.
    stacks : bool
        On a phone, each row of three or more columns becomes a card of labelled values, unless all of them are
        numbers, which are read down and scroll.
    """
    rows = [list(r) for r in rows]
    right = set(numeric)
    stacks = stacks and len(columns) > 2 and not right.issuperset(columns[1:])
    clear = {*CLEAR, *(c for c in columns[1:2] if c in right)}  # a number stands beside the name of its row
    labels = [f' data-label="{escape(c)}"' if stacks and c not in clear else "" for c in columns]
    left_out = max(0, len(rows) - most) if most is not None else 0
    shown = rows[: len(rows) - left_out]
    head = "".join(f'<th scope="col"{_num(c in right)}>{escape(c)}</th>' for c in columns)
    body = []
    for n, row in enumerate(shown):
        if groups and (n == 0 or groups[n] != groups[n - 1]):
            heading = f'<th class="pnb-group" scope="rowgroup" colspan="{len(columns)}">{escape(groups[n])}</th>'
            body.append(f"{'</tbody><tbody>' if n else ''}<tr>{heading}</tr>")
        name = f' id="{escape(ids[n])}"' if ids else ""
        cells = [f'<th scope="row"{_num(columns[0] in right)}>{escape(row[0])}</th>']
        told = [escape(v) for v in row[1:]]
        cells += [
            f"<td{_num(c in right)}{label if v else ''}>{v}</td>"
            for c, v, label in zip(columns[1:], told, labels[1:], strict=True)
        ]
        body.append(f"<tr{name}>{''.join(cells)}</tr>")
    if left_out:
        body.append(f'<tr><td colspan="{len(columns)}">… and {left_out:,} more</td></tr>')
    return Safe(
        f'<div class="pnb-table" role="region" tabindex="0" aria-label="{escape(caption)}">'
        f'<table class="pnb{" pnb-stacks" if stacks else ""}">'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def coded(text: object) -> Safe:
    """Return escaped text with what stands between backticks as code."""
    return Safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))


def _num(is_number: bool) -> str:
    return ' class="num"' if is_number else ""


def clock(text: str) -> Safe:
    """Return a printed time that does not break across lines."""
    return Safe(f"<time>{escape(text)}</time>")


def whole_dates(text: object) -> Safe:
    """Return escaped text whose dates and offsets from UTC do not break at their hyphens.

    >>> whole_dates("on 2024-01-14")
    'on <span class="pnb-whole">2024-01-14</span>'
    """
    if isinstance(text, Safe):
        return text
    return Safe(DATE.sub(r'<span class="pnb-whole">\g<0></span>', escape(text)))


def measured(text: str) -> Safe:
    """Return a printed value with its interval, if it has one, small beneath it."""
    value, _, interval = text.partition(" (")
    below = f"<br><small>{escape(interval.removesuffix(')'))}</small>" if interval.endswith(")") else ""
    return Safe(f"{escape(value if below else text)}{below}")


def frame_table(frame: pd.DataFrame, caption: str) -> Safe:
    """Return a frame as a table: instants in UTC without date where all are of one day, numbers to four digits."""
    shown: dict[str, list[object]] = {}
    right = []
    for name, values in frame.items():
        if isinstance(values.dtype, pd.DatetimeTZDtype):
            one_day = values.dt.date.nunique() <= 1
            shown[str(name)] = [clock(format_time(t, date=not one_day)) for t in values]
        elif pd.api.types.is_float_dtype(values.dtype):
            shown[str(name)] = ["" if pd.isna(v) else _number(v) for v in values]
            right.append(str(name))
        elif pd.api.types.is_integer_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
            shown[str(name)] = ["" if pd.isna(v) else f"{v:,}" for v in values]
            right.append(str(name))
        else:
            shown[str(name)] = list(values)
    return table(list(shown), zip(*shown.values(), strict=True), caption, numeric=right, stacks=False)


def _number(value: float) -> str:
    """Return a number with four digits, large ones whole: ``43.2``, ``0.05123``, ``11,650``.

    >>> _number(43.21), _number(11650.4), _number(2.5e7)
    ('43.21', '11,650', '2.5e+07')
    """
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e7 else f"{value:.4g}"


def _is_missing(value: object) -> bool:
    """Return whether a cell holds nothing: None, NaN, NaT or pandas' NA."""
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def definitions(pairs: Iterable[tuple[str, object]]) -> Safe:
    """Return name–value pairs as a definition list; pairs without a value are left out."""
    rows = [
        f"<div><dt>{escape(name)}</dt><dd>{whole_dates(value)}</dd></div>"
        for name, value in pairs
        if value not in ("", None)
    ]
    return Safe(f'<dl class="pnb-facts">{"".join(rows)}</dl>') if rows else Safe("")


def bullets(items: Iterable[object]) -> Safe:
    """Return items as a list."""
    return Safe("<ul>" + "".join(f"<li>{escape(i)}</li>" for i in items) + "</ul>")


def evidence(line: object, place: str) -> Safe:
    """Return one line of evidence, folded, with its file and line number."""
    text = str(line)
    first = text.split("\n", 1)[0]
    short = first if len(first) <= 100 else first[:99] + "…"
    if short == text:
        return Safe(f'<code class="pnb-line">{escape(text)}</code> <span class="pnb-place">{escape(place)}</span>')
    return Safe(
        f'<details class="pnb-evidence"><summary><code class="pnb-line">{escape(short)}</code> '
        f'<span class="pnb-place">{escape(place)}</span></summary><pre>{escape(text[:4000])}</pre></details>'
    )


def finding_items(findings: Iterable[Finding], *, linked: bool = False, accepted: Sequence[str] = ()) -> Safe:
    """Return findings as an ordered list, each with its severity in words.

    Parameters
    ----------
    findings : iterable of Finding
    linked : bool
        Give each an id, and say why findings of its kind matter where it is the first of them.
    accepted : sequence of str
        Why each is accepted.
    """
    items: list[str] = []
    told: set[str] = set()
    for n, f in enumerate(findings, 1):
        name = f' id="finding-{n}"' if linked and not accepted else ""
        reason = f"<br><small>Accepted: {escape(accepted[n - 1])}</small>" if accepted else ""
        items.append(
            f'<li class="pnb-finding pnb-{f.severity}"{name}><strong>{escape(f.severity.capitalize())}</strong> '
            f'<span class="pnb-place">{escape(f.where)}</span> {whole_dates(f.text[:1].upper() + f.text[1:])} '
            f'<span class="pnb-fix">{coded(f.fix)}</span>{_why(f, told if linked else None)}{reason}</li>'
        )
    return Safe(f'<ol class="pnb-findings">{"".join(items)}</ol>')


def _why(finding: Finding, told: set[str] | None) -> str:
    """Return why a finding matters, at the first of its kind."""
    if told is None or finding.id in told or not finding.why:
        return ""
    told.add(finding.id)
    return f"<br><small>Why it matters: {escape(finding.why)} <code>{escape(finding.id)}</code></small>"


def more(summary: str, content: str) -> Safe:
    """Return content folded under a summary."""
    return Safe(f'<details class="pnb-more"><summary>{escape(summary)}</summary>{escape(content)}</details>')
