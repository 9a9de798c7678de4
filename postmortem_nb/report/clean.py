"""The one place where markup is cleaned: what is not on these lists does not reach the page.

Evidence is escaped long before it comes here. This is the second wall, for what slipped through the first or
was pasted into a notebook by hand; the page's Content-Security-Policy is the third.
"""

from __future__ import annotations

import re

import nh3

from postmortem_nb.characters import spell


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


TAGS = _names(
    "section div span p br hr wbr h1 h2 h3 h4 h5 h6 a ul ol li dl dt dd blockquote pre code kbd samp var "
    "em strong b i u s del ins sub sup small mark abbr dfn q cite time details summary figure figcaption "
    "img table caption colgroup col thead tbody tfoot tr th td"
)
# These go with everything inside them; any other unknown tag only loses its brackets.
GONE = _names(
    "script style iframe form object embed applet noscript template svg math textarea select button title "
    "head audio video canvas frameset noembed noframes xmp plaintext dialog"
)
ATTRIBUTES = {
    "*": {"class", "id", "title", "lang", "role", "tabindex"}
    | {"aria-label", "aria-labelledby", "aria-describedby", "aria-hidden"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "details": {"open"},
    "ol": {"start", "reversed"},
    "time": {"datetime"},
    "th": {"scope", "colspan", "rowspan", "abbr"},
    "td": {"colspan", "rowspan", "headers", "data-label"},
    "col": {"span"},
    "colgroup": {"span"},
}
# A tag that is taken out can leave its neighbours in an order that a browser would read otherwise, so the result is
# cleaned again until it no longer changes: what was checked is then what a browser sees.
PASSES = 6
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
ROLES = {"region", "group", "list", "listitem", "note", "img", "presentation", "none"}

# Ids that our own tables and claims make. Headings get theirs when the page is put together.
_ID = re.compile(r"(claim|finding|evidence|fig)-[A-Za-z0-9_.:-]+")
_CLASS = re.compile(r"pnb(-[a-z0-9-]+)?|num")
_LINK = re.compile(r"https?://[^\s<>\"']+|mailto:[^\s<>\"']+|#[^\s<>\"']+", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(svg\+xml|png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}")
_EMPTY_HEAD = re.compile(r'<th((?: [a-z-]+="[^"]*")*)>\s*</th>')

# What a reader cannot see or what reorders the text around it: control characters, zero width, bidi.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)


def clean(html: str) -> str:
    """Return the markup with only our tags, attributes, classes, ids, links and pictures, well formed.

    Parameters
    ----------
    html : str
        Any markup, from anywhere.

    Returns
    -------
    str
        Balanced markup without script, style, form, frame, event handler or address other than
        http, https, mailto, a place on this page, or a picture inside the page itself.
        Control characters, zero-width and direction marks are written out (``⟨U+202E⟩``).
    """
    # Half a surrogate pair may stand in a notebook's JSON but in no file that others can read.
    html = html.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    for _ in range(PASSES):
        before, html = html, _pass(html)
        if html == before:
            return visible(html)
    return visible(nh3.clean_text(html))  # markup that never settles is shown as text


def _pass(html: str) -> str:
    kept = nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags=set(GONE),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noreferrer",
    )
    kept = kept.replace("<img>", "")  # a picture that lost its address and never had words is nothing
    return _EMPTY_HEAD.sub(r"<td\1></td>", kept)  # the corner of a frame's table heads no column and no row


def visible(text: str) -> str:
    r"""Write out characters that cannot be seen or that reorder their neighbours.

    >>> visible("user\u202egpj.exe\x1b[31m")
    'user⟨U+202E⟩gpj.exe␛[31m'
    """
    return _UNSEEN.sub(lambda m: spell(m[0]), text)


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Return the value to keep, or None to drop the attribute."""
    if name == "class":
        return " ".join(c for c in value.split() if _CLASS.fullmatch(c)) or None
    if name == "id":
        return value if _ID.fullmatch(value) and tag not in HEADINGS else None
    if name == "href":
        return value if _LINK.fullmatch(value) and value != "#harmful-link" else None
    if name == "src":
        return value if _PICTURE.fullmatch(value) else None
    if name == "role":
        return value if value in ROLES else None
    if name == "tabindex":
        return "0" if value == "0" else None
    if name in ("width", "height", "colspan", "rowspan", "span", "start"):
        return value if re.fullmatch(r"[0-9]{1,4}", value) else None
    return value
