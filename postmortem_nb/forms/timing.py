"""A limit of time on templates: a loop of theirs that does not end is stopped where it stands."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from jinja2 import Environment


class TemplateTimeError(Exception):
    """A template took too long."""


@contextmanager
def limited(environment: Environment, seconds: float) -> Iterator[None]:
    """Stop templates of an environment that run longer than a time, at the line that they are at.

    It looks at the clock at each line of the code that a template became, which holds in any thread and needs no other
    process; the debugger or coverage that traces this thread is put back.
    """
    until = time.monotonic() + seconds

    def at_line(frame: FrameType, event: str, arg: Any) -> Any:
        if time.monotonic() > until:
            raise TemplateTimeError
        return at_line

    def at_call(frame: FrameType, event: str, arg: Any) -> Any:
        return at_line if frame.f_globals.get("environment") is environment else None

    before = sys.gettrace()
    sys.settrace(at_call)
    try:
        yield
    finally:
        sys.settrace(before)
