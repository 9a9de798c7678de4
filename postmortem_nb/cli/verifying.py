"""``verify``: whether published numbers still hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from postmortem_nb.cli.display import print_result, shown
from postmortem_nb.cli.options import SettingsCommand, given_settings, verbose_option
from postmortem_nb.errors import PostmortemError, SettingError, SourceError
from postmortem_nb.wording import counted

if TYPE_CHECKING:
    from postmortem_nb.published import Verdict

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(cls=SettingsCommand)
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("--accept", is_flag=True, help="Record the numbers as they are now; needs --reason.")
@click.option("--reason", default="", help="Why they moved; it is kept with the numbers.")
@click.option("--records", type=FOLDER, help="Folder of the records, instead of data/published.")
@click.option("--results", type=FOLDER, help="Take the results of this folder instead of analysing the evidence anew.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as JSON.")
@verbose_option
def verify(
    names: tuple[str, ...],
    accept: bool,
    reason: str,
    records: Path | None,
    results: Path | None,
    as_json: bool,
    **settings: Any,
) -> int:
    """Fail where a published number has moved.

    Analyses incidents anew. NAME is a folder in data/incidents of this folder or a parent, or a path; all of them
    unless given. Their numbers are recorded in data/published/NAME.json. Prints each number that moved: from, to, and
    which evidence, setting or version changed. With --accept the record is written anew, with the reason, for
    reviewers to see in version control.
    Exits with 1 if a number moved or an incident has no record.
    """
    from postmortem_nb.cli.incidents import incidents_in
    from postmortem_nb.evidence import find_incident

    if accept != bool(reason):
        raise SettingError("--accept and --reason belong together: say why the numbers are accepted.")
    given = given_settings(settings)
    verdicts: list[Verdict] = []
    broken = []
    try:
        folders = [find_incident(name).resolve() for name in names or incidents_in(None)]
    except SourceError as error:  # wrong use: 1 would say that a number moved
        raise SettingError(str(error)) from error
    for folder in folders:
        try:
            if accept:
                print_result(shown(_accept(folder, reason, records, results, given)))
            else:
                verdicts.append(_verdict(folder, records, results, given))
        except SettingError:
            raise
        except PostmortemError as error:
            click.echo(f"{folder.name}: {error}", err=True)
            broken.append(folder)
    if as_json:
        print_result(json.dumps([_as_dict(v) for v in verdicts], indent=2, ensure_ascii=False))
    else:
        _print_moved(verdicts)
    return int(bool(broken) or not all(v.is_ok for v in verdicts))


def _verdict(folder: Path, records: Path | None, results: Path | None, settings: dict[str, Any]) -> Verdict:
    """Hold one incident against its record, and say on stderr how it stands."""
    from postmortem_nb.published import record_of, side_of, verify

    verdict = verify(side_of(folder, results, **settings), record_of(folder, records))
    _tell(verdict)
    return verdict


def _accept(folder: Path, reason: str, records: Path | None, results: Path | None, settings: dict[str, Any]) -> Path:
    """Record the numbers of one incident as they are now; return where."""
    from postmortem_nb.published import as_record, record_of, side_of
    from postmortem_nb.runner.publishing import write_whole

    path = record_of(folder, records)
    text = as_record(side_of(folder, results, **settings), reason, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)
    return path


def _print_moved(verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        for change in verdict.moved:
            by = f" ({change.by})" if change.by else ""
            text = f"{change.name}: {change.old or 'none'} → {change.new or 'none'}{by}: {'; '.join(change.why)}"
            print_result(f"{verdict.incident}: {text}")


def _tell(verdict: Verdict) -> None:
    """Say on stderr how one incident stands."""
    if not verdict.numbers:
        said = f"no published numbers are recorded in {shown(verdict.path)}; `verify --accept --reason …` records them"
    else:
        said = f"{verdict.numbers - len(verdict.moved)} of {counted(verdict.numbers, 'number')} hold"
    fresh = f", {len(verdict.fresh)} new since" if verdict.fresh else ""
    click.echo(f"{verdict.incident}: {said}{fresh}", err=True)


def _as_dict(verdict: Verdict) -> dict[str, Any]:
    return {
        "incident": verdict.incident,
        "record": shown(verdict.path),
        "numbers": verdict.numbers,
        "moved": [c.as_dict() for c in verdict.moved],
        "new": list(verdict.fresh),
    }
