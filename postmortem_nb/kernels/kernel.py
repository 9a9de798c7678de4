"""The kernel of a run: always this interpreter and this package, reached through sockets on disk instead of
ports; started from nothing, or forked from a process that has imported the stack (`postmortem_nb.kernels.zygote`).

A kernel gets a folder of its own for its sockets, its IPython profile and its last words, so that neither a
user's start-up files nor another run at the same time can change a report.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

import postmortem_nb
from postmortem_nb.kernels import provisioner, starting
from postmortem_nb.kernels.client import Client

if TYPE_CHECKING:
    from postmortem_nb.kernels.nursery import Forked

PACKAGE_ROOT = Path(postmortem_nb.__file__).resolve().parents[1]
LONGEST_SOCKET_FOLDER = 80  # a socket's path may have about 100 characters, the name in it needs a few
LAST_WORDS = "kernel.log"
LISTENING_SECONDS = 1.0  # for a kernel to open its sockets; one that needs longer is tried again and again by ZeroMQ
LOOK_SECONDS = 0.002
KILL_SECONDS = 10.0  # within which a killed process is gone
KERNEL_NAME = "python3"  # the name of the kernel that is this interpreter


class Kernel(AsyncKernelManager):
    """A kernel manager that starts `sys.executable` and remembers the process.

    nbclient makes the instance; `in_folder` gives each run a class of its own to tell it where.
    """

    folder: Path
    is_warm: bool
    memory: int | None
    launched: list[subprocess.Popen[bytes] | Forked]
    cancelled: threading.Event

    @classmethod
    def in_folder(cls, folder: Path, *, is_warm: bool = False, memory: int | None = None) -> type[Kernel]:
        """Return the class for one run.

        Parameters
        ----------
        folder : Path
            Where the kernel keeps all its files.
        is_warm : bool
            Whether to fork it where that is possible.
        memory : int, optional
            Limit of its private memory in bytes.
        """
        own = {"folder": folder, "is_warm": is_warm, "memory": memory}
        return type("Kernel", (cls,), {**own, "launched": [], "cancelled": threading.Event()})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        has_sockets = sys.platform != "win32" and len(str(self.folder)) <= LONGEST_SOCKET_FOLDER
        self.transport = "ipc" if has_sockets else "tcp"
        self.connection_file = str(self.folder / "k.json")
        self.client_factory = Client

    @property
    def kernel_spec(self) -> KernelSpec:
        """How to start the kernel: never looked up, so that no other environment's ``python3`` can answer."""
        argv = starting.command(sys.executable, self.memory)
        metadata = {"kernel_provisioner": {"provisioner_name": provisioner.NAME}} if self.is_warm else {}
        return KernelSpec(argv=argv, display_name="Python 3 (ipykernel)", language="python", metadata=metadata)

    async def start_kernel(self, **kwargs: Any) -> None:  # type: ignore[override]
        """Start it with a clean environment and its standard error in a file."""
        if self.cancelled.is_set():
            raise RuntimeError("the run was cancelled")
        with (self.folder / LAST_WORDS).open("wb") as log:
            await super().start_kernel(**kwargs, env=environment(self.folder), stdout=log, stderr=log)
        self.launched.append(self.provisioner.process)  # type: ignore[union-attr]
        if self.cancelled.is_set():  # while it was starting
            self.kill()
        await self._listening()

    async def _listening(self) -> None:
        """Wait until the kernel has opened its sockets: who comes too early is let in a tenth of a second later."""
        ports = [self.shell_port, self.iopub_port, self.stdin_port, self.hb_port, self.control_port]
        sockets = [Path(f"{self.ip}-{port}") for port in ports] if self.transport == "ipc" else []
        end = time.monotonic() + LISTENING_SECONDS
        while not all(path.exists() for path in sockets) and await self.is_alive() and time.monotonic() < end:
            await asyncio.sleep(LOOK_SECONDS)

    @classmethod
    def kill(cls) -> None:
        """End the kernel and what it started, whatever it is doing; none is started afterwards.

        It is waited for, but not for ever: a process may be stuck in the system, and a run must end.
        """
        cls.cancelled.set()
        for process in cls.launched:
            if process.poll() is None:
                if hasattr(os, "killpg"):
                    with contextlib.suppress(ProcessLookupError):  # it has no group before it makes its own
                        os.killpg(process.pid, signal.SIGKILL)
                process.kill()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(KILL_SECONDS)

    @classmethod
    def last_words(cls) -> str:
        """Return the end of what the kernel itself wrote to standard error, such as a crash report."""
        log = cls.folder / LAST_WORDS
        return log.read_text(encoding="utf-8", errors="replace")[-4000:].strip() if log.exists() else ""

    @classmethod
    def death(cls) -> str:
        """Return how the kernel ended: by which signal or with which exit code, if the system tells."""
        code = cls.launched[-1].poll() if cls.launched else None
        if code is None:
            return "for a reason that the system does not tell"
        if code == -getattr(signal, "SIGKILL", 9):
            return "killed by SIGKILL, as the system does when memory runs out"
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of the kernel: ours, with this very package first and no personal IPython
    profile.

    Parameters
    ----------
    folder : Path
        Where IPython keeps its profile.
    """
    ours = {k: v for k, v in os.environ.items() if k != "MPLBACKEND"}
    paths = [str(PACKAGE_ROOT), *filter(None, [ours.get("PYTHONPATH")])]
    return ours | {
        "PYTHONPATH": os.pathsep.join(paths),
        "IPYTHONDIR": str(folder / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # else the debugger comments on frozen modules
    }
