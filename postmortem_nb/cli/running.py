"""``run`` and ``batch``: incidents in, reports out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from postmortem_nb.cli.display import Display, print_result, shown
from postmortem_nb.cli.options import F, SettingsCommand, given_settings, is_verbose, verbose_option

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from postmortem_nb.batch import Batch

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def run_options(function: F) -> F:
    """Add the options that ``run`` and ``batch`` share."""
    options: list[Callable[[F], F]] = [
        click.option(
            "-o",
            "--output",
            type=FOLDER,
            default=Path("reports"),
            show_default=True,
            help="Folder for the results.",
        ),
        click.option("--notebook", type=FILE, help="Another notebook than notebooks/postmortem.ipynb."),
        click.option("--timeout", default="10min", show_default=True, help="Limit of one notebook's execution."),
        click.option("--memory", help="Limit of the memory of one notebook, such as 2GB."),
        click.option("-j", "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Incidents at a time."),
        click.option("--cold", is_flag=True, help="Start every kernel from nothing instead of forking it."),
        click.option("--only-changed", is_flag=True, help="Leave reports as they are whose inputs are the same."),
        click.option("--keep-going/--stop", default=True, show_default=True, help="Whether to go on after a failure."),
        click.option("--json", "as_json", is_flag=True, help="Print outcomes as JSON, not the paths of reports."),
        verbose_option,
    ]
    for option in reversed(options):
        function = option(function)
    return function


@click.command(cls=SettingsCommand)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@run_options
def run(names: tuple[str, ...], **options: Any) -> int:
    """Run incidents; print the path of each HTML report.

    NAME is a folder in data/incidents of this folder or a parent, or a path. Writes <id>.ipynb, <id>.html and
    <id>.json; of a failed run only <id>.failed.ipynb, and the files of an earlier good run stay.
    """
    return _run(list(names), record=False, **options)


@click.command(cls=SettingsCommand)
@click.argument(
    "folders", type=click.Path(exists=True, file_okay=False, path_type=Path), nargs=-1, metavar="[FOLDER]..."
)
@click.option("--cluster", metavar="tcp://HOST:PORT", help="Address of a Dask scheduler whose workers run them.")
@run_options
def batch(folders: tuple[Path, ...], cluster: str | None, **options: Any) -> int:
    """Run every incident of some folders.

    FOLDER is data/incidents of this folder or a parent, unless given. Prints the path of each HTML report, and writes
    batch.json: what became of each incident, and the time between the failures of each service.
    """
    from postmortem_nb.cli.incidents import incidents_in

    names = [name for folder in folders or (None,) for name in incidents_in(folder)]
    if cluster is None:
        return _run(names, record=True, **options)
    from postmortem_nb.cli.digesting import connected

    with connected(cluster) as client:
        return _run(names, record=True, executor=client.get_executor(pure=False), **options)


def _run(
    names: list[str],
    *,
    output: Path,
    notebook: Path | None,
    timeout: str,
    memory: str | None,
    jobs: int,
    cold: bool,
    only_changed: bool,
    keep_going: bool,
    as_json: bool,
    record: bool,
    executor: Executor | None = None,
    **settings: Any,
) -> int:
    from postmortem_nb.batch import run_all
    from postmortem_nb.batch.course import INDEX

    with Display(len(names), is_verbose=is_verbose()) as display:
        done = run_all(
            names,
            output=output,
            notebook=notebook,
            settings=given_settings(settings),
            timeout=timeout,
            memory=memory,
            jobs=jobs,
            executor=executor,
            is_warm=not cold,
            only_changed=only_changed,
            keep_going=keep_going,
            record=record,
            on_outcome=display.finished,
            progress=display.step,
        )
    _print(done, as_json=as_json)
    if done.is_interrupted:
        click.echo(f"Interrupted; not run: {', '.join(done.not_run) or 'none'}.", err=True)
        return 130
    if done.is_stopped:
        click.echo(f"Stopped at a failure; not run: {', '.join(done.not_run) or 'none'}.", err=True)
    if done.path is not None:
        click.echo(_closing(done, done.path.with_name(INDEX)), err=True)
    return 0 if done.is_ok else 1


def _closing(done: Batch, page: Path) -> str:
    """Say what became of a whole batch, and where it is shown."""
    counted = ", ".join(f"{n} {status}" for status, n in done.counts.items()) or "none was run"
    count = len(done.outcomes)
    return f"{count} incident{'s' if count != 1 else ''} in {done.seconds:.1f} s: {counted}. All on {shown(page)}"


def _print(done: Batch, *, as_json: bool) -> None:
    """Print the results, and nothing but them, on stdout."""
    if as_json:
        outcomes = [outcome.to_dict(Path.cwd()) for outcome in done.outcomes]
        print_result(json.dumps(outcomes, indent=2, ensure_ascii=False))
        return
    for outcome in done.outcomes:
        if outcome.html is not None:
            print_result(shown(outcome.html))
