"""``trends``: many incidents side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from postmortem_nb.cli.display import Display, print_result, shown
from postmortem_nb.cli.options import is_verbose, verbose_option

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
PLACE = click.Path(path_type=Path)
# Written out, so that listing commands stays quick; a test holds them to those of the package.
DIVISIONS = ("severity", "service", "channel", "factor", "team")
STEPS = ("auto", "day", "week", "month", "quarter", "year")


@click.command()
@click.argument("results", nargs=-1, type=PLACE)
@click.option(
    "--feed", "feeds", multiple=True, type=PLACE, help="Feed of a status page: a file or folder. May be repeated."
)
@click.option("--from", "start", default="auto", show_default=True, help="Begin of the period: a date or an instant.")
@click.option("--to", "end", default="auto", show_default=True, help="End of the period, which does not belong to it.")
@click.option("--by", type=click.Choice(DIVISIONS), default="severity", show_default=True, help="What to compare by.")
@click.option("--measure", default="impact", show_default=True, help="What to compare, such as time_to_detect.")
@click.option("--step", type=click.Choice(STEPS), default="auto", show_default=True, help="How to cut the period.")
@click.option("--objective", type=float, default=0.999, show_default=True, help="Share of the time without impact.")
@click.option("--again", default="30 d", show_default=True, help="Within this time of the last, it is a recurrence.")
@click.option("--mean", is_flag=True, help="Show means too, with n and interval.")
@click.option("--timezone", default="", help="IANA zone of dates and of times in feeds that carry none.")
@click.option("-o", "--output", type=PLACE, default=Path("reports"), show_default=True, help="Folder for the report.")
@click.option("--notebook", type=FILE, help="Another notebook than notebooks/trends.ipynb.")
@click.option("--timeout", default="10min", show_default=True, help="Limit of the notebook's execution.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON, not the path of the report.")
@verbose_option
def trends(results: tuple[Path, ...], feeds: tuple[Path, ...], **options: Any) -> int:
    """Compare many incidents; print the path of the HTML report.

    RESULTS are results of run or batch (reports/ID.json) or folders of them; the folder reports, unless results or
    a feed are given. Writes trends.ipynb, trends.html and trends.json.
    """
    from postmortem_nb.runner.comparing import run_trends
    from postmortem_nb.trends import Question, joined

    about = {key: options.pop(key) for key in ("output", "notebook", "timeout")}
    as_json = options.pop("as_json")
    Question.build(**options)  # what makes no sense is said before a kernel starts
    given = results or (() if feeds else (Path("reports"),))
    values = {"results": joined(given), "feed": joined(feeds), **options}
    with Display(1, is_verbose=is_verbose()) as display:
        outcome = run_trends(values, **about, progress=display.step)
        display.finished(outcome)
    if as_json:
        print_result(json.dumps(outcome.to_dict(Path.cwd()), indent=2, ensure_ascii=False))
    elif outcome.html is not None:
        print_result(shown(outcome.html))
    if outcome.status == "interrupted":
        return 130
    return 0 if outcome.is_ok else 1
