"""``import``: published postmortems and feeds of status pages become incident folders."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from postmortem_nb.cli.display import print_result, shown
from postmortem_nb.cli.incidents import PLACE, home_of_incidents
from postmortem_nb.cli.options import verbose_option

if TYPE_CHECKING:
    from postmortem_nb.importing import Imported

DAY = click.DateTime(["%Y-%m-%d"])


@click.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="FILE...")
@click.option("--folder", type=PLACE, help="Where to put the incidents instead of data/incidents.")
@click.option("--name", help="Name of the new folder; only for a single incident.")
@click.option("--zone", metavar="ZONE", help="IANA zone of times that name none, such as Europe/Berlin.")
@click.option("--date", type=DAY, metavar="YYYY-MM-DD", help="Day of times that name none.")
@click.option("--json", "as_json", is_flag=True, help="Print folders and findings as JSON.")
@verbose_option
def import_(
    paths: tuple[str, ...],
    *,
    folder: Path | None,
    name: str | None,
    zone: str | None,
    date: dt.datetime | None,
    as_json: bool,
) -> int:
    """Make incident folders of what exists.

    FILE is a postmortem in Markdown, or the feed of a status page (JSON of Statuspage, or a page of cState), or a
    folder of such. The path of each new folder is printed. What was not understood is printed on stderr, with file and
    line, and kept in import.md of the folder. Nothing that exists is changed. Exit code 1 if one was not imported.
    """
    from postmortem_nb.importing import import_files

    home = folder or home_of_incidents()
    day = None if date is None else date.date()
    done = []
    for one in import_files(paths, home, zone=zone, date=day, name=name):
        done.append(one)
        _tell(one)
        if one.folder is not None and not as_json:
            print_result(shown(one.folder))
    if as_json:
        print_result(json.dumps([_as_dict(one) for one in done], indent=2, ensure_ascii=False))
    made = sum(one.folder is not None for one in done)
    failed = sum(bool(one.error) for one in done)
    planned = len(done) - made - failed
    rest = f", {planned} left out as planned work" if planned else ""
    click.echo(f"{made} imported, {failed} failed{rest}, {sum(len(o.findings) for o in done)} findings", err=True)
    return int(failed > 0)


def _tell(one: Imported) -> None:
    for finding in one.findings:
        click.echo(str(finding), err=True)
    if one.error:
        click.echo(f"error: {one.error}", err=True)


def _as_dict(one: Imported) -> dict[str, Any]:
    findings = [
        {key: getattr(finding, key) for key in ("id", "severity", "where", "text", "fix")} for finding in one.findings
    ]
    place = None if one.folder is None else one.folder.as_posix()
    return {"source": one.source, "folder": place, "error": one.error, "findings": findings}
