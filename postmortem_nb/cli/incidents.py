"""``new`` and ``list``: the folders of incidents."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from pathlib import Path

import click

from postmortem_nb.cli.display import print_result, shown
from postmortem_nb.cli.options import verbose_option
from postmortem_nb.errors import SettingError, SourceError

INCIDENTS = Path("data", "incidents")
NAME = re.compile(r"(\d{4}-\d{2}-\d{2})((?:-[a-z0-9]+)+)")
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
PLACE = click.Path(file_okay=False, path_type=Path)
SCAFFOLD = Path(__file__).parents[1] / "scaffold"


def incidents_in(folder: Path | None) -> list[str]:
    """Return how to call each incident in a folder, or in ``data/incidents`` of the working folder or above.

    Raises
    ------
    SourceError
        If there is none.
    """
    from postmortem_nb.evidence import list_incidents as names_in

    names = names_in(folder)
    if not names:
        place = folder if folder is not None else f"{INCIDENTS.as_posix()} of {Path.cwd()} or a folder above it"
        raise SourceError(f"There is no incident in {place}. Name a folder whose folders have an incident.toml.")
    return names if folder is None else [str(folder / name) for name in names]


@click.command("list")
@click.argument("folder", type=FOLDER, required=False)
@click.option("--json", "as_json", is_flag=True, help="Print id, title, status, severity and services.")
@verbose_option
def list_incidents(folder: Path | None, as_json: bool) -> None:
    """List the incidents of a folder.

    FOLDER is data/incidents of this folder or a parent, unless given.
    """
    names = incidents_in(folder)
    if not as_json:
        for name in names:
            print_result(Path(name).name)
        return
    from postmortem_nb.evidence import load

    rows = []
    for name in names:
        incident = load(name)
        about = {key: getattr(incident.facts, key) for key in ("title", "status", "severity", "services")}
        rows.append({"id": incident.id, **about})
    print_result(json.dumps(rows, indent=2, ensure_ascii=False))


@click.command()
@click.argument("name")
@click.option("--title", help="Title of the postmortem; the words of NAME, unless given.")
@click.option("--folder", type=PLACE, help="Where to put it instead of data/incidents.")
@verbose_option
def new(name: str, title: str | None, folder: Path | None) -> None:
    """Make the folder of a new incident.

    It is filled from a template with comments that explain it, and its path is printed.
    NAME is the day and some words, such as 2024-01-14-web-outage.
    """
    match = NAME.fullmatch(name)
    if not match:
        raise SettingError(
            f"{name!r} is not a name for an incident. "
            "Write the day and lower-case words, such as 2024-01-14-web-outage."
        )
    try:
        day = dt.date.fromisoformat(match[1])
    except ValueError as error:
        raise SettingError(f"{name!r}: {match[1]} is not a day ({error}).") from error
    target = (folder or home_of_incidents()) / name
    if target.exists():
        raise SettingError(f"{shown(target)} exists already. Choose another name, or edit it.")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(SCAFFOLD, target, ignore=shutil.ignore_patterns("__pycache__"))
    _fill_in(target / "incident.toml", title or match[2].replace("-", " ").strip().capitalize(), day)
    print_result(shown(target))


def home_of_incidents() -> Path:
    """Return ``data/incidents`` of the nearest folder upwards that has one, else of the working folder."""
    here = Path.cwd()
    return next((p / INCIDENTS for p in (here, *here.parents) if (p / INCIDENTS).is_dir()), here / INCIDENTS)


def _fill_in(path: Path, title: str, day: dt.date) -> None:
    """Write title and day into the lines of the template that set them, or show how to; the rest stays."""
    text = path.read_text(encoding="utf-8")
    for key, value in (("title", json.dumps(title, ensure_ascii=False)), ("date", day.isoformat())):
        line = re.compile(rf'^#?({key}\s*=\s*)(?:"[^"]*"|[^\s#]+)', re.MULTILINE)
        found = line.search(text)
        if found is None:
            raise SourceError(f"{shown(path)}: the template has no line `{key} = …`.")
        text = found[1].join([text[: found.start()], value + text[found.end() :]])
    path.write_text(text, encoding="utf-8")
