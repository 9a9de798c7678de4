"""The command ``postmortem-nb``: results on stdout, everything else on stderr, exit codes that scripts can
trust.

0 all done · 1 an incident failed or a check found an error · 2 wrong usage · 130 interrupted. Importing this
module is quick: what a command needs is imported when it runs.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

import postmortem_nb
from postmortem_nb.cli.checking import actions, check
from postmortem_nb.cli.claims import claims
from postmortem_nb.cli.comparing import diff
from postmortem_nb.cli.digesting import digest
from postmortem_nb.cli.exporting import export, review
from postmortem_nb.cli.importing import import_
from postmortem_nb.cli.incidents import list_incidents, new
from postmortem_nb.cli.options import State, verbose_option
from postmortem_nb.cli.running import batch, run
from postmortem_nb.cli.trends import trends
from postmortem_nb.cli.verifying import verify
from postmortem_nb.cli.workbench import doctor, lab, schema
from postmortem_nb.cli.writing import draft
from postmortem_nb.errors import PostmortemError, SettingError

__all__ = ["app", "main"]

NAME = "postmortem-nb"
INTERRUPTED = 130


EXIT_CODES = """\b
Exit codes:
  0    all done
  1    an incident failed, or a check found an error (the rest still ran)
  2    wrong usage
  130  interrupted
"""


@click.group(
    name=NAME,
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(postmortem_nb.__version__, prog_name=NAME)
@verbose_option
def app() -> None:
    """Turn folders of incident evidence into postmortems."""


for command in (
    new,
    import_,
    draft,
    check,
    actions,
    claims,
    review,
    run,
    batch,
    export,
    diff,
    trends,
    verify,
    list_incidents,
    digest,
    lab,
    doctor,
    schema,
):
    app.add_command(command)


def main(args: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code; a message stands alone, ``-v`` adds the traceback."""
    state = State()
    try:
        code: Any = app.main(args, prog_name=NAME, standalone_mode=False, obj=state)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        code = INTERRUPTED
    except PostmortemError as error:
        _say(str(error), state)
        code = 2 if isinstance(error, SettingError) else 1
    except Exception as error:
        _say(f"Unexpected {type(error).__name__}: {error}. This is a fault of {NAME}; -v shows where.", state)
        code = 1
    sys.exit(code or 0)


def _say(message: str, state: State) -> None:
    """Print an error on stderr, with the traceback of the current exception if it was asked for."""
    if state.is_verbose:
        click.echo(traceback.format_exc(), err=True, nl=False)
    click.echo(f"{NAME}: {message}", err=True)
