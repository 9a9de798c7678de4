"""What a Markdown document is made of: headings with what stands below them, tables, lists, paragraphs, lines."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """Some words and their line.

    ``link`` is the first address among them, ``is_strong`` says that all are bold, ``label`` is what is bold before a
    colon at their begin (``**Impact:** …``).
    """

    text: str
    line: int
    link: str = ""
    is_strong: bool = False
    label: str = ""


@dataclass(frozen=True)
class Item:
    """A point of a list, how deep it stands (0 first), and whether a box before it is ticked (None without a box)."""

    text: Text
    depth: int
    checked: bool | None = None


@dataclass(frozen=True)
class Table:
    """A table: its header, and rows of cells; a row may have fewer or more cells than the header."""

    header: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]
    line: int


@dataclass(frozen=True)
class List:
    """The points of a list, those within points behind them."""

    items: tuple[Item, ...]
    line: int


@dataclass(frozen=True)
class Paragraph:
    """The lines of a paragraph, each by itself."""

    lines: tuple[Text, ...]
    line: int


Block = Table | List | Paragraph


def texts_of(block: Block) -> list[Text]:
    """Return the texts of a block, line by line; of a table the first cell of each row."""
    if isinstance(block, Table):
        return [row[0] for row in block.rows if row]
    return [item.text for item in block.items] if isinstance(block, List) else list(block.lines)


@dataclass(frozen=True)
class Part:
    """What stands below one heading, up to the next one of any level.

    Parameters
    ----------
    heading : str
        Empty before the first heading.
    level : int
        1 to 6; 0 before the first heading, 7 for a paragraph that is only bold and serves as a heading, or a bold
        label before a text.
    line : int
        Of the heading.
    has_text : bool
        The line of the heading holds text as well, behind the label.
    blocks : tuple
    stop : int
        The line behind the last one; what the part says stands in the lines between.
    """

    heading: str
    level: int
    line: int
    blocks: tuple[Block, ...] = ()
    stop: int = 0
    has_text: bool = False
