"""Every sample incident run once a session, through papermill and nbconvert, as `batch` does it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from postmortem_nb.batch import Batch, run_all
from postmortem_nb.evidence import list_incidents

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Reports:
    """The results of one batch over all samples."""

    folder: Path
    batch: Batch
    names: tuple[str, ...]

    def html(self, name: str) -> str:
        return (self.folder / f"{name}.html").read_text()


@pytest.fixture(scope="session")
def reports(tmp_path_factory) -> Reports:
    folder = tmp_path_factory.mktemp("all-reports")
    names = tuple(list_incidents(ROOT / "data" / "incidents"))
    return Reports(folder, run_all([ROOT / "data" / "incidents" / n for n in names], output=folder, jobs=2), names)
