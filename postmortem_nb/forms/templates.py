"""The templates: where they are looked for, what they may do, and what is said of a wrong one.

A team's own template stands in ``templates/`` of an incident, or of the folder that holds ``data/incidents``. It is run
in Jinja's sandbox and sees plain data only; a name that is not there is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    Undefined,
    UndefinedError,
)
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from postmortem_nb.characters import visible
from postmortem_nb.errors import IncidentError
from postmortem_nb.forms.timing import TemplateTimeError, limited
from postmortem_nb.wording import literal

OURS = Path(__file__).parent / "templates"
FOLDER = "templates"


SECONDS = 10.0  # that a template may take; ours take less than a tenth of one
LONGEST = 1_000_000  # characters or items that a product may have


class Prose(str):
    """Markdown that people wrote in ``narrative.md``, or that was put together here: it needs no escaping."""

    __slots__ = ()


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, in which no single operation takes for ever or fills the memory."""

    intercepted_binops = frozenset(("*", "**"))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Refuse powers, and products of texts and lists that are too long."""
        sized = next((len(v) for v in (left, right) if isinstance(v, str | list | tuple)), 0)
        count = next((v for v in (left, right) if isinstance(v, int)), 0)
        if operator == "**" or sized * count > LONGEST:
            raise ValueError(f"{operator} would give too much")
        return super().call_binop(context, operator, left, right)


def _shown(value: Any) -> Any:
    """Return what a template prints: text is literal, unless it is `Prose`."""
    if isinstance(value, Undefined | Prose):
        return value
    return literal(value) if isinstance(value, str) else "" if value is None else value


def places(incident: Path) -> tuple[Path, ...]:
    """Return the folders of a team's own templates, the incident's first."""
    above = [incident.parents[2]] if incident.parent.name == "incidents" and len(incident.parents) > 2 else []
    return tuple(folder / FOLDER for folder in (incident, *above))


def fill(name: str, data: Mapping[str, Any], incident: Path) -> str:
    """Return the Markdown that a template makes of data, with one line feed at its end.

    Raises
    ------
    IncidentError
        For a template that cannot be read or asks for what is not there; names file and line.
    """
    ours = FileSystemLoader(OURS)
    own = [FileSystemLoader(folder) for folder in places(incident.resolve())]
    loader = ChoiceLoader([*own, PrefixLoader({"postmortem": ours}), ours])
    environment = _environment(loader)
    try:
        with limited(environment, SECONDS):
            text = environment.get_template(name).render(**data)
    except TemplateError as error:
        raise IncidentError(_reason(error, name)) from error
    except RecursionError as error:
        raise IncidentError(
            f"{_place(error, name)}: it includes or calls itself for ever. Correct the template."
        ) from error
    except TemplateTimeError as error:
        raise IncidentError(
            f"{_place(error, name)}: it was still at work after {SECONDS:g} s and was stopped. Look for a loop that "
            "does not end."
        ) from error
    except (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError) as error:
        raise IncidentError(f"{_place(error, name)}: {error}. Correct the template.") from error
    lines = [line.rstrip() for line in text.strip().split("\n")]
    return "\n".join(line for n, line in enumerate(lines) if line or lines[n - 1]) + "\n"


def _environment(loader: BaseLoader) -> Environment:
    environment = _Sandbox(
        loader=loader, undefined=StrictUndefined, finalize=_shown, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["prose"] = Prose
    return environment


def _reason(error: TemplateError, name: str) -> str:
    """Say what is wrong with a template, where, and what to do."""
    if isinstance(error, TemplateSyntaxError):
        return f"{FOLDER}/{error.name or name}:{error.lineno}: {error.message}. Correct the template."
    if isinstance(error, UndefinedError):
        return f"{_place(error, name)}: {error.message}. docs/forms.md lists what a template sees."
    message = (error.message or type(error).__name__).rstrip(".")
    return f"{_place(error, name)}: {message}. Correct the template."


def _place(error: Exception, name: str) -> str:
    """Return file and line of the innermost template that an error came from."""
    place, trace = f"{FOLDER}/{name}", error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.suffix == ".j2":
            place = f"{FOLDER}/{file.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


@cache
def _pages() -> Environment:
    environment = Environment(loader=FileSystemLoader(OURS), autoescape=True, undefined=StrictUndefined)
    environment.filters["visible"] = visible
    return environment


def page(**parts: str) -> str:
    """Return the HTML page around a cleaned body; everything but ``body`` and ``css`` is escaped."""
    return _pages().get_template("page.html.j2").render(**parts)
