"""``draft``: a first narrative from what is declared and computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from postmortem_nb.cli.display import print_result, shown
from postmortem_nb.cli.options import SettingsCommand, given_settings, verbose_option
from postmortem_nb.errors import SettingError


@click.command(cls=SettingsCommand)
@click.argument("name")
@click.option("-o", "--output", metavar="FILE", help="Where to write it; - is stdout.  [default: its narrative.md]")
@verbose_option
def draft(name: str, output: str | None, **settings: Any) -> None:
    """Write a first narrative.md of an incident.

    From its claims, timeline and findings, by rule; what only people can tell is marked "To be written". Prints the
    path. A file that exists is never written over.
    """
    from postmortem_nb.analysis import analyze
    from postmortem_nb.drafting import AIM, count_words
    from postmortem_nb.drafting import draft as write
    from postmortem_nb.evidence import find_incident, load
    from postmortem_nb.narrative import FILE, read_narrative
    from postmortem_nb.runner.publishing import write_new

    target = None if output == "-" else Path(output) if output else find_incident(name) / FILE
    if target is not None and target.exists():
        is_bare = output is None and not read_narrative(target.read_text(encoding="utf-8"))
        hint = "It holds no prose yet: remove it, or" if is_bare else "To compare,"
        raise SettingError(
            f"{shown(target.absolute())} exists and is not written over. {hint} write to --output FILE or -."
        )
    given = given_settings(settings)
    text = write(analyze(load(name, redact=given.get("redact", "auto")), **given))
    if target is None:
        click.echo(text, nl=False)
    else:
        write_new(target, text)
        print_result(shown(target.absolute()))
    words = count_words(text)
    low, high = AIM
    aim = "" if low <= words <= high else f"; the aim is {low} to {high}"
    click.echo(f"{words} words{aim}.", err=True)
