"""The signal in a few values."""

import numpy as np
import pytest
from conftest import gauge

import postmortem_nb as pnb
from postmortem_nb.analysis.curve import POINTS, curve_of


@pytest.mark.parametrize(("direction", "worst"), [("high", 9.0), ("low", -9.0)])
def test_no_spike_is_lost_and_what_is_unknown_stays_so(direction, worst):
    values = np.zeros(1000)
    values[500] = worst
    values[600:640] = np.nan
    curve = curve_of(pnb.analyze(gauge(values, direction=direction)).signal)
    assert len(curve.values) == POINTS
    assert worst in curve.values
    assert any(value is None for value in curve.values[43:47])
    assert (curve.start, curve.end) == ("2024-01-14T15:00:00Z", "2024-01-15T07:40:00Z")


def test_a_short_record_is_itself_and_none_is_none():
    assert curve_of(pnb.analyze(gauge([1, 2.00000004, 3] * 5)).signal).values == [1, 2, 3] * 5
    assert curve_of(None) is None
