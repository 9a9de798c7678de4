"""Write the part of docs/formats.md that is made from the log formats themselves: python docs/formats.py."""

from __future__ import annotations

from pathlib import Path

from postmortem_nb.evidence.formats import FAMILIES, LAST_RESORT, Format, all_formats

PAGE = Path(__file__).resolve().parent / "formats.md"
BEGIN = "<!-- made from postmortem_nb/evidence/formats by docs/formats.py: do not edit here -->"
END = "<!-- end of what is made -->"
FORMS = {
    "iso": "ISO and its relatives",
    "clf": "day/month/year:time",
    "ctime": "Mon Jan 15 10:32:11 2024",
    "rfc2822": "15 Jan 2024 10:32:11",
    "bsd": "Jan 15 10:32:11: the year must be declared",
    "ymd": "two-digit year",
    "mmdd": "month and day: the year must be declared",
    "glog": "month and day, rarely a year",
    "mysql": "ISO or two-digit year",
    "mdy": "month/day/year",
    "dmy": "day/month/year",
    "epoch": "epoch in s, ms, us or ns",
    "tai64n": "TAI64N",
    "clock": "time of day: the date must be declared",
    "strace": "epoch or time of day",
    "any": "any unambiguous form",
}
ZONES = {"written": "in each time", "declared": "must be declared", "either": "in each time, or declared"}
LONGEST = 150  # characters of a sample that are shown


def made() -> str:
    """Return the tables, one for each family, and a real line for each format."""
    known = all_formats().values()
    parts = []
    for family in FAMILIES:
        members = sorted((f for f in known if f.family == family), key=lambda f: (-f.rank, f.name))
        if members:
            parts.append(f"### {family.capitalize()}\n\n{table(members)}\n\n{samples(members)}")
    return "\n\n".join(parts)


def table(members: list[Format]) -> str:
    """Return a row for each format."""
    rows = ["| format | what | time | zone | traps |", "| --- | --- | --- | --- | --- |"]
    for form in members:
        traps = " ".join(form.traps)
        if form.rank < LAST_RESORT:
            traps = f"Only where no other format reads the file. {traps}".strip()
        if not form.detect:
            traps = f"Only when it is named. {traps}".strip()
        cells = (form.title, FORMS[form.time], ZONES[form.zone], traps)
        rows.append(f"| `{form.name}` | " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def samples(members: list[Format]) -> str:
    """Return the first sample of each format, as it stands in a file."""
    lines = []
    for form in members:
        text = str(form.match[0]["line"]).replace("\t", "\\t")
        shown = [line if len(line) <= LONGEST else f"{line[:LONGEST]}…" for line in text.split("\n")]
        lines += [f"# {form.name}", *shown]
    return "\n".join(("```text", *lines, "```"))


def page(text: str) -> str:
    """Return the page with what is made put in its place."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{made()}\n\n{END}{tail}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
