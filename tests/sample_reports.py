"""The samples that the project ships, run once a session, through papermill and nbconvert, as `batch` does it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from postmortem_nb.batch import Batch, run_all

ROOT = Path(__file__).parent.parent
NAMES = (  # a team's own incidents may stand beside them
    "2013-04-30-api-outage",
    "2021-09-06-dfds-cluster-404",
    "2022-08-22-online-boutique-ads",
    "2023-01-30-train-ticket-latency",
    "2024-01-14-web-outage",
    "2024-03-05-slow-degradation",
    "2024-05-21-two-dips",
    "2024-06-18-still-open",
    "2024-09-10-missing-telemetry",
)


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
    return Reports(folder, run_all([ROOT / "data" / "incidents" / n for n in NAMES], output=folder, jobs=2), NAMES)
