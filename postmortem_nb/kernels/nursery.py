"""Where warm kernels come from: a process of its own that forks them, and what is known of each here.

Messages are JSON, one a packet. To the zygote: ``{"arguments", "cwd", "env", "log"}`` of a kernel. From it: first
``{"ready", "threads"}``, then ``{"pid"}`` for each request in turn, and ``{"ended", "code"}`` for each that ended.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from postmortem_nb.errors import RunError

MODULE = "postmortem_nb.kernels.zygote"
MESSAGE = 1 << 20
START_SECONDS = 120.0  # until the stack is imported, on a machine that is busy
FORK_SECONDS = 20.0  # until a zygote that is ready has forked, on a machine that is busy
END_SECONDS = 10.0  # within which a zygote ends, or else it is killed
POLL_SECONDS = 0.02
OF_A_KERNEL = frozenset({"IPYTHONDIR", "JPY_PARENT_PID", "JPY_SESSION_NAME"})  # read when one starts, not on import


class NoNurseryError(RunError):
    """No kernel can be forked here; one must be started from nothing."""


class Forked:
    """A forked kernel, with the part of `subprocess.Popen` that jupyter_client uses.

    Parameters
    ----------
    nursery : Nursery
        Hears how it ended.
    pid : int
        Its process, and its group.
    """

    stdin = stdout = stderr = None

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.nursery = nursery
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""
        self.nursery.listen()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end."""
        end = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired("kernel", timeout or 0)
            time.sleep(POLL_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class Nursery:
    """A zygote and what is known of its kernels; usable from several threads.

    Parameters
    ----------
    env : dict
        Environment of the zygote, which its kernels share but for what jupyter_client adds.

    Raises
    ------
    NoNurseryError
        Where kernels cannot be forked: not on Linux, where a library was loaded whose threads a fork would lose.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        if sys.platform != "linux":  # elsewhere system libraries do not survive a fork
            raise NoNurseryError("Kernels are forked on Linux only.")
        self.env = _startup(env)
        self.lock = threading.RLock()
        self.owner = os.getpid()
        self.kernels: dict[int, Forked] = {}
        self.is_ready = self.is_lost = False
        self.wire, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", MODULE, str(theirs.fileno())],
                env=dict(env),
                cwd="/",
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def fits(self, env: Mapping[str, str]) -> bool:
        """Whether a kernel of this environment would be what one started from nothing is."""
        return not self.is_lost and self.owner == os.getpid() and _startup(env) == self.env

    def fork(self, arguments: list[str], *, cwd: str, env: Mapping[str, str], log: str) -> Forked:
        """Fork a kernel.

        Parameters
        ----------
        arguments : list of str
            Of ``ipykernel_launcher``, with a limit of memory first if there is one.
        cwd, log : str
            Its working folder, and the file for what it writes to standard output and error.
        env : dict
            Its whole environment.

        Raises
        ------
        NoNurseryError
            If there is no zygote (any more), or forking would not be safe.
        """
        request = {"arguments": arguments, "cwd": cwd, "env": dict(env), "log": log}
        with self.lock:
            if not self.is_ready:
                self._expect_ready()
            try:
                self.wire.settimeout(FORK_SECONDS)
                self.wire.send(json.dumps(request).encode())
            except OSError as error:
                raise self._lost() from error
            while True:
                message = self._hear(FORK_SECONDS)
                if "pid" in message:
                    kernel = Forked(self, message["pid"])
                    self.kernels[kernel.pid] = kernel
                    return kernel
                self._note(message)

    def listen(self) -> None:
        """Note what was told of kernels that ended."""
        with self.lock:
            while not self.is_lost:
                try:
                    self._note(self._hear(0.0))
                except (BlockingIOError, NoNurseryError):
                    return

    def close(self) -> None:
        """End the zygote and every kernel; kill it if it does not end by itself, and so they do."""
        if self.owner != os.getpid():
            return
        with self.lock:
            self._lost()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(END_SECONDS)

    def _expect_ready(self) -> None:
        message = self._hear(START_SECONDS)
        if not message["ready"]:
            self._lost()
            raise NoNurseryError(f"Forking is not safe beside the threads {', '.join(message['threads'])}.")
        self.is_ready = True

    def _hear(self, seconds: float) -> dict[str, Any]:
        self.wire.settimeout(seconds)
        try:
            packet = self.wire.recv(MESSAGE)
        except TimeoutError as error:
            raise self._lost() from error
        except ConnectionError:
            packet = b""
        if not packet:
            raise self._lost()
        message: dict[str, Any] = json.loads(packet)
        return message

    def _note(self, message: Mapping[str, Any]) -> None:
        kernel = self.kernels.pop(message.get("ended", 0), None)
        if kernel is not None:
            kernel.returncode = message["code"]

    def _lost(self) -> NoNurseryError:
        """Note that the zygote is gone, or does not answer: its kernels end with it."""
        self.is_lost = True
        self.wire.close()
        for kernel in self.kernels.values():
            kernel.returncode = -signal.SIGKILL
        self.kernels.clear()
        return NoNurseryError("The process that forks kernels is gone.")


def _startup(env: Mapping[str, str]) -> dict[str, str]:
    """Return what of an environment libraries may have read on import."""
    return {name: value for name, value in env.items() if name not in OF_A_KERNEL}


_shared: list[Nursery] = []


def shared(env: Mapping[str, str]) -> Nursery:
    """Return the nursery of this process for an environment; started if there is none, kept until `close`.

    Raises
    ------
    NoNurseryError
        Where kernels cannot be forked.
    """
    if _shared and not _shared[0].fits(env):
        close()
    if not _shared:
        _shared.append(Nursery(env))
        atexit.register(close)
    return _shared[0]


def close() -> None:
    """End the nursery of this process, if there is one."""
    atexit.unregister(close)
    while _shared:
        _shared.pop().close()


@contextlib.contextmanager
def opened(env: Mapping[str, str]) -> Iterator[None]:
    """Begin with the imports now, and end the nursery afterwards; where there can be none, do nothing."""
    with contextlib.suppress(NoNurseryError):
        shared(env)
    try:
        yield
    finally:
        close()
