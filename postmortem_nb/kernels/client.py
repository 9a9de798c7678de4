"""The client of a run's kernel: ready as soon as the kernel says so.

jupyter_client's own waits a fifth of a second for further messages after every start, and asks again a second later
where the kernel had not yet begun to listen. Here the kernel's own "idle" after the answer ends the wait.
"""

from __future__ import annotations

import time
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient

ANSWER_SECONDS = 1.0  # then a kernel is asked again: who was not listening yet may have lost the question
HEARD_SECONDS = 0.2  # from the answer to what is heard of it


class Client(AsyncKernelClient):
    """Waits for the kernel no longer than it takes to answer."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers and its output is heard here.

        Parameters
        ----------
        timeout : float, optional
            Seconds.

        Raises
        ------
        RuntimeError
            If the kernel ended, or had not answered by then.
        """
        end = time.monotonic() + (float("inf") if timeout is None else timeout)
        asked = {self.kernel_info()}
        while not await self._is_heard(asked):
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > end:
                raise RuntimeError(f"Kernel didn't respond in {timeout:.0f} seconds")
            asked.add(self.kernel_info())

    async def _is_heard(self, asked: set[str]) -> bool:
        """Whether one of the questions is answered, and the kernel heard to be idle after one."""
        try:
            reply: dict[str, Any] = await self.get_shell_msg(timeout=ANSWER_SECONDS)
            while True:
                said = await self.get_iopub_msg(timeout=HEARD_SECONDS)
                is_idle = said["msg_type"] == "status" and said["content"]["execution_state"] == "idle"
                if is_idle and said["parent_header"].get("msg_id") in asked:
                    self._handle_kernel_info_reply(reply)
                    return True
        except Empty:
            return False
