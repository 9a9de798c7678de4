"""Options that commands share; those of the analysis are drawn from `Settings`, so that there is one list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click
from click.core import ParameterSource

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class State:
    """What holds for the whole command line."""

    is_verbose: bool = False


def _remember_verbose(context: click.Context, option: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(State).is_verbose = True


verbose_option = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    expose_value=False,
    callback=_remember_verbose,
    help="Show the traceback behind an error.",
)


def is_verbose() -> bool:
    """Return whether ``-v`` was given, before or after the name of the command."""
    return click.get_current_context().ensure_object(State).is_verbose


class SettingsCommand(click.Command):
    """A command with one option for each field of `postmortem_nb.analysis.Settings`.

    The options are made when they are first needed: importing the analysis takes longer than printing a list
    of commands.
    """

    _settings: list[click.Parameter] | None = None

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own parameters and those of the settings behind them."""
        if self._settings is None:
            self._settings = setting_options()
        own = super().get_params(ctx)
        return [*own[:-1], *self._settings, own[-1]]  # --help stays last


def setting_options() -> list[click.Parameter]:
    """Return an option for each setting, with its description, default and type."""
    from postmortem_nb.analysis import Settings
    from postmortem_nb.runner.parameters import kinds_of_setting

    options: list[click.Parameter] = []
    for name, field in Settings.model_fields.items():
        flag = "--" + name.replace("_", "-")
        options.append(
            click.Option(
                [flag, name],
                default=field.default,
                show_default=True,
                type=SettingType(kinds_of_setting(name)),
                metavar="TEXT",
                help=field.description,
            )
        )
    return options


class SettingType(click.ParamType[Any]):
    """A value of a setting: what reads as a number is one, where the setting takes numbers."""

    name = "setting"

    def __init__(self, kinds: set[type]) -> None:
        self.kinds = kinds

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read a value from the command line."""
        if not isinstance(value, str):
            return value
        if bool in self.kinds:
            return click.BOOL.convert(value, param, ctx)
        for kind in (int, float):
            if kind in self.kinds:
                try:
                    return kind(value)
                except ValueError:
                    continue
        if str not in self.kinds:
            self.fail(f"{value!r} is not a number.", param, ctx)
        return value


def given_settings(values: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that were written on the command line, without the defaults."""
    source = click.get_current_context().get_parameter_source
    return {name: value for name, value in values.items() if source(name) is not ParameterSource.DEFAULT}
