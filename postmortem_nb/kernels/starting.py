"""What a kernel does before it is one, however it was started: it ends with its parent and keeps to its memory."""

from __future__ import annotations

import contextlib
import os
import runpy
import signal
import sys

MEMORY = "--memory="  # bytes; the first argument of the command that starts a kernel
LAUNCHER = "ipykernel_launcher"
_PR_SET_PDEATHSIG = 1  # from linux/prctl.h


def end_with_parent(parent: int) -> None:
    """Let the system kill this process when the one that started it ends, however that happens (Linux only).

    Parameters
    ----------
    parent : int
        Process that is the parent; if it is gone already, this process ends at once.
    """
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):  # a system without it still has the kernel's own poller
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def limit_memory(limit: int | None) -> None:
    """Limit what this process may allocate, so that too much is a MemoryError in a cell and not a dead kernel.

    Parameters
    ----------
    limit : int or None
        Bytes of private memory (``RLIMIT_DATA``: files that are mapped do not count). None: no limit.
    """
    if limit is None or sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def command(executable: str, memory: int | None) -> list[str]:
    """Return the command that starts a kernel from nothing; `{connection_file}` is filled in by jupyter_client."""
    limit = [] if memory is None else [f"{MEMORY}{memory}"]
    return [executable, "-m", __name__, *limit, "-f", "{connection_file}"]


def split_limit(arguments: list[str]) -> tuple[int | None, list[str]]:
    """Take the limit of memory from the arguments of a kernel."""
    if arguments and arguments[0].startswith(MEMORY):
        return int(arguments[0].removeprefix(MEMORY)), arguments[1:]
    return None, arguments


def main() -> None:
    """Become a kernel."""
    end_with_parent(os.getppid())
    memory, rest = split_limit(sys.argv[1:])
    limit_memory(memory)
    sys.argv[1:] = rest
    runpy.run_module(LAUNCHER, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
