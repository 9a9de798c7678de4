"""The process that imports the stack once and forks a kernel whenever it is told to.

It listens on one socket. When that closes, or the process at its other end is gone, it kills its kernels with all that
they started and ends, so that none outlives the process that asked for it. It has one Python thread, computes nothing
but what is the same for every report (rules and style sheets are read), and tells how each kernel ended.

Started by `postmortem_nb.kernels.nursery`; its messages are described there.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from postmortem_nb.kernels.starting import end_with_parent, limit_memory, split_limit

# Threads that libraries start on import, and why a fork may do without them. Any other thread makes forking unsafe.
HARMLESS_THREADS = {
    "jemalloc_bg_thd": "polars' allocator takes its locks before a fork and starts its threads anew in the child",
    "polars-ooc-clea": "waits for spilled files to delete; without it they stay until the next start of polars",
}
ROOMS = ("evidence", "replay", "analysis", "charts", "sections", "runner.harvest")  # no exporter: it is not needed
STACK = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "ipykernel.comm",
    "ipykernel.debugger",
    "IPython.core.completer",
    "IPython.core.ultratb",
    "IPython.core.magics",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib.pyplot",
    "pyarrow.compute",
    "zmq.asyncio",
)
CACHES = {  # what reads the package's own data once a process; none may let polars work, which would start threads
    "findings": ("reasons",),
    "evidence.formats": ("shipped_formats", "entries"),
    "redaction.rules": ("shipped_rules",),
    "language.rules": ("all_rules",),
    "language.acronyms": ("common",),
    "language.names": ("lists",),
    "report.styles": ("page_css",),
}
BACKEND = "module://matplotlib_inline.backend_inline"  # what ipykernel names before matplotlib is imported
MESSAGE = 1 << 20  # the longest message, in bytes
LOOK_SECONDS = 2.0  # between looks at whether the parent lives: others may hold its end of the socket


def import_stack() -> None:
    """Import what a report's kernel needs: the analysis with all its modules, the kernel, and the drawing."""
    import postmortem_nb

    os.environ.setdefault("MPLBACKEND", BACKEND)
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # else the debugger comments on frozen modules
    for name in STACK:
        with contextlib.suppress(ImportError):  # an optional part of another version; the kernel imports what it needs
            importlib.import_module(name)
    for room in ROOMS:
        module = importlib.import_module(f"{postmortem_nb.__name__}.{room}")
        for found in pkgutil.walk_packages(getattr(module, "__path__", []), f"{module.__name__}."):
            importlib.import_module(found.name)
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib_inline"]:
        del sys.modules[name]  # importing it tells the running kernel to draw: a kernel must do that itself


def fill_caches() -> None:
    """Read what every report needs of the package itself."""
    import postmortem_nb

    for room, names in CACHES.items():
        module = importlib.import_module(f"{postmortem_nb.__name__}.{room}")
        for name in names:
            getattr(module, name)()


def strange_threads() -> list[str]:
    """Return the names of threads that a fork would lose and that are not known to be harmless."""
    tasks = Path("/proc/self/task")
    names = [(task / "comm").read_text().strip() for task in tasks.iterdir() if int(task.name) != os.getpid()]
    return sorted(name for name in names if name not in HARMLESS_THREADS)


def settle() -> None:
    """Fork once for nothing: libraries that end their threads before a fork (OpenBLAS) do it now."""
    gc.collect()
    gc.freeze()  # what exists is never looked at again, so that it stays shared with the kernels
    child = os.fork()
    if child == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)


class Zygote:
    """The loop of the process.

    Parameters
    ----------
    wire : socket
        Connected to the nursery, one JSON message a packet.
    set_by_imports : dict
        What importing the stack did to the environment, and so would do in every kernel.
    """

    def __init__(self, wire: socket.socket, set_by_imports: Mapping[str, str]) -> None:
        self.wire = wire
        self.set_by_imports = set_by_imports
        self.kernels: set[int] = set()
        self.bell, self.button = socket.socketpair()
        for end in (self.bell, self.button):
            end.setblocking(False)

    def serve(self) -> Callable[[], None] | None:
        """Answer until the wire closes; in a child, return what it has to become."""
        signal.set_wakeup_fd(self.button.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        ears = selectors.DefaultSelector()
        ears.register(self.wire, selectors.EVENT_READ)
        ears.register(self.bell, selectors.EVENT_READ)
        parent = os.getppid()
        with ears:
            while True:
                ready = {key.fileobj for key, _ in ears.select(LOOK_SECONDS)}
                if os.getppid() != parent:
                    self.end()
                    return None
                if self.bell in ready:
                    self.bell.recv(4096)
                    self.reap()
                if self.wire in ready:
                    request = self.wire.recv(MESSAGE)
                    if not request:
                        self.end()
                        return None
                    if child := self.fork(json.loads(request)):
                        return child

    def fork(self, request: dict[str, Any]) -> Callable[[], None] | None:
        """Fork a kernel; return in the child what it becomes."""
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            for end in (self.wire, self.bell, self.button):
                end.close()
            request["env"] |= self.set_by_imports
            return lambda: become_kernel(request, parent)
        self.kernels.add(pid)
        self.tell(pid=pid)
        return None

    def reap(self) -> None:
        """Tell how kernels ended, and end what they left running."""
        for pid in tuple(self.kernels):
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            _kill_group(pid)  # while the process is a zombie, its number is nobody else's
            _, status = os.waitpid(pid, 0)
            self.kernels.discard(pid)
            self.tell(ended=pid, code=os.waitstatus_to_exitcode(status))

    def end(self) -> None:
        """Kill every kernel with what it started."""
        for pid in self.kernels:
            _kill_group(pid)

    def tell(self, **message: Any) -> None:
        """Send a message; nobody may be there to read it."""
        with contextlib.suppress(OSError):
            self.wire.send(json.dumps(message).encode())


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):  # it may not have made its group yet
        os.kill(pid, signal.SIGKILL)


def become_kernel(request: dict[str, Any], parent: int) -> None:
    """Take on what a process that is started from nothing would have been given, and run the kernel."""
    os.setsid()
    end_with_parent(parent)
    for number, handler in ((signal.SIGCHLD, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
        signal.signal(number, handler)
    _redirect(request["log"])
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    memory, arguments = split_limit(request["arguments"])
    limit_memory(memory)
    sys.argv = ["ipykernel_launcher", *arguments, f"--IPKernelApp.parent_handle={parent}"]
    _seed_anew()
    from ipykernel import kernelapp

    kernelapp.launch_new_instance()


def _redirect(log: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    words = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for source, target in ((nothing, 0), (words, 1), (words, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(words)


def _seed_anew() -> None:
    """Give the child its own random numbers; `random` does so by itself."""
    import numpy as np

    np.random.seed()


def main() -> None:
    """Import, say whether forking is safe, and serve."""
    wire = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.path[0] in ("", str(Path.cwd())):
        del sys.path[0]  # as ipykernel's launcher does
    given = dict(os.environ)
    import_stack()
    fill_caches()
    zygote = Zygote(wire, {name: value for name, value in os.environ.items() if given.get(name) != value})
    settle()
    strange = strange_threads()
    zygote.tell(ready=not strange, threads=strange)
    child = None if strange else zygote.serve()
    if child is not None:
        child()


if __name__ == "__main__":
    main()
