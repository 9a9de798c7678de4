"""What belongs to a repository: the key of its tokens, made at first use, and rules of its team."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from postmortem_nb.errors import SettingError
from postmortem_nb.redaction.rules import Rule, read_rules_file

VARIABLE = "POSTMORTEM_NB_KEY"  # the key as hexadecimal digits, where no file is wanted
HOME = ".postmortem-nb"  # a folder that git ignores by a file of its own
OWN_RULES = "redaction.toml"
BYTES = 32


def repository_of(folder: Path) -> Path:
    """Return the nearest folder above an incident with ``.git`` or ``data/incidents``, else the one that holds it."""
    above = folder.resolve().parents
    return next((p for p in above if (p / ".git").exists() or (p / "data" / "incidents").is_dir()), above[0])


def key_of(folder: Path) -> bytes:
    """Return the key for the tokens of an incident: of the environment, else of its repository, made if missing.

    It stays on this machine: whoever has it can try out which address a token stands for.

    Raises
    ------
    SettingError
        If it can be neither read nor written.
    """
    given = os.environ.get(VARIABLE, "")
    try:
        if given:
            return bytes.fromhex(given)
        path = repository_of(folder) / HOME / "key"
        if not path.is_file():
            _make(path)
        return bytes.fromhex(path.read_text(encoding="ascii"))
    except OSError as error:
        raise SettingError(
            f"The key of redaction cannot be kept in {HOME} ({error.strerror}). Make its folder writable, or set "
            f"{VARIABLE} to {2 * BYTES} hexadecimal digits."
        ) from error
    except ValueError as error:
        place = VARIABLE if given else f"{HOME}/key"
        raise SettingError(f"{place}: it holds no hexadecimal digits. Write {2 * BYTES} of them.") from error


def _make(path: Path) -> None:
    """Write a new key, readable for this account alone; of two that do so at once, one wins."""
    path.parent.mkdir(exist_ok=True)
    (path.parent / ".gitignore").write_text("*\n", encoding="ascii")
    part = path.with_name(f"key-{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(BYTES))
    try:
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink(missing_ok=True)


def own_rules(folder: Path) -> tuple[Rule, ...]:
    """Return the rules of a team: of the incident's ``redaction.toml``, then of its repository's.

    Raises
    ------
    IncidentError
        If a file or rule makes no sense.
    """
    places = dict.fromkeys((folder.resolve() / OWN_RULES, repository_of(folder) / OWN_RULES))
    return tuple(rule for path in places if path.is_file() for rule in read_rules_file(path))
