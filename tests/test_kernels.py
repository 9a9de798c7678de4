"""Warm kernels: each begins as one that was started from nothing, and none outlives whoever asked for it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from queue import Empty

import nbformat
import pytest

from postmortem_nb.kernels import nursery, starting, zygote
from postmortem_nb.kernels.client import Client
from postmortem_nb.kernels.kernel import environment
from postmortem_nb.runner import Outcome, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
ROOT = Path(__file__).parents[1]
SAMPLE = "2024-05-21-two-dips"
PARAMETERS = 'incident: str = "2024-01-01-quiet"'
POISON = """
import builtins, decimal, locale, os, random, signal, sys, warnings
import matplotlib, matplotlib.pyplot as plt, numpy as np, pandas as pd, polars as pl
import postmortem_nb
matplotlib.rcParams.update({"figure.figsize": (1, 1), "font.size": 40, "svg.hashsalt": "poison"})
plt.style.use("dark_background")
pd.set_option("display.max_rows", 1)
pl.Config.set_tbl_rows(1)
np.seterr(all="raise"); np.random.seed(1); random.seed(1)
decimal.getcontext().prec = 2
os.environ.update(TZ="Pacific/Kiritimati", POISON="1", NO_COLOR="1")
os.chdir("/"); os.umask(0)
sys.path.insert(0, "/poison"); sys.setrecursionlimit(5000)
builtins.poison = builtins.sorted = list
postmortem_nb.investigate = postmortem_nb.load = None
for name in list(sys.modules):
    if name.startswith("postmortem_nb.analysis"):
        vars(sys.modules[name]).clear()
pl.DataFrame({"a": range(100_000)}).lazy().group_by(pl.col("a") % 7).agg(pl.len()).collect(engine="streaming")
"""
STATE = """
import json, os, random, sys
import matplotlib, matplotlib.pyplot as plt, numpy as np, pandas as pd, polars as pl
from IPython.display import JSON
OWN = {"IPYTHONDIR", "JPY_PARENT_PID", "JPY_SESSION_NAME", "OLDPWD", "PWD", "_", "PYTEST_CURRENT_TEST"}
figure = plt.figure()
by_seven = pl.DataFrame({"a": range(100_000)}).lazy().group_by(pl.col("a") % 7).agg(pl.len())
JSON({
    "names": sorted(n for n in globals() if not n.startswith("_") and n not in ("figure", "by_seven")),
    "main": __name__,
    "rcParams": {k: str(v) for k, v in matplotlib.rcParams.items()},
    "backend": matplotlib.get_backend(),
    "folder": os.getcwd(),
    "environment": {k: v for k, v in sorted(os.environ.items()) if k not in OWN},
    "path": sys.path,
    "argv": [a for a in sys.argv[1:] if not a.startswith(("--IPKernelApp.parent_handle", "--f="))][:1],
    "options": [pd.get_option("display.max_rows"), pl.Config.state(if_set=True), np.geterr(), sys.getrecursionlimit()],
    "matrix": float((np.arange(90_000.0).reshape(300, 300) @ np.ones((300, 300))).sum()),
    "counts": sorted(map(list, by_seven.collect(engine="streaming").rows())),
    "builtins": sorted(dir(__builtins__)),
    "terminal": [os.isatty(0), sys.stdin is None],
    "threads": sorted(t.name.split("-")[0] for t in __import__("threading").enumerate()),
})
"""


def notebook(path: Path, *cells: str) -> Path:
    """A notebook of these cells behind its parameters."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in (PARAMETERS, *cells)])
    made.cells[0].metadata.tags = ["parameters"]
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(made, path)
    return path


@pytest.fixture
def quiet(tmp_path):
    """The folder of an incident without telemetry."""
    folder = tmp_path / "data" / "incidents" / "2024-01-01-quiet"
    folder.mkdir(parents=True)
    (folder / "incident.toml").write_text('title = "Quiet"\n')
    return folder


@pytest.fixture
def closing():
    """No nursery is left behind."""
    yield
    nursery.close()


def shown(outcome: Outcome) -> dict:
    """What the last cell of a run shows as JSON."""
    assert outcome.message == ""
    outputs = nbformat.read(outcome.notebook, as_version=4).cells[-1].outputs
    (found,) = [o.data["application/json"] for o in outputs if "application/json" in o.get("data", {})]
    return found


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.mark.slow
def test_nothing_of_a_run_reaches_the_next(quiet, tmp_path, closing):
    """A warm kernel after one that spoiled whatever it could is as one that was started from nothing."""
    poison, state = notebook(tmp_path / "poison.ipynb", POISON), notebook(tmp_path / "state.ipynb", STATE)
    cold = shown(run(quiet, notebook=state, output=tmp_path / "cold"))
    assert run(quiet, notebook=poison, output=tmp_path / "poison", is_warm=True).message == ""
    parent = nursery._shared[0].process.pid
    warm = shown(run(quiet, notebook=state, output=tmp_path / "warm", is_warm=True))
    assert nursery._shared[0].process.pid == parent, "the same process made both"
    for name in cold:
        assert warm[name] == cold[name], name

    sample = ROOT / "data" / "incidents" / SAMPLE
    one, other = (run(sample, output=tmp_path / f"{w}", is_warm=w) for w in (True, False))
    assert (one.status, other.status) == ("ok", "ok")
    for kind in ("html", "json"):
        assert getattr(one, kind).read_bytes() == getattr(other, kind).read_bytes(), kind


@pytest.mark.slow
def test_random_numbers_differ_between_kernels(quiet, tmp_path, closing):
    code = "import random, numpy as np\nfrom IPython.display import JSON\nJSON([random.random(), np.random.random()])"
    book = notebook(tmp_path / "random.ipynb", code)
    one, other = (shown(run(quiet, notebook=book, output=tmp_path / "out", is_warm=True)) for _ in range(2))
    assert not set(one) & set(other)


@pytest.mark.slow
def test_papermill_itself_can_use_the_engine(quiet, tmp_path):
    """Its kernel's parent is the process that has imported the stack; afterwards both are gone."""
    code = "import os, json\nprint(json.dumps([os.getpid(), os.getppid(), incident]))"
    book, out = notebook(tmp_path / "book.ipynb", code), tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", "--engine", "postmortem-warm", book, out, "-p", "incident", "mine"]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    last = nbformat.read(out, as_version=4).cells[-1]
    kernel, parent, name = json.loads(last.outputs[0].text)
    assert name == "mine"
    assert not is_running(kernel)
    wait_until(lambda: not is_running(parent))


@pytest.mark.slow
def test_a_kernel_ends_with_everything_that_it_started(tmp_path, closing):
    """Whether it is killed itself, or its zygote, or the process at the other end of the wire."""
    nest = nursery.Nursery(environment(tmp_path))
    words = tmp_path / "words"
    kernels = []
    for how in ("kernel", "zygote"):
        before = nest if how == "kernel" else nursery.Nursery(environment(tmp_path))
        child = before.fork(["-f", str(tmp_path / f"{how}.json")], cwd=str(tmp_path), env=os.environ, log=str(words))
        assert child.poll() is None
        wait_until((tmp_path / f"{how}.json").exists)
        kernels.append((before, child))
    (first, kernel), (second, orphan) = kernels
    os.kill(kernel.pid, signal.SIGKILL)
    assert kernel.wait(60) == -signal.SIGKILL
    os.kill(second.process.pid, signal.SIGKILL)
    wait_until(lambda: not is_running(orphan.pid))
    assert orphan.wait(60) == -signal.SIGKILL
    last = first.fork(["-f", str(tmp_path / "last.json")], cwd=str(tmp_path), env=os.environ, log=str(words))
    first.close()
    assert not is_running(last.pid) or wait_until(lambda: not is_running(last.pid)) is None
    with pytest.raises(nursery.NoNurseryError):
        first.fork([], cwd="/", env={}, log=os.devnull)


@pytest.mark.slow
def test_where_forking_is_not_safe_kernels_are_started_from_nothing(quiet, tmp_path, monkeypatch, closing):
    """A library in this environment starts a thread that nobody knows."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, threading, time\n"
        "if sys.orig_argv[1:3] == ['-m', 'postmortem_nb.kernels.zygote']:\n"
        "    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(nursery.NoNurseryError, match="Forking is not safe beside the threads python"):
        nursery.Nursery(environment(tmp_path)).fork([], cwd="/", env={}, log=os.devnull)
    book = notebook(tmp_path / "book.ipynb", "from IPython.display import JSON\nimport os\nJSON([os.getppid()])")
    assert shown(run(quiet, notebook=book, output=tmp_path / "out", is_warm=True)) == [os.getpid()]


def test_other_systems_have_no_nursery(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(nursery.NoNurseryError, match="on Linux only"):
        nursery.Nursery({})


def test_the_known_threads_are_the_only_ones():
    """When the zygote is ready nothing runs but what `HARMLESS_THREADS` explains."""
    steps = "z.import_stack(); z.fill_caches(); z.settle(); print(z.strange_threads())"
    code = f"from postmortem_nb.kernels import zygote as z\n{steps}"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
    assert all(len(name) <= 15 for name in zygote.HARMLESS_THREADS), "the system cuts names"


def test_what_exports_is_not_imported_where_nothing_is_exported():
    steps = "z.import_stack(); print({'nbconvert', 'jsonschema', 'rfc3987_syntax'} & sys.modules.keys())"
    code = f"import sys\nfrom postmortem_nb.kernels import zygote as z\n{steps}"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_the_limit_of_memory_is_an_argument():
    command = starting.command("python", 7)
    assert starting.split_limit(command[3:]) == (7, ["-f", "{connection_file}"])
    assert starting.split_limit(["-f", "x"]) == (None, ["-f", "x"])


class Deaf(Client):
    """A client whose kernel says what it is told to say."""

    def __init__(self, *, answers=(), said=(), lives=True):
        super().__init__()
        self.answers, self.said, self.lives, self.asked = list(answers), list(said), lives, 0

    def kernel_info(self):
        self.asked += 1
        return f"question {self.asked}"

    async def get_shell_msg(self, timeout):
        return await self.next_of(self.answers, timeout)

    async def get_iopub_msg(self, timeout):
        return await self.next_of(self.said, timeout)

    async def is_alive(self):
        return self.lives

    @staticmethod
    async def next_of(messages, timeout):
        if not messages:
            await asyncio.sleep(timeout)
            raise Empty
        return messages.pop(0)


def reply(number):
    return {"parent_header": {"msg_id": f"question {number}"}, "content": {"protocol_version": "5.3"}}


def status(number, state):
    return {**reply(number), "msg_type": "status", "content": {"execution_state": state}}


def test_a_kernel_is_ready_when_it_is_heard_to_be_idle_after_a_question():
    slow = Deaf(answers=[reply(1), reply(2)], said=[status("start", "idle"), status(1, "busy")])

    async def hear():
        waiting = asyncio.ensure_future(slow.wait_for_ready(5))
        await asyncio.sleep(0.05)
        assert not waiting.done()  # it has answered, but its output is not heard to the end
        slow.said += [status(1, "idle"), "left for the first cell"]
        await waiting

    asyncio.run(hear())
    assert (slow.asked, slow.said) == (2, ["left for the first cell"])


def test_a_kernel_that_ended_or_never_answers_is_not_waited_for():
    for deaf, said in ((Deaf(lives=False), "died"), (Deaf(), "didn't respond in 0 seconds")):
        with pytest.raises(RuntimeError, match=said):
            asyncio.run(deaf.wait_for_ready(0.1))
