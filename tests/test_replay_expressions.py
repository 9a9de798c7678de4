"""Expressions: how they are read, what is refused and where, and their values against definitions written in loops."""

import dataclasses
import itertools
import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem_nb.errors import IncidentError
from postmortem_nb.replay import Grid, Series, UnreadableExpression, counters, evaluate, parse_expression, selectors
from postmortem_nb.replay import series_of_metrics as series_of
from postmortem_nb.replay.expression import Aggregate, Binary, Call, Matching, Negative, Number, Selector
from postmortem_nb.replay.firing import lives
from postmortem_nb.replay.prometheus import openmetrics
from postmortem_nb.replay.series import labels_of, metric_name

T0 = 1_705_314_720_000


def make(values, step=15_000, name="x", **labels):
    """A series with a sample every step; None is a missing one."""
    kept = [(T0 + i * step, float(v)) for i, v in enumerate(values) if v is not None]
    times, held = zip(*kept, strict=True)
    return Series(labels_of({"__name__": name, **labels}.items()), np.array(times, np.int64), np.array(held))


def value(text, *series, at=0, version=(3, 0)):
    """The value of an expression at one instant (seconds after the first sample), by labels."""
    found = evaluate(text, series, Grid(T0 + round(at * 1000), 1000, 1), version=version)
    return {labels: v[0] for labels, v, k in zip(found.labels, found.values, found.known, strict=True) if k[0]}


def alone(text, *series, at=0, version=(3, 0)):
    """The one value of an expression; None if there is none."""
    found = value(text, *series, at=at, version=version)
    return next(iter(found.values())) if found else None


# --- reading ----------------------------------------------------------------------------------------------------------


def plain(node):
    """An expression as nested tuples, without places."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Selector):
        return node.name
    if isinstance(node, Negative):
        return ("-", plain(node.inner))
    if isinstance(node, Binary):
        return (plain(node.left), node.sign, plain(node.right))
    if isinstance(node, Call):
        return (node.function, *map(plain, node.arguments))
    return (node.operation, node.labels, node.without, plain(node.inner))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b * c", ("a", "+", ("b", "*", "c"))),
        ("a - b - c", (("a", "-", "b"), "-", "c")),
        ("a ^ b ^ c", ("a", "^", ("b", "^", "c"))),
        ("-a ^ 2", ("-", ("a", "^", 2.0))),
        ("-a * b", (("-", "a"), "*", "b")),
        ("a or b and c", ("a", "or", ("b", "and", "c"))),
        ("a unless b and c", (("a", "unless", "b"), "and", "c")),
        ("a > 1 and b + 1 < 2", (("a", ">", 1.0), "and", (("b", "+", 1.0), "<", 2.0))),
        ("(a + b) * c", (("a", "+", "b"), "*", "c")),
        ("sum by (x, y) (a)", ("sum", ("x", "y"), False, "a")),
        ("sum(a) without (x,)", ("sum", ("x",), True, "a")),
        ("round(a, 0x10)", ("round", "a", 16.0)),
        ("job:a:rate5m # words\n > .5e1", ("job:a:rate5m", ">", 5.0)),
        ("AVG(a) AND b", (("avg", (), False, "a"), "and", "b")),
    ],
)
def test_precedence_and_forms(text, expected):
    assert plain(parse_expression(text)) == expected


def test_what_a_selector_says():
    (found,) = selectors(parse_expression('rate(x{a="1", b!~`c\\d`, d=\'\\"\\n\'}[1h30m] offset -5m)'))
    assert [(m.label, m.sign, m.value) for m in found.matchers] == [
        ("__name__", "=", "x"),
        ("a", "=", "1"),
        ("b", "!~", "c\\d"),
        ("d", "=", '"\n'),
    ]
    assert (found.range, found.offset) == (5_400_000, -300_000)


def test_matching_says_which_labels():
    node = parse_expression("a / ignoring (x) b")
    assert isinstance(node, Binary) and node.matching == Matching(on=False, labels=("x",))
    assert parse_expression("a == bool on () b").is_bool


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("histogram_quantile(0.9, x)", "character 1", "`histogram_quantile` is not among the functions"),
        ("1 +\n  topk(3, x)", "line 2, character 3", "`topk` is not among the functions"),
        ("a * on (x) group_left b", "character 12", "many to one is not read"),
        ("max_over_time(rate(x[1m])[5m:])", "character 26", "ubqueries"),
        ("x @ 5", "character 3", "not read"),
        ("sum(x) offset 5m", "character 8", "not read"),
        ("x > ", "character 5", "Here should stand a value"),
        ("rate(x)", "character 6", "samples of a stretch"),
        ("sum(x[5m])", "character 5", "series"),
        ("x[5m]", "character 1", "is no value"),
        ("x and 1", "character 3", "joins series"),
        ("1 > 2", "character 3", "needs `bool`"),
        ("x + bool y", "character 3", "belongs to a comparison"),
        ("x[5]", "character 3", "duration"),
        ("rate(x[1m1h])", "character 8", "falling order"),
        ("{a=''}", "character 1", "does not match the empty string"),
        ("x{a=~'('}", "character 6", "regular expression"),
        ("x{__name__='y'}", "character 1", "twice"),
        ("x y", "character 3", "should end here"),
        ("x; y", "character 2", "no word of PromQL"),
        ("'\\q' + x", "character 1", "Here should stand a value"),
        ("x{a='\\q'}", "character 5", "no escape"),
        ("on", "character 1", "no place here"),
        ("abs(x, y)", "character 1", "abs() takes 1"),
        ("", "character 1", "Here should stand a value"),
    ],
)
def test_what_is_not_read_is_named_with_its_place(text, place, why):
    with pytest.raises(UnreadableExpression) as caught:
        parse_expression(text)
    said = str(caught.value)
    assert f"expr, {place} (" in said and why in said and "promtool" in said


@given(st.text(alphabet="abx(){}[]<>=!~+-*/%^,.'\"`\\ \n059mhsumratebyonandor", max_size=40))
@settings(max_examples=500, deadline=None)
def test_any_text_is_read_or_refused(text):
    try:
        parse_expression(text)
    except UnreadableExpression as error:
        assert "expr, " in str(error)


@pytest.mark.parametrize("text", ["(" * 5000 + "x" + ")" * 5000, "-" * 5000 + "x", "abs(" * 3000 + "x" + ")" * 3000])
def test_deep_nesting_is_refused_not_a_crash(text):
    with pytest.raises(UnreadableExpression, match="nested too deeply"):
        parse_expression(text)


# --- values, against the definitions ----------------------------------------------------------------------------------


def oracle(function, times, values, start, end, version):
    """A function of one stretch, as Prometheus' manual and source define it, in plain loops (times in ms)."""
    first = start if version < (3, 0) else start + 1
    inside = [(t, v) for t, v in zip(times, values, strict=True) if first <= t <= end]
    only = [v for _, v in inside]
    if not inside:
        return None
    if function in ("min", "max", "sum"):
        return float({"min": min, "max": max, "sum": math.fsum}[function](only))
    if function in ("avg", "count", "last", "present"):
        return {"avg": math.fsum(only) / len(only), "count": len(only), "last": only[-1], "present": 1.0}[function]
    if function == "changes":
        return float(sum(a != b for a, b in itertools.pairwise(only)))
    if function == "resets":
        return float(sum(b < a for a, b in itertools.pairwise(only)))
    if len(inside) < 2:
        return None
    change = only[-1] - only[0]
    if function != "delta":
        change += sum(a for a, b in itertools.pairwise(only) if b < a)
    sampled = (inside[-1][0] - inside[0][0]) / 1000
    mean = sampled / (len(only) - 1)
    before, after = (inside[0][0] - start) / 1000, (end - inside[-1][0]) / 1000
    zero = sampled * only[0] / change if function != "delta" and change > 0 and only[0] >= 0 else math.inf
    if version < (2, 52):
        before = min(before, zero)
    if before >= mean * 1.1:
        before = mean / 2
    if version >= (2, 52):
        before = min(before, zero)
    if after >= mean * 1.1:
        after = mean / 2
    result = change * (sampled + before + after) / sampled
    return result / ((end - start) / 1000) if function == "rate" else result


FUNCTIONS = {f: f for f in ("rate", "increase", "delta", "changes", "resets")} | {
    f: f"{f}_over_time" for f in ("min", "max", "sum", "avg", "count", "last", "present")
}


@given(
    gaps=st.lists(st.integers(1, 40), min_size=1, max_size=30),
    values=st.lists(st.integers(0, 9), min_size=30, max_size=30),
    length=st.integers(1, 120),
    at=st.integers(-20, 400),
    function=st.sampled_from(sorted(FUNCTIONS)),
    version=st.sampled_from([(2, 42), (2, 53), (3, 0)]),
)
@settings(max_examples=600, deadline=None)
def test_stretches_against_the_definition(gaps, values, length, at, function, version):
    times = T0 + 1000 * np.cumsum(gaps).astype(np.int64)
    held = np.array(values[: len(gaps)], float)
    series = Series(labels_of([("__name__", "x")]), times, held)
    end = T0 + at * 1000
    expected = oracle(function, times.tolist(), held.tolist(), end - length * 1000, end, version)
    got = alone(f"{FUNCTIONS[function]}(x[{length}s])", series, at=at, version=version)
    assert (got is None) == (expected is None)
    if expected is not None:
        assert got == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_version_2_counts_the_sample_at_the_start_of_a_stretch_and_version_3_does_not():
    series = make([1, 2, 4, 8, 16])
    assert alone("count_over_time(x[30s])", series, at=60, version=(2, 42)) == 3
    assert alone("count_over_time(x[30s])", series, at=60, version=(3, 0)) == 2
    assert alone("x", series, at=60 + 300, version=(2, 42)) == 16
    assert alone("x", series, at=60 + 300, version=(3, 0)) is None
    assert alone("x", series, at=60 + 299, version=(3, 0)) == 16


def test_a_rate_by_hand():
    series = make([0, 10, 20, 5, 15])  # a reset between 20 and 5
    assert alone("increase(x[1m])", series, at=60, version=(2, 42)) == 35.0
    assert alone("rate(x[1m])", series, at=60, version=(2, 42)) == 35 / 60
    # version 3 has the samples from 15 s on: 25 in 45 s; a counter at 10 that rises 25 in 45 s began 18 s before
    assert alone("increase(x[1m])", series, at=60) == pytest.approx(25 * (45 + 15) / 45)


@given(st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=2, max_size=40), st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_steps_do_not_depend_on_each_other(values, bound):
    """One run over a grid, in parts or whole, is the same as a run at each instant alone."""
    values = [1, *values]
    series = (make(values, service="a"), make([2] * len(values), service="b"))
    text = f"sum by (service) (avg_over_time(x[40s])) > {bound} or absent(x{{service='a'}})"
    whole = evaluate(text, series, Grid(T0 - 60_000, 10_000, 60))
    for step in range(0, 60, 7):
        single = value(text, *series, at=-60 + 10 * step)
        held = {k: v[step] for k, v, has in zip(whole.labels, whole.values, whole.known, strict=True) if has[step]}
        assert held == single


def test_a_long_grid_is_evaluated_in_parts(monkeypatch):
    series = make([None if 40 < i < 90 else i % 5 for i in range(200)])
    grid = Grid(T0 - 30_000, 15_000, 230)
    text = "x > 2 or absent(x) * 7"
    whole = evaluate(text, [series], grid)
    monkeypatch.setattr("postmortem_nb.replay.evaluation.MOST", 7)
    parts = evaluate(text, [series], grid)
    assert sorted(whole.labels) == sorted(parts.labels)
    for row, labels in enumerate(whole.labels):
        other = parts.labels.index(labels)
        assert (whole.known[row] == parts.known[other]).all()
        assert (whole.values[row][whole.known[row]] == parts.values[other][whole.known[row]]).all()


def test_labels_of_results():
    a, b = make([1], service="a", code="5"), make([2], service="b", code="5")
    assert set(value("x > 0", a, b)) == {a.labels, b.labels}
    assert set(value("x + 0", a)) == {(("code", "5"), ("service", "a"))}
    assert set(value("sum by (service) (x)", a, b)) == {(("service", "a"),), (("service", "b"),)}
    assert set(value("sum without (service) (x)", a, b)) == {(("code", "5"),)}
    assert set(value("absent(x{service='z',code=~'5'})", a)) == {(("service", "z"),)}
    assert value("sum(y)", a) == {}
    assert value("absent(y)", a) == {(): 1.0}
    assert value("1", a) == {(): 1.0}


@pytest.mark.parametrize("text", ["x + on (code) y", "y + on (code) x", "x > on () x", "{__name__=~'.+'} + 0"])
def test_matching_of_many_is_refused_as_in_prometheus(text):
    series = make([1], service="a", code="5"), make([2], service="b", code="5"), make([3], name="y", code="5")
    same = make([3], name="z", service="a", code="5")
    with pytest.raises(IncidentError, match="Prometheus refuses the rule"):
        value(text, *series, same)


# --- alerts -----------------------------------------------------------------------------------------------------------


def slow_lives(present, hold, keep):
    """The rule manager of Prometheus, evaluation by evaluation, as its source has it (steps of 1)."""
    state, active_at, fired_at, since, found = None, None, None, None, []
    for now, is_there in enumerate(present):
        if is_there:
            since = None
            if state is None:
                state, active_at, fired_at = "pending", now, None
        elif state is not None:
            keeps = False
            if state == "firing" and keep > 0:
                since = now if since is None else since
                keeps = now - since < keep
            if not keeps:
                found.append((active_at, fired_at, now))
                state, since = None, None
                continue
        if state == "pending" and now - active_at >= hold:
            state, fired_at = "firing", now
    return [*found, (active_at, fired_at, None)] if state is not None else found


@given(st.lists(st.booleans(), max_size=40), st.integers(0, 5), st.integers(0, 5))
@settings(max_examples=500, deadline=None)
def test_lives_of_an_alert(present, hold, keep):
    found = [tuple(life) for life in lives(np.array(present, bool), 1, hold, keep)]
    assert found == slow_lives(present, hold, keep)


# --- series -----------------------------------------------------------------------------------------------------------


def frame(*rows):
    columns = ["time", "service", "metric", "value", "labels"]
    out = pd.DataFrame(rows, columns=columns)
    return out.assign(time=pd.to_datetime(out["time"], unit="ms", utc=True).dt.as_unit("ns"), file="m.csv")


def test_series_of_a_metrics_frame():
    given_frame = frame(
        (T0, "web", "http.requests", 1.0, "code=500,path=/a,b"),
        (T0 + 15_000, "web", "http.requests", None, "code=500,path=/a,b"),
        (T0 + 30_000, "web", "http.requests", 3.0, "code=500,path=/a,b"),
        (T0 + 30_000, "web", "http.requests", 4.0, "code=500,path=/a,b"),
        (T0, None, "up", 1.0, None),
    )
    found, contradicted = series_of(given_frame, None, ["job"])
    assert [s.labels for s in found] == [
        (("__name__", "http_requests"), ("code", "500"), ("job", "web"), ("path", "/a,b"), ("service", "web")),
        (("__name__", "up"),),
    ]
    assert found[0].times.tolist() == [T0, T0 + 30_000] and found[0].values.tolist() == [1.0, 3.0]
    assert contradicted == 1
    assert [s.name for s in series_of(given_frame, ["up"])[0]] == ["up"]


@given(st.text(max_size=12))
@settings(deadline=None)
def test_every_metric_gets_a_name_that_prometheus_takes(text):
    assert re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", metric_name(text))


@given(
    st.lists(st.tuples(st.integers(0, 200_000), st.booleans()), min_size=1, max_size=60),
    st.sampled_from([1_000, 15_000, 60_000]),
)
@settings(deadline=None)
def test_counters_hold_the_lines_before_each_scrape(lines, step):
    lines = sorted(lines)
    times = pd.to_datetime([T0 + t for t, _ in lines], unit="ms", utc=True).as_unit("ns")
    requests = pd.DataFrame({"time": times, "bad": [b for _, b in lines]})
    total, good, bad = counters(requests, {"signal": "s"}, pd.Timedelta(step, "ms"))
    assert [s.name for s in (total, good, bad)] == ["sli_events_total", "sli_good_events_total", "sli_bad_events_total"]
    for at, count, well, failed in zip(total.times.tolist(), total.values, good.values, bad.values, strict=True):
        before = [b for t, b in lines if T0 + t < at]
        assert (count, failed, well) == (len(before), sum(before), len(before) - sum(before))
    assert total.values[0] == 0 and total.values[-1] == len(lines)
    assert (np.diff(total.times) == step).all()


def test_openmetrics_text():
    series = dataclasses.replace(make([1, None, 2.5], service='a"\\\n'), times=np.array([T0, T0 + 30_001], np.int64))
    assert openmetrics([series]) == (
        'x{service="a\\"\\\\\\n"} 1.0 1705314720.000\nx{service="a\\"\\\\\\n"} 2.5 1705314750.001\n# EOF\n'
    )


def test_an_aggregate_keeps_its_labels():
    node = parse_expression("sum(x) by (a)")
    assert isinstance(node, Aggregate) and (node.labels, node.without) == (("a",), False)
