"""The exception tree. A message says what is wrong with which value, where, and what to do.

PostmortemError
  SourceError     no such incident or file; names where it looked and near names
  ReadError       a file could not be read; file:line and the text
  IncidentError   declared facts that make no sense (also ValueError)
  SettingError    a setting or parameter that makes no sense (also ValueError)
  LeakError       a result holds what should have been redacted; rules and places
  RunError        a notebook failed; cell, error, path of the kept copy
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PostmortemError(Exception):
    """Everything this package raises on purpose."""


class SourceError(PostmortemError):
    """There is no such incident, file or claim."""


class ReadError(PostmortemError):
    """A file could not be read."""


class IncidentError(PostmortemError, ValueError):
    """The declared facts make no sense."""


class SettingError(PostmortemError, ValueError):
    """A setting makes no sense."""


class LeakError(PostmortemError):
    """A result holds what should have been redacted."""


class RunError(PostmortemError):
    """A notebook did not run to its end."""


def near(name: str, known: Iterable[str], hint: str = "") -> str:
    """Return a sentence that offers the names closest to a wrong one; where none is close, a hint or all of them.

    >>> near("treshold", ["threshold", "zone"])
    'Did you mean threshold?'
    >>> near("x", ["threshold", "zone"])
    'Known: threshold, zone.'
    """
    known = list(known)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    if hint:
        return hint
    return f"Known: {', '.join(known)}." if known else "There are none."
