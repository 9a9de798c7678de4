"""Interrupts: SIGTERM, or too long a time, ends a run as cleanly as Ctrl-C; none comes between steps that belong
together.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

NUMBERS = [signal.SIGINT, signal.SIGTERM, *(number for number in signal.Signals if number.name == "SIGALRM")]


def _is_main_thread() -> bool:
    """Python runs signal handlers in the main thread, and lets only that one set them."""
    return threading.current_thread() is threading.main_thread()


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM raise KeyboardInterrupt, so that everything is cleaned up; not where somebody else handles
    it.
    """
    if not _is_main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt("terminated")

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


class OverdueError(KeyboardInterrupt):
    """Interrupts what takes longer than it may."""


@contextlib.contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Raise `OverdueError` in a block that lasts longer, even out of a loop without end.

    Nobody watches where the system has no alarm, outside the main thread, and where somebody else uses the alarm.
    """
    alarm = getattr(signal, "SIGALRM", None)
    if alarm is None or not _is_main_thread() or signal.getsignal(alarm) is not signal.SIG_DFL:
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise OverdueError(f"longer than {seconds:.0f} s")

    signal.signal(alarm, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(alarm, signal.SIG_DFL)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Hold interrupts back until the end of the block, then let them happen."""
    if not _is_main_thread():
        yield
        return
    held: list[int] = []
    before = {number: signal.signal(number, lambda number, frame: held.append(number)) for number in NUMBERS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if held:
            signal.raise_signal(held[0])
