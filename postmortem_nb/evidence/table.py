"""CSV → columns of text with the line of each row: quoted line breaks, torn rows and other separators are met here."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from postmortem_nb.errors import ReadError, SettingError, near
from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.how import How
from postmortem_nb.evidence.lines import blocks
from postmortem_nb.evidence.sources import Place

TIMES = ("time", "timestamp", "ts", "date", "datetime", "@timestamp")
SERVICES = ("service", "servicename", "service_name", "app", "podname", "pod_name", "pod", "instance", "host")
PODS = ("podname", "pod_name", "pod")
TOGETHER = 4096  # lines that are split at once where they hold no quotes
LONGEST = 1000  # lines that one quoted field may go over before its quote is taken for a torn one

_SEPARATOR = re.compile(r"\s*[\"']?sep=(.)[\"']?\s*", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')
# The two random parts that Kubernetes puts behind the name of a Deployment are written without vowels.
_POD = re.compile(r"(.+?)-[bcdfghjklmnpqrstvwxz2456789]{4,10}-[bcdfghjklmnpqrstvwxz2456789]{5}")


@dataclass(frozen=True)
class Table:
    """The rows of a CSV file as text.

    Parameters
    ----------
    name : str
        The file, for messages.
    columns : dict of str to list of str
        In the order of the header.
    lines : list of int
        Line on which each row begins.
    named : mapping
        What a column is → its name, as a person declared it.
    separator : str
        What stands between its cells; with a semicolon, a comma may be the decimal point.
    """

    name: str
    columns: dict[str, list[str]]
    lines: list[int]
    named: Mapping[str, str]
    separator: str = ","

    def find(self, role: str, names: Sequence[str] = ()) -> str | None:
        """Return the name of the column that plays a role: the declared one, else the first of the usual names.

        Raises
        ------
        ReadError
            If the declared column is not in the file; offers near names.
        """
        if role in self.named:
            wanted = self.named[role]
            if wanted not in self.columns:
                raise ReadError(
                    f"{self.name}: there is no column {wanted!r}, which `columns` names as its {role}. "
                    f"{near(wanted, self.columns)}"
                )
            return wanted
        taken = set(self.named.values())
        known = {column.lower(): column for column in reversed(self.columns) if column not in taken}
        return next((known[name] for name in (*names, role) if name in known), None)

    def require(self, role: str, names: Sequence[str] = ()) -> str:
        """Return the column that plays a role.

        Raises
        ------
        Unreadable
            If there is none.
        """
        column = self.find(role, names)
        if column is None:
            raise Unreadable(
                f"{self.name}: no column is its {role}; it has {', '.join(self.columns)}. "
                f'Name it: `columns = {{{role} = "…"}}` in its [[evidence]] entry.'
            )
        return column


def read_table(path: Place, how: How, tally: Tally) -> Table:
    """Read a CSV file, its separator told from the header; rows with too few or too many cells are rejected."""
    lines = chain.from_iterable(blocks(path, tally, encoding=how.encoding))
    header_line, declared, done = "", "", 0
    for number, text, span in records_in(lines):
        done = number + span - 1
        if not text or text.isspace():
            tally.blank += span
        elif not declared and (told := _SEPARATOR.fullmatch(text)):  # what spreadsheets are told in a first line
            declared = told[1]
            tally.skipped += 1
        else:
            header_line = text
            tally.skipped += 1
            tally.continued += span - 1
            break
    if not header_line:
        return Table(how.name, {}, [], {})
    separator = declared or max(",;\t|", key=_QUOTED.sub("", header_line).count)
    header = _unique(cell.strip() for cell in _cells(header_line, separator) or [])
    width = len(header)
    values: list[list[str]] = [[] for _ in header]
    numbers: list[int] = []
    for found, cells in _parts(lines, done, separator, width, tally):
        numbers += found
        for place, column in enumerate(values):
            column += cells[place::width]
    columns = dict(zip(header, values, strict=True))
    tally.unused = tuple(name for name in how.drop if name not in columns)
    for name in how.drop:
        columns.pop(name, None)
    return Table(how.name, columns, numbers, how.columns, separator)


def check_roles(how: How, known: Sequence[str]) -> None:
    """Raise if ``columns`` names a role that no column can play.

    Raises
    ------
    SettingError
        Offers near names.
    """
    for role in how.columns:
        if role not in known:
            raise SettingError(f"{how.name}: `columns` names {role!r}, which is no column here. {near(role, known)}")


def service_of(column: str, values: Iterable[str]) -> list[str]:
    """Return services from a column; of a pod's name, what stands before its random parts.

    >>> service_of("PodName", ["adservice-5f6585d649-fnmft", "postgres-0"])
    ['adservice', 'postgres-0']
    """
    if column.lower() not in PODS:
        return [value.strip() for value in values]
    return [found[1] if (found := _POD.fullmatch(value.strip())) else value.strip() for value in values]


def records_in(lines: Iterable[str], first: int = 1) -> Iterator[tuple[int, str, int]]:
    """Join lines until their quotes are closed; yields first line, text and how many lines it took."""
    held: list[str] = []
    is_open = False
    number = 0
    for number, line in enumerate(lines, first):
        if not held and '"' not in line:
            yield number, line, 1
            continue
        held.append(line)
        is_open ^= line.count('"') % 2 == 1
        if not is_open or len(held) == LONGEST:
            yield number - len(held) + 1, "\n".join(held), len(held)
            held, is_open = [], False
    if held:
        yield number - len(held) + 1, "\n".join(held), len(held)


def _parts(
    lines: Iterator[str], done: int, separator: str, width: int, tally: Tally
) -> Iterator[tuple[Iterable[int], list[str]]]:
    """Yield the line of each row of a part of the file, and the cells of all of them, one row after the other."""
    while part := list(islice(lines, TOGETHER)):
        has_quotes = any('"' in line for line in part)
        cells = None if has_quotes else _split_together(part, separator, width)
        if cells is not None:
            yield range(done + 1, done + 1 + len(part)), cells
        else:
            asked = chain(part, lines) if has_quotes else part  # a quote may be closed further down
            rows = _found(records_in(asked, done + 1), separator, width, tally)
            while some := list(islice(rows, TOGETHER)):
                yield [number for number, _ in some], [cell for _, row in some for cell in row]
        done += len(part)


def _split_together(lines: list[str], separator: str, width: int) -> list[str] | None:
    """Return the cells of lines without quotes, one row after the other; None if one of them may be no whole row.

    It is what the reader makes of each line by itself, in a tenth of the time.
    """
    if width == 1 or any(line.count(separator) != width - 1 for line in lines):
        return None
    if max(map(len, lines)) > csv.field_size_limit() or any("\r" in line or line.isspace() for line in lines):
        return None
    return separator.join(lines).split(separator)


def _found(
    records: Iterable[tuple[int, str, int]], separator: str, width: int, tally: Tally
) -> Iterator[tuple[int, list[str]]]:
    """Yield line and cells of every row."""
    for number, text, span in records:
        if not text or text.isspace():
            tally.blank += span
            continue
        for line, cells, used in _rows(number, text, span, separator, width, tally):
            yield line, cells
            tally.continued += used - 1


def _rows(
    number: int, text: str, span: int, separator: str, width: int, tally: Tally
) -> Iterator[tuple[int, list[str], int]]:
    """Yield the row that a record is; where a torn quote has swallowed other rows, those on their own lines."""
    cells = _cells(text, separator, width)
    if cells is not None:
        yield number, cells, span
    elif span == 1:
        tally.reject(number, _ragged(text, separator, width))
    else:
        for line, own in enumerate(text.split("\n"), number):
            cells = _cells(own, separator, width)
            if not own or own.isspace():
                tally.blank += 1
            elif cells is None:
                tally.reject(line, _ragged(own, separator, width))
            else:
                yield line, cells, 1


def _ragged(text: str, separator: str, width: int) -> str:
    """Return a line that is no row, with why."""
    cells = _cells(text, separator)
    said = "its cells cannot be told apart" if cells is None else f"{len(cells)} instead of {width} cells"
    return f"({said}) {text}"


def _cells(text: str, separator: str, width: int | None = None) -> list[str] | None:
    """Split one record; None if it has not the right number of cells, apart from empty ones behind."""
    try:
        rows = list(csv.reader([text], delimiter=separator))
    except csv.Error:  # a cell beyond the reader's limit of 128 kB
        return None
    if len(rows) != 1:
        return None
    cells = rows[0]
    if width is None:
        return cells
    if len(cells) > width and not any(cells[width:]):
        cells = cells[:width]
    return cells if len(cells) == width else None


def stripped_cells(text: str) -> list[str]:
    """Split one record at commas, blanks around its cells removed; empty where it is none."""
    return [cell.strip() for cell in _cells(text, ",") or []]


def _unique(names: Iterable[str]) -> list[str]:
    """Name every column: a missing name becomes ``column 3``, a second ``x`` becomes ``x 2``."""
    out: dict[str, None] = {}
    twins: dict[str, int] = {}  # how many columns of a name there are so far
    for place, name in enumerate(names, 1):
        name = name or f"column {place}"
        unique = name
        while unique in out:
            twins[name] = twins.get(name, 1) + 1
            unique = f"{name} {twins[name]}"
        out[unique] = None
    return list(out)
