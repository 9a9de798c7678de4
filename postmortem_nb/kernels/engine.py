"""The papermill engine ``postmortem-warm``, for whoever calls papermill."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from papermill.engines import NBClientEngine

from postmortem_nb.kernels.kernel import KERNEL_NAME, Kernel


class WarmEngine(NBClientEngine):
    """``papermill --engine postmortem-warm``: kernels are forked from one process that has imported the stack.

    A notebook for another kernel than this interpreter's runs as papermill would run it.
    """

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> Any:
        """Execute a notebook in a warm kernel."""
        if kernel_name != KERNEL_NAME or sys.platform == "win32":
            return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)
        with tempfile.TemporaryDirectory(prefix="pnb-engine-", ignore_cleanup_errors=True) as sockets:
            kernel = Kernel.in_folder(Path(sockets), is_warm=True)
            try:
                return super().execute_managed_notebook(nb_man, kernel_name, kernel_manager_class=kernel, **kwargs)
            finally:
                kernel.kill()
