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
NARROW = 110  # columns, below which a table of five would break words


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
    """Print the differences on stdout: as a table, or one below the other where the terminal is narrow."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    if console.width < NARROW:
        for c in changes:
            console.print(Text(f"{_named(c)}{f'  {c.by}' if c.by else ''}", style="bold"))
            console.print(Padding(Text(f"{c.old or '–'} → {c.new or '–'}"), (0, 0, 0, 2)))
            if c.why:
                console.print(Padding(Text("; ".join(c.why), style="dim"), (0, 0, 0, 2)))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("What", "Old", "New", "By", "Why"):
        table.add_column(heading, overflow="fold", no_wrap=heading in ("What", "By"))
    for c in changes:
        table.add_row(*(Text(cell) for cell in (_named(c), c.old or "–", c.new or "–", c.by, "; ".join(c.why))))
    console.print(table)


def _named(change: Change) -> str:
    return change.name if change.kind == "number" else f"{change.kind}: {change.name}"
