"""The HTML of our own tables and lists → Markdown, so that a report in Markdown tells all that the page tells.

It reads what `postmortem_nb.tables` and `postmortem_nb.sections` write and nothing else: a closed set of elements. Two
flavours: ``github`` keeps what Markdown lacks (anchors of rows, folded parts) as HTML, as GitHub and GitLab show it;
``wiki`` has no HTML at all, for wikis that show or strip it: what is folded stands open, and a link to a row leads to
the heading that it stands below.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from postmortem_nb.wording import literal

FLAVOURS = ("github", "wiki")
VOID = {"br", "wbr", "img", "hr"}
INLINE = {"a", "abbr", "b", "br", "code", "em", "i", "mark", "small", "span", "strong", "time", "wbr"}
HEADINGS = (("#finding-", "#data-quality"), ("#claim-", "#claims"), ("#", "#provenance"))  # where rows of a wiki stand
_CLAIM = re.compile(r'<a class="pnb-claim" href="(#[^"]+)" title="[^"]*">(.*?)</a>')


@dataclass
class Node:
    """An element: its name, attributes, and what is inside."""

    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    inside: list[Node | str] = field(default_factory=list)

    def all(self, *tags: str) -> Iterator[Node]:
        """Yield the elements of a name inside, at any depth, but not within one another."""
        for node in self.inside:
            if isinstance(node, Node):
                if node.tag in tags:
                    yield node
                else:
                    yield from node.all(*tags)

    @property
    def text(self) -> str:
        """All text inside, as it is."""
        return "".join(n if isinstance(n, str) else n.text for n in self.inside)

    def has(self, name: str) -> bool:
        """Whether it is of a class."""
        return name in self.attrs.get("class", "").split()


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Node("")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if any(node.tag == tag for node in self.open[1:]):
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def to_markdown(markup: str, flavour: str = "github") -> str:
    r"""Return HTML that we wrote as Markdown.

    >>> print(to_markdown('<p>a*b, <a href="#claim-x">5 min</a></p>'))
    a\*b, [5 min](#claim-x)
    >>> print(to_markdown('<p><a href="#claim-x">5 min</a></p>', "wiki"))
    [5 min](#claims)
    """
    tree = _Tree()
    tree.feed(markup)
    tree.close()
    return "\n\n".join(_Writer(flavour).blocks(tree.open[0]))


def linked(prose: str, flavour: str = "github") -> str:
    """Return prose with claims in place, whose links are HTML, with links of Markdown."""
    return _CLAIM.sub(lambda m: f"[{literal(html.unescape(m[2]))}]({place_of(m[1], flavour)})", prose)


def place_of(href: str, flavour: str) -> str:
    """Return where a link leads in a flavour: to its row, or to the heading of that."""
    if flavour != "wiki" or not href.startswith("#"):
        return href
    return next(to for begin, to in HEADINGS if href.startswith(begin))


@dataclass(frozen=True)
class _Writer:
    flavour: str

    @property
    def is_plain(self) -> bool:
        return self.flavour == "wiki"

    def place(self, href: str) -> str:
        return place_of(href, self.flavour)

    def anchor(self, node: Node) -> str:
        name = node.attrs.get("id", "")
        return f'<a id="{html.escape(name)}"></a>' if name and not self.is_plain else ""

    def blocks(self, node: Node) -> Iterator[str]:
        """Yield what is inside an element, block by block."""
        loose: list[Node | str] = []
        for one in [*node.inside, Node("end")]:
            if isinstance(one, str) or one.tag in INLINE:
                loose.append(one)
                continue
            if said := self.inline(Node("", {}, loose)):
                yield said
            loose = []
            yield from self.block(one)

    def block(self, node: Node) -> Iterator[str]:
        """Yield one element as Markdown."""
        if node.tag == "table":
            yield self.table(node)
        elif node.tag == "details":
            yield from self.folded(node)
        elif node.tag in ("ul", "ol"):
            yield "\n".join(self.items(node))
        elif node.tag == "dl":
            pairs = zip(node.all("dt"), node.all("dd"), strict=False)
            yield "\n".join(f"- **{self.inline(name)}:** {self.inline(value)}" for name, value in pairs)
        elif node.tag == "pre":
            text = node.text.strip("\n")
            fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", text)), default=0))
            yield f"{fence}\n{text}\n{fence}"
        elif node.tag in ("h1", "h2", "h3", "h4"):
            yield f"{'#' * int(node.tag[1])} {self.inline(node)}"
        elif node.tag == "p":
            said = self.inline(node)
            yield f"*{said}*" if said and node.has("pnb-todo") else said
        elif node.tag != "end":
            if said := self.anchor(node):
                yield said
            yield from self.blocks(node)

    def folded(self, node: Node) -> Iterator[str]:
        head = next(node.all("summary"), Node(""))
        inside = Node("", {}, [one for one in node.inside if one is not head])
        if self.is_plain:
            yield f"**{self.inline(head)}**"
            yield from self.blocks(inside)
            return
        yield f"<details>\n<summary>{html.escape(' '.join(head.text.split()), quote=False)}</summary>"
        yield from self.blocks(inside)
        yield "</details>"

    def items(self, node: Node) -> Iterator[str]:
        for n, item in enumerate(node.all("li"), 1):
            mark = f"{n}." if node.tag == "ol" else "-"
            yield f"{mark} {self.anchor(item)}{self.inline(item)}"

    def table(self, node: Node) -> str:
        """Return a table; the heading of a group of rows stands in its first cell."""
        head, *rows = [list(row.all("th", "td")) for row in node.all("tr")]
        names = [row for row in node.all("tr")][1:]
        lines = [self.row([self.inline(cell) for cell in head])]
        lines.append(self.row(["---:" if cell.has("num") else "---" for cell in head]))
        for row, cells in zip(names, rows, strict=True):
            said = [self.inline(cell) for cell in cells]
            if len(cells) == 1 and cells[0].has("pnb-group"):
                said = [f"**{said[0]}**"]
            said[0] = self.anchor(row) + said[0]
            lines.append(self.row(said + [""] * (len(head) - len(said))))
        caption = "".join(self.inline(c) for c in node.all("caption"))
        return (f"*{caption}*\n\n" if caption else "") + "\n".join(lines)

    def row(self, cells: list[str]) -> str:
        return f"| {' | '.join(cells)} |"

    def inline(self, node: Node) -> str:
        """Return what is inside an element on one line."""
        return " ".join("".join(self.spans(node)).split())

    def spans(self, node: Node) -> Iterator[str]:
        after_break = False
        for one in node.inside:
            if isinstance(one, str):
                core = literal(one)
                yield f"{' ' if one[:1].isspace() else ''}{core}{' ' if core and one[-1:].isspace() else ''}"
            elif one.tag == "br":
                after_break = True
                yield " "
                continue
            elif one.tag == "small" and after_break:
                yield f"({self.inline(one)})" if self.inline(one) else ""
            else:
                yield self.span(one)
            after_break = False

    def span(self, node: Node) -> str:
        said = self.inline(node)
        if not said or node.tag == "wbr":
            return ""
        if node.tag == "a" and "href" in node.attrs:
            return f"[{said}]({self.place(node.attrs['href'])})"
        if node.tag == "code":
            text = " ".join(node.text.split()).replace("|", "\\|")
            fence = "`" * (1 + max(map(len, re.findall(r"`+", text)), default=0))
            gap = " " if text[:1] == "`" or text[-1:] == "`" else ""
            return f"{fence}{gap}{text}{gap}{fence}"
        if node.tag in ("strong", "b"):
            return f"**{said}**"
        if node.tag in ("em", "i"):
            return f"*{said}*"
        return f"{said}: " if node.has("pnb-place") else self.anchor(node) + said
