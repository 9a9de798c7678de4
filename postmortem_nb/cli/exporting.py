"""``review`` and ``export``: what a status requires, and the same story in other forms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from postmortem_nb.cli.display import print_result, shown
from postmortem_nb.cli.options import SettingsCommand, given_settings, verbose_option
from postmortem_nb.errors import SettingError, SourceError

if TYPE_CHECKING:
    from postmortem_nb.analysis import Analysis

FOLDER = click.Path(file_okay=False, path_type=Path)
NAMES = {"form": ("report", "blog", "summary", "customer"), "target": ("html", "markdown", "wiki", "json", "pdf")}
STATUSES = ("draft", "in review", "reviewed", "published")


@click.command(cls=SettingsCommand)
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@verbose_option
def review(name: str, as_json: bool, **settings: Any) -> int:
    """Show what a postmortem still lacks for the next status.

    Draft, in review, reviewed, published: each requires what the one before it does, and more. Writes nothing. Exits
    with 1 if the status that incident.toml declares is not met.
    """
    from postmortem_nb.review import missing_for, next_status

    analysis = _investigated(name, given_settings(settings))
    status = analysis.incident.facts.status
    following = next_status(status)
    unmet = missing_for(analysis, status)
    wanted = tuple(m for m in missing_for(analysis, following) if m not in unmet) if following else ()
    if as_json:
        about = {"incident": analysis.incident.id, "status": status, "next": following}
        lists = {"missing": [m.__dict__ for m in unmet], "missing_for_next": [m.__dict__ for m in wanted]}
        print_result(json.dumps(about | lists, indent=2, ensure_ascii=False))
        return int(bool(unmet))
    for heading, found in ((f"declared as {status}, but", unmet), (f"for {following}:", wanted)):
        for missing in found:
            print_result(f"{analysis.incident.id}: {heading} {missing}")
    if following and not unmet and not wanted:
        click.echo(f'{analysis.incident.id}: nothing is missing; status = "{following}" may be declared.', err=True)
    elif not following and not unmet:
        click.echo(f"{analysis.incident.id}: published, and nothing is missing.", err=True)
    return int(bool(unmet))


@click.command(cls=SettingsCommand)
@click.argument("name")
@click.option("--form", type=click.Choice(NAMES["form"]), default="report", show_default=True, help="Which form.")
@click.option("--to", "target", type=click.Choice(NAMES["target"]), default="html", show_default=True, help="As what.")
@click.option(
    "--as", "status", type=click.Choice(STATUSES), help="The status to export it as; the declared one by default."
)
@click.option("-o", "--output", type=FOLDER, default=Path("reports"), show_default=True, help="Folder for the results.")
@verbose_option
def export(name: str, form: str, target: str, status: str | None, output: Path, **settings: Any) -> int:
    """Write the story in one of its forms; print the path.

    The full report, a blog post, a summary of one screen, or a version for customers, as a page, on paper or as
    Markdown. A PDF is printed by the Chromium that is on PATH, else by WeasyPrint. What the status requires and is
    missing is an error that lists it. A draft may always be exported, and says so.
    """
    from postmortem_nb.forms import compose
    from postmortem_nb.forms.customer import left_out
    from postmortem_nb.runner import publishing

    given = given_settings(settings)
    analysis = _investigated(name, given)
    if form == "report" and target == "html":
        return _page(analysis, name, status, output, given)
    if target == "pdf":
        return _paper(analysis, name, form, status, output, given)
    if form == "report" and target == "json":
        files = {".json": publishing.as_json(analysis.to_dict())}
    else:
        files = compose(analysis, form, target, status or "")
    publishing.make_folder(output)
    paths = [output / f"{analysis.incident.id}{ending}" for ending in files]
    for path, text in zip(paths, files.values(), strict=True):
        publishing.write_whole(path, text)
    print_result(shown(paths[-1].absolute()))
    if form == "customer" and (count := left_out(analysis)):
        were = "text of incident.toml was" if count == 1 else "texts of incident.toml were"
        click.echo(
            f"{count} {were} left out: what names something internal, or looks like it, is not for customers. "
            "Say it for them in [public].",
            err=True,
        )
    if form == "customer" and not analysis.incident.facts.public.done:
        click.echo("What you did is not told: write `done` under [public] of incident.toml.", err=True)
    return 0


def _investigated(name: str, settings: dict[str, Any]) -> Analysis:
    from postmortem_nb.sections import investigate

    return investigate(name, **settings).analysis


def _paper(analysis: Analysis, name: str, form: str, status: str | None, output: Path, settings: dict[str, Any]) -> int:
    """Print the page of a form; the report's is made and kept beside it."""
    from postmortem_nb.forms import compose
    from postmortem_nb.report.pdf import check, to_pdf
    from postmortem_nb.runner import publishing

    check()
    target = output / f"{analysis.incident.id}{'' if form == 'report' else f'.{form}'}.pdf"
    if form == "report":
        page = _made_page(analysis, name, status, output, settings)
        if page is None:
            return 1
        html = page.read_text(encoding="utf-8")
    else:
        html = list(compose(analysis, form, "html", status or "").values())[-1]
    publishing.make_folder(output)
    publishing.write_whole(target, to_pdf(html))
    print_result(shown(target.absolute()))
    return 0


def _page(analysis: Analysis, name: str, status: str | None, output: Path, settings: dict[str, Any]) -> int:
    """Write the report that ``run`` writes, if its status allows it."""
    page = _made_page(analysis, name, status, output, settings)
    if page is not None:
        print_result(shown(page))
    return int(page is None)


def _made_page(
    analysis: Analysis, name: str, status: str | None, output: Path, settings: dict[str, Any]
) -> Path | None:
    """Run the report and return its page; None, with the reason on stderr, if the run failed."""
    from postmortem_nb.review import require
    from postmortem_nb.runner import find_notebook, run

    try:
        find_notebook(analysis.incident.folder)
    except SourceError as error:
        raise SourceError(
            f"{error} The page of the report is what that notebook makes; --to markdown and --to wiki tell the same "
            "and need no notebook."
        ) from error
    declared = analysis.incident.facts.status
    require(analysis, status or declared)
    if status not in (None, declared):
        raise SettingError(
            f"The page of the report shows the status that incident.toml declares ({declared}). Declare {status} "
            "there, or export Markdown: --to markdown."
        )
    outcome = run(name, output=output, settings=settings)
    if outcome.html is None:
        click.echo(f"{outcome.incident}: {outcome.status}. {outcome.message}", err=True)
    return outcome.html
