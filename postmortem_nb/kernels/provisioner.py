"""What jupyter_client starts a warm kernel through; a kernel from nothing wherever there is none."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from postmortem_nb.kernels import nursery

KILL_SECONDS = 1.0
LOOK_SECONDS = 0.002
NAME = "postmortem-warm"  # its entry point


class WarmProvisioner(LocalProvisioner):
    """Forks the kernel from the nursery of this process, and treats it as a child afterwards."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Launch a kernel with a command; the one way or the other."""
        env = {**(kwargs.get("env") or os.environ), "JPY_PARENT_PID": str(os.getpid())}
        log = getattr(kwargs.get("stderr"), "name", os.devnull)
        cwd = str(kwargs.get("cwd") or Path.cwd())
        try:
            forked = nursery.shared(env).fork(cmd[3:], cwd=cwd, env=env, log=str(log))  # behind: python -m module
        except nursery.NoNurseryError:
            return await super().launch_kernel(cmd, **kwargs)
        self.process = forked  # type: ignore[assignment]
        self.pid = self.pgid = forked.pid
        self.cwd = cwd
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """Kill it, and look often whether it is gone: jupyter_client itself looks ten times a second."""
        await super().kill(restart)
        end = time.monotonic() + KILL_SECONDS
        while await self.poll() is None and time.monotonic() < end:
            await asyncio.sleep(LOOK_SECONDS)
