"""Markdown → headings, tables, lists and paragraphs, each with the line that it stands on."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from postmortem_nb.importing.blocks import Block, Item, List, Paragraph, Part, Table, Text

__all__ = ["Block", "Document", "Item", "List", "Paragraph", "Part", "Table", "Text", "read_document"]

_MARKS = {"---": "---", "+++": "+++"}  # around the front matter: of YAML, of TOML
_PAIR = re.compile(r"([A-Za-z_][\w -]*?)\s*[:=]\s*(\S.*)")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>\n]{0,2000}>")
_CHECKED = re.compile(r"\[([ xX])\]\s+")
_REFERENCE = re.compile(r" {0,3}\[[^\]]+\]:\s*\S+.*")


@dataclass(frozen=True)
class Document:
    """A Markdown document taken apart.

    Parameters
    ----------
    file : str
        What it is called in findings.
    lines : tuple of str
    front : tuple of (str, Text)
        Keys and values before the text.
    parts : tuple of Part
    references : tuple of str
        Lines that say where links lead.
    """

    file: str
    lines: tuple[str, ...]
    front: tuple[tuple[str, Text], ...] = ()
    parts: tuple[Part, ...] = field(default=())
    references: tuple[str, ...] = ()


def read_document(
    text: str,
    file: str,
    is_heading: Callable[[str], bool] = lambda label: False,
    is_plain: Callable[[str], bool] = lambda line: False,
) -> Document:
    """Take a Markdown document apart.

    Parameters
    ----------
    text : str
    file : str
        Named in findings.
    is_heading : callable
        Whether a bold label before a text begins a part of its own.
    is_plain : callable
        Whether a line by itself that is not marked as a heading is one.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    front, body = _front(lines)
    tokens = MarkdownIt("commonmark").enable("table").parse("\n".join(body))
    parts: list[Part] = [Part("", 0, 1)]
    blocks: list[Block] = []
    for found in (one for block in _blocks(tokens) for one in _labelled(block, is_heading)):
        heading = found if isinstance(found, Part) else _bold(found, is_plain)
        if heading is None:
            assert not isinstance(found, Part)
            blocks.append(found)
            continue
        parts[-1] = replace(parts[-1], blocks=tuple(blocks), stop=heading.line)
        parts.append(heading)
        blocks = []
    parts[-1] = replace(parts[-1], blocks=tuple(blocks), stop=len(lines) + 1)
    references = tuple(line.strip() for line in body if _REFERENCE.fullmatch(line))
    return Document(file, tuple(lines), front, tuple(parts), references)


def _front(lines: Sequence[str]) -> tuple[tuple[tuple[str, Text], ...], list[str]]:
    """Return the keys of the front matter and the lines without it, emptied so that numbers stay right."""
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    mark = _MARKS.get(lines[first].strip()) if lines else None
    end = next((i for i, line in enumerate(lines) if i > first and line.strip() == mark), None) if mark else None
    if end is None:
        return (), list(lines)
    inside = list(enumerate(lines[first + 1 : end], first + 2))
    found = [
        (pair[1].strip(), Text(_unquoted(pair[2]), number)) for number, line in inside if (pair := _PAIR.match(line))
    ]
    return tuple(found), [*([""] * (end + 1)), *lines[end + 1 :]]


def _unquoted(text: str) -> str:
    try:
        return str(tomllib.loads(f"x = {text}")["x"])
    except tomllib.TOMLDecodeError:
        return text.strip().strip("\"'")


def _blocks(tokens: Sequence[Token]) -> Iterator[Block | Part]:
    """Yield headings and what stands between them."""
    at = 0
    while at < len(tokens):
        token = tokens[at]
        end = _end(tokens, at)
        start = _line(token)
        if token.type == "heading_open":
            (said,) = _texts(tokens[at + 1])[:1] or [Text("", start)]
            yield Part(said.text, int(token.tag[1:]), start)
        elif token.type == "table_open":
            yield _table(tokens[at:end], start)
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            yield List(tuple(_items(tokens[at:end])), start)
        elif token.type == "blockquote_open":
            yield from _blocks(tokens[at + 1 : end - 1])
        elif token.type == "paragraph_open":
            yield Paragraph(tuple(_texts(tokens[at + 1])), start)
        elif token.type in ("fence", "code_block", "html_block"):
            first = start + (token.type == "fence")
            raw = _TAG.sub(" ", token.content) if token.type == "html_block" else token.content
            rows = enumerate(raw.split("\n"), first)
            lines = tuple(Text(" ".join(row.split()), number) for number, row in rows if row.strip())
            if lines and not token.content.lstrip().startswith("<!--"):
                yield Paragraph(lines, start)
        at = end


def _end(tokens: Sequence[Token], at: int) -> int:
    """Return the place behind a token and what it holds."""
    depth = 0
    for i in range(at, len(tokens)):
        depth += tokens[i].nesting
        if depth <= 0:
            return i + 1
    return len(tokens)


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 1


def _table(tokens: Sequence[Token], start: int) -> Table:
    rows: list[list[Text]] = []
    line = start
    for i, token in enumerate(tokens):
        if token.type == "tr_open":
            line = _line(token)
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            said = _texts(tokens[i + 1]) if tokens[i + 1].type == "inline" else []
            joined = " ".join(t.text for t in said)
            rows[-1].append(Text(joined, line, next((t.link for t in said if t.link), "")))
    return Table(tuple(rows[0]) if rows else (), tuple(tuple(row) for row in rows[1:]), start)


def _items(tokens: Sequence[Token]) -> Iterator[Item]:
    depth = -1
    for i, token in enumerate(tokens):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
        elif token.type == "inline" and tokens[i - 1].type in ("paragraph_open", "heading_open"):
            said = _texts(token)
            text = " ".join(t.text for t in said)
            box = _CHECKED.match(text)
            link = next((t.link for t in said if t.link), "")
            whole = Text(text[box.end() :] if box else text, _line(token), link, all(t.is_strong for t in said))
            yield Item(whole, depth, None if box is None else box[1] != " ")


def _texts(token: Token) -> list[Text]:
    """Return what an inline token says, without its marks: each source line by itself."""
    lines: list[list[str]] = [[]]
    links: list[str] = [""]
    strong: list[bool] = [True]
    labels: list[str] = [""]
    depth = 0
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak"):
            lines.append([])
            links.append("")
            strong.append(True)
            labels.append("")
            continue
        depth += child.nesting if child.tag == "strong" else 0
        if child.type == "link_open" and not links[-1]:
            links[-1] = str(child.attrGet("href") or "")
        said = _BREAK.sub(" ", child.content) if child.type == "html_inline" else child.content
        if child.type in ("text", "code_inline", "html_inline", "image") and said:
            if depth > 0 and not "".join(lines[-1]).strip():
                labels[-1] = said.strip()
            elif depth == 0 and labels[-1] and len(lines[-1]) == 1 and not said.lstrip().startswith(":"):
                labels[-1] = labels[-1] if labels[-1].endswith(":") else ""
            lines[-1].append(said)
            strong[-1] = strong[-1] and (depth > 0 or not said.strip(" :"))
    first = _line(token)
    found = [
        Text(" ".join("".join(parts).split()), first + i, link, bold, "" if bold else label.rstrip(" :"))
        for i, (parts, link, bold, label) in enumerate(zip(lines, links, strong, labels, strict=True))
    ]
    return [text for text in found if text.text]


def _labelled(block: Block | Part, is_heading: Callable[[str], bool]) -> Iterator[Block | Part]:
    """Cut a paragraph at its lines that begin with a bold label of a part."""
    if not isinstance(block, Paragraph) or not any(line.label and is_heading(line.label) for line in block.lines):
        yield block
        return
    kept: list[Text] = []
    for line in block.lines:
        if line.label and is_heading(line.label):
            if kept:
                yield Paragraph(tuple(kept), kept[0].line)
            rest = line.text[len(line.label) :].strip(" :")
            yield Part(line.label, 7, line.line, has_text=True)
            kept = [replace(line, text=rest, label="")] if rest else []
        else:
            kept.append(line)
    if kept:
        yield Paragraph(tuple(kept), kept[0].line)


def _bold(block: Block | Part, is_plain: Callable[[str], bool]) -> Part | None:
    """Return a paragraph of one line that is only bold, or a known heading, as one."""
    if not isinstance(block, Paragraph) or len(block.lines) != 1:
        return None
    (line,) = block.lines
    said = line.text.rstrip(" :")
    is_heading = (line.is_strong or is_plain(said)) and 0 < len(said) <= 60 and ":" not in said
    return Part(said, 7, block.line) if is_heading else None
