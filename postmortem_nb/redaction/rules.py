"""Rules as data: what each finds, from which profile on, and the lines that it must and must not match."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from postmortem_nb.errors import IncidentError, SettingError, near
from postmortem_nb.redaction.checks import CHECKS

PROFILES = ("none", "internal", "shared", "public")  # each replaces what the one before it does, and more
ASCII = {r"\w": "0-9A-Za-z_", r"\s": r" \t\r\n\f\v", r"\d": "0-9"}
SHIPPED = Path(__file__).parent / "rules"
UNCHECKED = {"patterns": "known to be good"}  # context of rules whose patterns are not tried


class Rule(BaseModel):
    """One rule: ``before``, ``secret`` and ``after`` are patterns in Rust's syntax, side by side, without groups.

    ``profile`` is the first that applies it; a line without any of ``keywords`` (in any case) is not looked at;
    ``fields`` are paths of keys in JSON (``user.email``) whose values are secret, in place of a pattern. In ``hits``
    the secret stands between ‹ and ›.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    kind: str = Field(pattern=r"^[a-z-]+$")
    profile: str = "internal"
    keywords: tuple[str, ...] = ()
    before: str = ""
    secret: str = ""
    after: str = ""
    fields: tuple[str, ...] = ()
    check: str = ""
    generic: bool = False
    hits: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()

    @field_validator("profile")
    @classmethod
    def _profile(cls, value: str) -> str:
        return check_profile(value)

    @field_validator("check")
    @classmethod
    def _check(cls, value: str) -> str:
        if value and value not in CHECKS:
            raise ValueError(f"there is no check {value!r}. {near(value, CHECKS)}")
        return value

    @model_validator(mode="after")
    def _pattern(self, info: ValidationInfo) -> Rule:
        if info.context == UNCHECKED:
            return self
        if bool(self.secret) == bool(self.fields):
            raise ValueError("a rule has either a pattern (`secret`) or `fields`")
        try:
            found = pl.select(pl.lit("").str.extract_groups(self.pattern)).to_series()
        except pl.exceptions.ComputeError as error:
            raise ValueError(f"its pattern cannot be read ({str(error).splitlines()[-1]})") from error
        if len(found.struct.fields) != 3:
            raise ValueError("its patterns hold groups; write (?:…)")
        return self

    @property
    def pattern(self) -> str:
        """The whole pattern, with one group for each of its three parts."""
        return ascii_only(f"({self.before})({self.secret})({self.after})")


def ascii_only(pattern: str) -> str:
    r"""Return a pattern whose ``\w``, ``\s``, ``\d`` and ``\b`` mean ASCII alone: it is built and run much faster.

    >>> ascii_only(r"\b[\w.]+") == r"(?-u:\b)[0-9A-Za-z_.]+"
    True
    """
    whole, inside = "", False
    for part in re.findall(r"\\.|\[\^?\]?|\]|[^\\\[\]]+", pattern, re.DOTALL):
        if part[0] == "[" and not inside:
            whole, inside = whole + part, True
        elif part == "]" and inside:
            whole, inside = whole + part, False
        elif part in ASCII and inside:
            whole += ASCII[part]
        elif part in ASCII:
            whole += f"[{ASCII[part]}]"
        else:
            whole += r"(?-u:\b)" if part == r"\b" and not inside else part
    return whole


def check_profile(name: str) -> str:
    """Return the name of a profile.

    Raises
    ------
    SettingError
        If there is none of that name; offers near ones.
    """
    if name not in PROFILES:
        raise SettingError(f"redact: there is no profile {name!r}. {near(str(name), PROFILES)}")
    return name


def read_rules_file(path: Path, *, is_checked: bool = True) -> tuple[Rule, ...]:
    """Read the rules of a TOML file; unless they are known to be good, their patterns are tried.

    Raises
    ------
    IncidentError
        If it is not TOML, or a rule makes no sense; names file and rule.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("rule", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise IncidentError(f"{path.name}: it is not TOML ({error}).") from error
    rules = []
    for number, entry in enumerate(entries, 1):
        try:
            rules.append(Rule.model_validate(entry, context=None if is_checked else UNCHECKED))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            said = first["msg"].removeprefix("Value error, ")
            raise IncidentError(f"{path.name}: rule {number}: {f'{place}: ' if place else ''}{said}.") from error
    return tuple(rules)


@functools.cache
def shipped_rules() -> tuple[Rule, ...]:
    """Return the rules of the package, those that know a secret by its form before those that know its name."""
    paths = sorted(SHIPPED.glob("*.toml"))
    return tuple(rule for path in paths for rule in read_rules_file(path, is_checked=False))  # the tests check them


def rules_of(profile: str, own: Sequence[Rule] = ()) -> tuple[Rule, ...]:
    """Return the rules that a profile applies, a team's own first."""
    reach = PROFILES.index(check_profile(profile))
    return tuple(r for r in (*own, *shipped_rules()) if PROFILES.index(r.profile) <= reach)
