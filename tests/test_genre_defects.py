"""The defects that published postmortems really have, each with the findings that must answer it."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import declared_only

import postmortem_nb as pnb

DEFECTS = {
    "the end is a year after the start": (
        {"milestones": {"started": "2023-01-10 14:30", "resolved": "2024-01-11 14:45"}, "impact": "It took 24 hours."},
        {"date-slip", "stated-length"},
    ),
    "the end is before the start, in another offset": (
        {"milestones": {"started": "2024-01-14T10:05:45-06:00", "resolved": "2024-01-14T01:30:45-04:00"}},
        {"order"},
    ),
    "day and month are swapped": (
        {
            "milestones": {"started": "2021-04-09 10:00", "resolved": "2021-04-14 18:00"},
            "timeline": [{"at": "2021-09-04 11:00", "kind": "action", "text": "Restarted the web server."}],
        },
        {"far-away", "date-slip"},
    ),
    "the detection is the start": (
        {"milestones": {"started": "15:00", "detected": "15:00"}},
        {"start-is-detection"},
    ),
    "shares of users without a source": (
        {"affected": "70 % of users", "impact": "a 60 % drop in engagement"},
        {"unsupported-number"},
    ),
    "the detection is before the start": (
        {"milestones": {"started": "20:23", "detected": "20:18", "resolved": "20:30"}},
        {"order"},
    ),
    "what could have been": ({"summary": "It could have been noticed earlier."}, {"counterfactual"}),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_of_the_genre_is_answered(defect):
    facts, ids = DEFECTS[defect]
    found = {finding.id for finding in pnb.analyze(declared_only(**facts)).findings}
    assert found & ids, f"none of {sorted(ids)} among {sorted(found)}"


def test_a_start_that_is_only_bounded_keeps_its_bounds():
    """Nothing was logged before midnight: the time to detect is a range, not a number that is too exact."""
    analysis = pnb.analyze(declared_only(milestones={"started": "<15:00", "detected": "15:40"}))
    detect = analysis.timing("time_to_detect").duration
    assert detect.lo is not None and detect.lo >= pd.Timedelta(minutes=40) and detect.hi is None
