"""From matplotlib's SVG to ours: small, the same bytes every time, and themed by its own style sheet.

Every colour becomes a class, so that the drawing follows the reader's light or dark scheme even inside an ``<img>``;
what else is said of a mark's look is said once, in a class too; comments, metadata and ids that nothing refers to are
left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from postmortem_nb.charts.style import FOLD, FONTS, HALO, NARROW, THEME, WIDE

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_NAMES = {light: name for name, (light, _) in THEME.items()}
_NUMBER = re.compile(r"-?\d+\.\d+")
_STYLE = re.compile(r"\s*([a-z-]+)\s*:\s*([^;]*[^;\s])\s*;?")
MANY = 24  # parts of a path, beyond which it is data and not a mark
_DEFAULTS = {
    ("stroke-linecap", "butt"),
    ("stroke-linejoin", "round"),
    ("stroke-dashoffset", "0"),
    ("text-anchor", "start"),
    ("stroke-miterlimit", "100000"),
    ("font-weight", "normal"),
}


def publish(source: str, alt: str) -> str:
    """Return a drawing that is ready to be shown.

    Parameters
    ----------
    source : str
        What matplotlib wrote.
    alt : str
        Text alternative.
    """
    root = ET.fromstring(source)
    width, height = (float(root.attrib[side].removesuffix("pt")) for side in ("width", "height"))
    patterns = {p.attrib["id"]: p for p in root.iter(f"{_SVG}pattern")}
    used = _referenced(root)
    ids = {old: f"{old[0]}{n}" for n, old in enumerate(used, 1)}
    classes: dict[str, str] = {}
    body = "".join(_element(child, ids, classes) for child in root if child.tag in (f"{_SVG}g", f"{_SVG}defs"))
    hatches = "".join(_hatch(patterns[old], new, classes) for old, new in ids.items() if old in patterns)
    defs = f"<defs>{hatches}</defs>" if hatches else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="pnb-svg" role="img" aria-label={quoteattr(alt)} '
        f'width="{_px(width)}" height="{_px(height)}" viewBox="0 0 {_short(width)} {_short(height)}">'
        f"<style>{_sheet(classes)}</style>{defs}{body}</svg>"
    )


def _referenced(root: ET.Element) -> list[str]:
    """Return the ids that something in the drawing refers to, in order of first use."""
    found: dict[str, None] = {}
    for element in root.iter():
        if _HREF in element.attrib:
            found[element.attrib[_HREF].removeprefix("#")] = None
        for value in (element.attrib.get("style", ""), element.attrib.get("clip-path", "")):
            found.update(dict.fromkeys(re.findall(r"url\(#([^)]+)\)", value)))
    return list(found)


def _element(element: ET.Element, ids: dict[str, str], classes: dict[str, str]) -> str:
    tag = element.tag.removeprefix(_SVG)
    if tag in ("style", "pattern"):
        return ""
    inside = "".join(_element(child, ids, classes) for child in element)
    text = escape(element.text) if tag == "text" and element.text else ""
    attributes = dict(_attributes(element, tag, ids, classes))
    if tag in ("g", "defs") and not inside:
        return ""
    if tag == "g" and not attributes:
        return inside
    written = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    return f"<{tag}{written}>{inside}{text}</{tag}>" if inside or text else f"<{tag}{written}/>"


def _attributes(
    element: ET.Element, tag: str, ids: dict[str, str], classes: dict[str, str]
) -> Iterator[tuple[str, str]]:
    own = dict(element.attrib)
    name = own.pop("id", "")
    layer, _, mark = name.partition(" ")
    names = [f"pnb-{layer}"] if layer in (WIDE.name, NARROW.name) else []
    kept = []
    if mark == HALO:
        names.append("pnb-s-paper")
        kept += ["paint-order:stroke", "stroke-width:3"]
    for key, value in _STYLE.findall(own.pop("style", "")):
        color = _NAMES.get(value)
        if key in ("fill", "stroke") and color:
            names.append(f"pnb-{key[0]}-{color}")
        elif key != "font-family" and (key, value) not in _DEFAULTS:
            kept.append(f"{key}:{_renamed(_rounded(value), ids)}")
    if name in ids:
        yield "id", ids[name]
    classes.update(dict.fromkeys(names, ""))
    if kept:
        names.append(_class_of(";".join(kept), classes))
    if names:
        yield "class", " ".join(names)
    for key, value in own.items():
        if key == _HREF:
            yield "href", f"#{ids[value.removeprefix('#')]}"
        elif key == "d":
            yield "d", _path(value)
        elif key == "transform" and value.startswith("rotate(-0 "):
            continue
        else:
            yield key, _renamed(_rounded(value), ids)


def _class_of(look: str, classes: dict[str, str]) -> str:
    """Return the class that stands for a look; the first mark that has it names it."""
    known = next((name for name, rule in classes.items() if rule == look), "")
    name = known or f"k{sum(map(bool, classes.values()))}"
    classes[name] = look
    return name


def _renamed(value: str, ids: dict[str, str]) -> str:
    return re.sub(r"url\(#([^)]+)\)", lambda m: f"url(#{ids[m[1]]})", value)


def _path(value: str) -> str:
    """Return path data in its short form: ``M1 2H3l4 4`` instead of one line a point.

    A path of many points is a line of data, for which a tenth of a point is fine enough; steps are taken between
    rounded places, so that nothing adds up.
    """
    found = [(c, [float(n) for n in numbers.split()]) for c, numbers in re.findall(r"([A-Za-z])([^A-Za-z]*)", value)]
    digits = 1 if len(found) > MANY else 2
    parts, last = [], (0.0, 0.0)
    for command, numbers in found:
        rounded = [round(n, digits) for n in numbers]
        here = (rounded[-2], rounded[-1]) if len(rounded) > 1 else last
        parts.append(_step(last, here) if command == "L" else command + _numbers(*rounded))
        last = here
    return "".join(parts)


def _step(last: tuple[float, float], here: tuple[float, float]) -> str:
    """Return the shortest way to write a straight line."""
    (x, y), (dx, dy) = here, (here[0] - last[0], here[1] - last[1])
    if here == last:
        return ""
    if y == last[1]:
        return min(f"H{_short(x)}", f"h{_short(dx)}", key=len)
    if x == last[0]:
        return min(f"V{_short(y)}", f"v{_short(dy)}", key=len)
    return min(f"L{_numbers(x, y)}", f"l{_numbers(dx, dy)}", key=len)


def _numbers(*numbers: float) -> str:
    return " ".join(map(_short, numbers)).replace(" -", "-")


def _rounded(value: str) -> str:
    return _NUMBER.sub(lambda m: _short(float(m[0])), value)


def _short(number: float) -> str:
    text = f"{number:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _px(points: float) -> str:
    return str(round(points * 4 / 3))


def _hatch(pattern: ET.Element, name: str, classes: dict[str, str]) -> str:
    """Return a small tile with one diagonal line for the large one that matplotlib draws."""
    back, line = pattern.find(f"{_SVG}rect"), pattern.find(f"{_SVG}path")
    assert back is not None and line is not None, "a hatch has a ground and lines"
    stroke = dict(_STYLE.findall(line.attrib["style"]))["stroke"]
    fill, drawn = f"pnb-f-{_NAMES[back.attrib['fill']]}", f"pnb-s-{_NAMES[stroke]}"
    classes.update({fill: "", drawn: ""})
    return (
        f'<pattern id="{name}" patternUnits="userSpaceOnUse" width="4" height="4" patternTransform="rotate(45)">'
        f'<rect width="4" height="4" class="{fill}"/>'
        f'<path d="M0 0V4" class="{drawn}" style="stroke-width:1.2"/></pattern>'
    )


def _sheet(classes: dict[str, str]) -> str:
    """Return the style sheet: the colours in use, light and dark, and which layer of text shows."""

    def rules(scheme: int) -> str:
        return "".join(
            f".pnb-{kind}-{name}{{{attribute}:{colors[scheme]}}}"
            for name, colors in THEME.items()
            for kind, attribute in (("f", "fill"), ("s", "stroke"))
            if f"pnb-{kind}-{name}" in classes
        )

    looks = "".join(f".{name}{{{rule}}}" for name, rule in classes.items() if rule)
    return (
        f".pnb-svg{{font-family:{FONTS};stroke-linejoin:round}}.pnb-svg .pnb-narrow{{display:none}}{rules(0)}"
        f"{looks}@media screen and (prefers-color-scheme:dark){{{rules(1)}}}"
        "@media print{.pnb-f-paper{fill:#fff}.pnb-s-paper{stroke:#fff}}"
        f"@media (max-width:{FOLD}px){{.pnb-svg .pnb-wide{{display:none}}.pnb-svg .pnb-narrow{{display:inline}}}}"
    )
