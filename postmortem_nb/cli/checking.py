"""``check`` and ``actions``: what is weak, and what will be done."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from postmortem_nb.cli.display import print_result, shown
from postmortem_nb.cli.options import SettingsCommand, given_settings, verbose_option
from postmortem_nb.errors import PostmortemError

if TYPE_CHECKING:
    from postmortem_nb.analysis import Analysis
    from postmortem_nb.findings import Finding

PLURALS = {"error": "Errors", "warning": "Warnings", "note": "Notes"}
FORMS = ("csv", "markdown", "github", "gitlab", "jira")  # a test holds them equal to those of `actions.FORMATS`


@click.command(cls=SettingsCommand)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@verbose_option
def check(names: tuple[str, ...], as_json: bool, **settings: Any) -> int:
    """Print what is weak or contradicts itself.

    By severity and kind, each with its place, why it matters and what to do; those accepted in incident.toml stand
    last. Reads and analyses each incident, and writes nothing. Exits with 1 if there is a finding of severity error,
    or an incident that cannot be read.
    """
    from postmortem_nb.runner import check_settings

    given = given_settings(settings)
    check_settings(given)
    reports = [_checked(name, given) for name in names]
    if as_json:
        print_result(json.dumps(reports, indent=2, ensure_ascii=False))
    for report in reports:
        if not as_json:
            print_result("\n".join(_told(report)))
        click.echo(f"{report['incident']}: {_counted(report)}", err=True)
    return int(any(f["severity"] == "error" for report in reports for f in report["findings"]))


def _told(report: dict[str, Any]) -> Iterator[str]:
    """Yield the lines on one incident."""
    yield f"{report['incident']}: {_counted(report)}"
    for severity, plural in PLURALS.items():
        found = [f for f in report["findings"] if f["severity"] == severity]
        if found:
            yield f"\n{plural}"
        for id_ in dict.fromkeys(f["id"] for f in found):
            of_kind = [f for f in found if f["id"] == id_]
            yield f"  {id_}{f': {why}' if (why := of_kind[0]['why']) else ''}"
            last = ""
            for finding in of_kind:
                yield f"    {': '.join(filter(None, (finding['where'], finding['text'])))}"
                if finding["fix"] and finding["fix"] != last:
                    yield f"      {finding['fix']}"
                last = finding["fix"]
    if report["accepted"]:
        yield "\nAccepted"
        for finding in report["accepted"]:
            yield f"    {finding['where']}: {finding['text']} [{finding['id']}]"
            yield f"      Reason: {finding['reason']}"
    yield ""


def _counted(report: dict[str, Any]) -> str:
    """Say how many there are of each severity: ``1 error, 2 warnings``."""
    numbers = Counter(finding["severity"] for finding in report["findings"])
    parts = [f"{n} {severity}{'s' if n > 1 else ''}" for severity, n in numbers.items()] or ["no findings"]
    return ", ".join([*parts, *([f"{len(report['accepted'])} accepted"] if report["accepted"] else [])])


def _checked(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the findings on an incident; what stops the analysis is an error among them."""
    from postmortem_nb.analysis import analyze
    from postmortem_nb.evidence import load
    from postmortem_nb.findings import Finding, worst_first

    try:
        analysis = analyze(load(name, redact=settings.get("redact", "auto")), **settings)
    except PostmortemError as error:
        placed = [re.fullmatch(r"(?:(\S+:\d+): )?(.*)", line) for line in str(error).splitlines()]
        unreadable = [Finding("unreadable", "error", line[1] or "", line[2]) for line in placed if line]
        return {"incident": Path(name).name, "findings": [dict(f.__dict__) for f in unreadable], "accepted": []}
    findings = worst_first([*_unknown(analysis), *analysis.findings])
    return {
        "incident": analysis.incident.id,
        "findings": [dict(finding.__dict__) for finding in findings],
        "accepted": [{**a.finding.__dict__, "reason": a.reason} for a in analysis.accepted],
    }


def _unknown(analysis: Analysis) -> Iterator[Finding]:
    """Yield every claim of the narrative that does not exist: no report is made until all are mended."""
    from postmortem_nb.findings import Finding
    from postmortem_nb.narrative import FILE, read_narrative, unresolved

    try:
        passages = read_narrative(analysis.incident.narrative)
    except PostmortemError as error:
        yield Finding("unreadable", "error", FILE, str(error))
        return
    for where, text in unresolved(passages.values(), analysis.claims):
        what, end, fix = text.partition("'. ")
        yield Finding("unknown-claim", "error", where, f"{what}{end}".rstrip(), fix)


@click.command()
@click.argument("name")
@click.option("--format", "form", type=click.Choice(FORMS), default="markdown", show_default=True, help="As what.")
@click.option("--project", default="", help="Key of the Jira project.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A new file instead of stdout.")
@verbose_option
def actions(name: str, form: str, project: str, output: Path | None) -> None:
    """Print the action items of an incident for another tool.

    csv and markdown hold all of them, markdown the decisions not to act too. github, gitlab and jira are the JSON that
    their interfaces take to make issues of the items that are open; nothing is sent.
    """
    from postmortem_nb.actions import export
    from postmortem_nb.evidence import load
    from postmortem_nb.runner.publishing import write_new

    text = export(load(name), form, project=project)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_new(output, text)
        print_result(shown(output.absolute()))
