"""Redaction: secrets and personal data become keyed tokens that keep correlation, such as ``<ip:3f2a9c>``.

Rules are data (``rules/*.toml``); `Redactor` applies those of a profile to columns, `redact_incident` to everything
that was loaded, `find_leaks` to what is about to be published. It finds most, never all (docs/redaction.md).
"""

from __future__ import annotations

import functools
import secrets

from postmortem_nb.redaction.engine import Redactor
from postmortem_nb.redaction.gate import Leak, find_leaks, refuse_leaks
from postmortem_nb.redaction.rules import PROFILES, Rule, check_profile
from postmortem_nb.redaction.whole import redact_incident

__all__ = [
    "PROFILES",
    "Leak",
    "Redactor",
    "Rule",
    "check_profile",
    "find_leaks",
    "redact",
    "redact_incident",
    "refuse_leaks",
]


def redact(text: str, *, profile: str = "public", key: bytes | None = None) -> str:
    """Return a text with secrets and personal data replaced by keyed tokens.

    Parameters
    ----------
    text : str
        Any text; without a hit it comes back byte for byte.
    profile : {"public", "shared", "internal", "none"}
        ``internal`` replaces credentials alone, ``shared`` personal data too, ``public`` also addresses, hosts and
        names of accounts.
    key : bytes, optional
        The same secret has the same token under the same key. Unless given, it is drawn once for this process.

    Raises
    ------
    SettingError
        If there is no such profile.

    Examples
    --------
    >>> redact("login by ada@example.com failed", key=b"k")
    'login by <email:6b4f08> failed'
    """
    return _redactor(check_profile(profile), key or _process_key()).text(text)


@functools.lru_cache(maxsize=16)
def _redactor(profile: str, key: bytes) -> Redactor:
    return Redactor(profile, key)


@functools.cache
def _process_key() -> bytes:
    return secrets.token_bytes(32)
