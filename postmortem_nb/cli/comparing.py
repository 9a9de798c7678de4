"""``diff``: two results side by side."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from postmortem_nb.cli.display import print_result
from postmortem_nb.cli.options import SettingsCommand, given_settings, verbose_option
from postmortem_nb.errors import PostmortemError, SettingError

if TYPE_CHECKING:
    from postmortem_nb.differences import Change

WIDTH = 120  # columns, where nobody looks at a terminal


@click.command(cls=SettingsCommand)
@click.argument("old")
@click.argument("new")
@click.option("--json", "as_json", is_flag=True, help="Print the differences as JSON.")
@click.option("--markdown", "as_text", is_flag=True, help="Print them as Markdown.")
@verbose_option
def diff(old: str, new: str, as_json: bool, as_text: bool, **settings: Any) -> int:
    """Compare two results: what changed, by how much and why.

    OLD and NEW are results (reports/ID.json) or incidents. NAME@VERSION is an incident with the milestones of one of
    its [[versions]]. Settings are those of NEW, where it is an incident. Exits with 0 if the two say the same, with 1
    if they differ, with 2 if they cannot be compared.
    """
    from postmortem_nb.differences import as_markdown, compare, read_side

    if as_json and as_text:
        raise SettingError("--json and --markdown exclude each other: give one.")
    given = given_settings(settings)
    if given and new.endswith(".json"):
        raise SettingError(
            f"{new} is a result that was written: settings no longer change it. Name the incident instead."
        )
    try:
        sides = read_side(old), read_side(new, **given)
    except PostmortemError as error:
        raise SettingError(str(error)) from error
    changes = compare(*sides)
    if as_json:
        print_result(json.dumps([c.as_dict() for c in changes], indent=2, ensure_ascii=False))
    elif as_text:
        click.echo(as_markdown(*sides, changes), nl=False)
    elif changes:
        _show(changes)
    return int(bool(changes))


def _show(changes: tuple[Change, ...]) -> None:
    """Print the differences as a table on stdout."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("What", "Old", "New", "By", "Why"):
        table.add_column(heading, overflow="fold", no_wrap=heading in ("What", "By"))
    for c in changes:
        name = c.name if c.kind == "number" else f"{c.kind}: {c.name}"
        table.add_row(*(Text(cell) for cell in (name, c.old or "–", c.new or "–", c.by, "; ".join(c.why))))
    console.print(table)
