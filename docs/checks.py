"""Write the part of docs/checks.md that is made from the rules themselves: python docs/checks.py."""

from __future__ import annotations

from pathlib import Path

from postmortem_nb.findings import reasons
from postmortem_nb.language import Rule, all_rules

PAGE = Path(__file__).resolve().parent / "checks.md"
BEGIN = "<!-- made from findings.toml and language/rules by docs/checks.py: do not edit here -->"
END = "<!-- end of what is made -->"


def made() -> str:
    """Return the rules of wording with their sentences, and a table of all other findings."""
    rules = "\n\n".join(map(wording, all_rules().values()))
    rows = "\n".join(f"| `{id_}` | {why} |" for id_, why in sorted(reasons().items()))
    return f"## Wording\n\n{rules}\n\n## Everything else\n\n| id | why it matters |\n| --- | --- |\n{rows}"


def wording(rule: Rule) -> str:
    """Return one rule: why, what to do, what it finds and what it passes."""
    sentences = {"finds": rule.match, "passes": rule.passes}
    lists = [f"- {name}: {' · '.join(f'“{flat(s)}”' for s in found)}" for name, found in sentences.items()]
    where = "action items" if rule.within == "actions" else "all prose"
    return f"### `{rule.id}`\n\n{rule.severity}, in {where}. {rule.why} {rule.fix}\n\n" + "\n".join(lists)


def flat(text: str) -> str:
    """Return a sentence on one line, with claims as text."""
    return " ".join(text.split()).replace("@", "&#64;")


def page(text: str) -> str:
    """Return the page with what is made put in its place."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{made()}\n\n{END}{tail}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
