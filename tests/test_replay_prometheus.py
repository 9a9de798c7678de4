"""The built-in evaluator against Prometheus itself: random series with gaps and resets, random rules, one server."""

import json
import os
import subprocess

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postmortem_nb.errors import IncidentError
from postmortem_nb.replay import Grid, Series, evaluate, installed_version, serving
from postmortem_nb.replay.firing import lives
from postmortem_nb.replay.series import labels_of

T0 = 1_705_314_720_000
GRID = Grid(T0 - 120_000, 15_000, 260)
WORLDS = 24
VERSION = installed_version()
NUMBERS = tuple(int(n) for n in (VERSION or "3.0").split(".")[:2])

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed():
    if not VERSION:
        if os.environ.get("CI"):
            pytest.fail("prometheus and promtool are not installed, and CI needs them")
        pytest.skip("prometheus and promtool are not installed")


def world(seed):
    """Counters by service and code, and gauges by service: jitter, lost samples, a long gap, resets, an early end."""
    rng = np.random.default_rng(seed)
    step = int(rng.choice([5_000, 15_000, 30_000, 60_000]))
    count = int(rng.integers(2, 3_600_000 // step))
    found = []

    def times():
        at = T0 + step * np.arange(count, dtype=np.int64)
        if rng.random() < 0.5:
            at = at + rng.integers(0, step // 3 + 1, count)
        kept = rng.random(count) > rng.choice([0, 0.1, 0.5])
        if rng.random() < 0.5:
            gap = int(rng.integers(0, count))
            kept[gap : gap + int(rng.integers(1, 600_000 // step + 2))] = False
        kept[0] |= not kept.any()
        return at[kept]

    for service in ("a", "b", "c")[: int(rng.integers(1, 4))]:
        for code in ("200", "404", "500")[: int(rng.integers(1, 4))]:
            at = times()
            values = np.cumsum(rng.integers(0, 20, len(at)) * (rng.random(len(at)) < 0.7)).astype(float)
            for reset in rng.integers(0, len(at), int(rng.integers(0, 4))):
                values[reset:] -= values[reset] - rng.integers(0, 3)
            values = np.maximum(values + rng.integers(0, 2) * 50, 0)
            labels = {"__name__": f"w{seed}_total", "service": service, "code": code}
            found.append(Series(labels_of(labels.items()), at, values))
        at = times()
        values = rng.integers(-5, 30, len(at)).astype(float)
        found.append(Series(labels_of({"__name__": f"w{seed}_depth", "service": service}.items()), at, values))
    return found


WORLD = {seed: world(seed) for seed in range(WORLDS)}
LENGTHS = st.sampled_from(["30s", "1m", "90s", "2m", "5m", "10m", "1h", "17s"])
THRESHOLDS = st.sampled_from(["0.2371", "1.0137", "7.3019", "13.577", "-2.7101"])
COMPARED = st.sampled_from([">", "<", ">=", "<=", "!=", "=="])
COUNTER = ("rate", "increase", "irate", "resets")
GAUGE = (
    *("delta", "idelta", "changes", "avg_over_time", "min_over_time", "max_over_time", "sum_over_time"),
    *("count_over_time", "last_over_time", "present_over_time"),
)


@st.composite
def selections(draw, seed, which):
    label = draw(st.sampled_from(["", 'service="a"', 'service!="a"', 'service=~"a|c"', 'service!~"b.*"', 'x=""']))
    more = draw(st.sampled_from(["", 'code=~"5.."', 'code!="200"'])) if which == "total" else ""
    inside = ",".join(m for m in (label, more) if m)
    return f"w{seed}_{which}{{{inside}}}" if inside else f"w{seed}_{which}"


@st.composite
def vectors(draw, seed):
    """Series by themselves: a selector, or a function over a stretch, perhaps shifted."""
    which = draw(st.sampled_from(["total", "depth"]))
    chosen = draw(selections(seed, which))
    offset = draw(st.sampled_from(["", "", "", " offset 1m", " offset 7m", " offset -30s"]))
    if draw(st.integers(0, 4)) == 0:
        return f"{chosen}{offset}"
    function = draw(st.sampled_from(COUNTER if which == "total" else GAUGE))
    return f"{function}({chosen}[{draw(LENGTHS)}]{offset})"


@st.composite
def aggregates(draw, seed, by=None):
    operation = draw(st.sampled_from(["sum", "avg", "min", "max", "count", "group"]))
    grouping = by or draw(st.sampled_from(["", "by (service)", "by (service, code)", "without (code)", "by (nothing)"]))
    inner = draw(vectors(seed))
    return f"{operation} {grouping} ({inner})" if draw(st.booleans()) else f"{operation}({inner}) {grouping}"


@st.composite
def ratios(draw, seed):
    by = draw(st.sampled_from(["by (service)", "by (code)", "by ()"]))
    length = draw(LENGTHS)
    bad = f'sum {by} (rate(w{seed}_total{{code=~"[45].."}}[{length}]))'
    return f"{bad} / sum {by} (rate(w{seed}_total[{length}]))"


@st.composite
def rules(draw, seed):
    kind = draw(st.integers(0, 10))
    if kind == 0:
        absent = draw(st.sampled_from(["absent({})", "absent_over_time({}[3m])", "absent({}) or absent({})"]))
        which = draw(st.sampled_from(["total", "depth", "gone"]))
        return absent.replace("{}", draw(selections(seed, which)))
    if kind == 1:
        return draw(vectors(seed))
    if kind == 2:  # whole numbers, where a tie is a tie: averages differ in their last digit from version to version
        return f"{draw(selections(seed, 'depth'))} {draw(COMPARED)} {draw(st.integers(-3, 12))}"
    if kind <= 5:
        one = draw(st.one_of(vectors(seed), aggregates(seed), ratios(seed)))
        return f"{one} {draw(COMPARED)} {draw(st.sampled_from(['', 'bool ']))}{draw(THRESHOLDS)}"
    if kind == 6:
        return f"{draw(ratios(seed))} > 0.2371 and {draw(ratios(seed))} > 0.1013"
    if kind == 7:
        sign = draw(st.sampled_from(["and", "or", "unless"]))
        match = draw(st.sampled_from(["", "on (service)", "ignoring (code)", "on ()"]))
        return f"{draw(vectors(seed))} {sign} {match} ({draw(aggregates(seed))} > {draw(THRESHOLDS)})"
    if kind == 8:
        sign = draw(st.sampled_from(["+", "-", "*", "/"]))
        by = draw(st.sampled_from(["by (service)", "by (code)"]))
        right = aggregates(seed, by) if sign != "/" else st.just(f"count {by} (w{seed}_total)")
        return f"{draw(aggregates(seed, by))} {sign} {draw(right)}"
    if kind == 9:
        function = draw(st.sampled_from(["abs", "ceil", "floor", "-", "round", "sqrt"]))
        return f"{function}(1.37 * {draw(vectors(seed))} + 2 ^ 2 % 3)"
    match = draw(st.sampled_from(["on (service)", "ignoring (code)", "on (service, code)", ""]))
    return f"w{seed}_total {draw(COMPARED)} {match} w{seed}_depth"


@pytest.fixture(scope="module")
def server(installed):
    with serving([s for series in WORLD.values() for s in series]) as running:
        yield running


def outcome(evaluator):
    """What an evaluator gives: for each label set the steps and values; or that it refuses the expression."""
    try:
        found = evaluator()
    except IncidentError as error:
        return str(error)
    rows = zip(found.labels, found.values, found.known, strict=True)
    return {labels: (known, values[known]) for labels, values, known in rows if known.any()}


def check_equal(text, ours, theirs):
    if isinstance(ours, str) or isinstance(theirs, str):
        assert isinstance(ours, str) and isinstance(theirs, str), f"{text}: {ours} / {theirs}"
        return
    assert ours.keys() == theirs.keys(), text
    for labels, (known, values) in ours.items():
        np.testing.assert_array_equal(known, theirs[labels][0], err_msg=f"{text} {labels}")
        np.testing.assert_allclose(values, theirs[labels][1], rtol=1e-9, atol=1e-9, err_msg=f"{text} {labels}")


@given(data=st.data(), seed=st.integers(0, WORLDS - 1))
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_built_in_evaluator_gives_what_prometheus_gives(server, data, seed):
    text = data.draw(rules(seed))
    ours = outcome(lambda: evaluate(text, WORLD[seed], GRID, version=NUMBERS))
    check_equal(text, ours, outcome(lambda: server.evaluate(text, GRID)))


@pytest.mark.parametrize(
    "text",
    [
        "scalar(w3_depth{service='a'}) + 1",
        "vector(1) > 0",
        "1 > bool 2",
        "time() - 1700000000",
        "-w3_depth ^ 2",
        "2 ^ 3 ^ 2 + 0 * time()",
        "1 + 2 * 3 % 4 - -1 + 0 * time()",
        "w3_depth > 1 or w3_depth < 0 and w3_depth",
        "clamp(w3_depth, 1, 5) == clamp_min(clamp_max(w3_depth, 5), 1)",
        "clamp(w3_depth, 5, 1)",
        "round(w3_depth, 4)",
        "w3_depth / 0 > 1",
        "0 / (w3_depth - w3_depth) != 1",
        "sum(w3_depth) unless vector(1)",
        "avg without (code) (rate(w3_total[5m])) # a comment\n > 0.1",
        "{__name__=~'w3_.*', service='a'}",
        "rate({__name__=~'w3_total', code!=''}[2m])",
        "sum by (__name__) ({__name__=~'w[34]_depth'})",
        "SUM(w3_depth) By (service)",
        "absent(sum(w3_gone))",
        "absent(w3_gone{service='a',service='b',code='1'})",
        "exp(w3_depth / 10) - ln(w3_depth)",
        "0x10 * w3_depth + .5e1",
        "w3_depth{service=~'(?i)A'}",
        "w3_depth * on () group_left () vector(1)",
    ],
)
def test_one_expression_against_prometheus(server, text):
    ours = outcome(lambda: evaluate(text, WORLD[3] + WORLD[4], GRID, version=NUMBERS))
    if isinstance(ours, str) and "is not read" in ours:  # no common shape: Prometheus takes it
        assert isinstance(outcome(lambda: server.evaluate(text, GRID)), dict)
        return
    check_equal(text, ours, outcome(lambda: server.evaluate(text, GRID)))


@pytest.mark.parametrize(
    "text",
    ["w3_depth >", "w3_depth and 1", "sum(w3_depth", "rate(w3_total)", "1 > 2", "w3_depth[5m]", "{a=''}", "x{a=~'('}"],
)
def test_what_is_no_promql_both_refuse(server, text):
    assert isinstance(outcome(lambda: evaluate(text, WORLD[3], GRID)), str)
    with pytest.raises(IncidentError, match="Prometheus refuses it"):
        server.evaluate(text, GRID)


# --- pending and firing, by promtool's own rule manager ---------------------------------------------------------------


def expected_alerts(present, hold, keep):
    """ALERTS at each evaluation, one a minute: none, pending or firing."""
    states = [None] * len(present)
    for life in lives(np.array(present, bool), 60_000, hold * 60_000, keep * 60_000):
        end = len(present) if life.ended is None else life.ended
        for step in range(life.pending, end):
            states[step] = "pending" if life.firing is None or step < life.firing else "firing"
    return states


@given(
    cases=st.lists(
        st.tuples(
            st.lists(st.booleans(), min_size=1, max_size=25),
            st.integers(0, 4),
            st.integers(0, 4) if NUMBERS >= (2, 42) else st.just(0),
        ),
        min_size=8,
        max_size=20,
    )
)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_promtool_finds_the_same_alerts_pending_and_firing(installed, tmp_path_factory, cases):
    folder = tmp_path_factory.mktemp("rules")
    tests = []
    for number, (present, hold, keep) in enumerate(cases):
        rule = {"alert": "High", "expr": "x > 0", "for": f"{hold}m", "labels": {"severity": "page"}}
        rule |= {"keep_firing_for": f"{keep}m"} if keep else {}
        name = f"rules-{number}.yml"
        (folder / name).write_text(yaml.safe_dump({"groups": [{"name": "g", "interval": "1m", "rules": [rule]}]}))
        checks = [
            {
                "expr": "ALERTS",
                "eval_time": f"{step}m",
                "exp_samples": [
                    {
                        "labels": f'ALERTS{{alertname="High",alertstate="{state}",severity="page",service="a"}}',
                        "value": 1,
                    }
                ]
                if state
                else [],
            }
            for step, state in enumerate(expected_alerts(present, hold, keep))
        ]
        series = [{"series": 'x{service="a"}', "values": " ".join("1" if p else "0" for p in present)}]
        document = {"rule_files": [name], "evaluation_interval": "1m"}
        document["tests"] = [{"interval": "1m", "input_series": series, "promql_expr_test": checks}]
        path = folder / f"test-{number}.yml"
        path.write_text(json.dumps(document))
        tests.append(str(path))
    done = subprocess.run(
        ["promtool", "test", "rules", *tests], capture_output=True, text=True, cwd=folder, timeout=120
    )
    assert done.returncode == 0, f"{cases}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
