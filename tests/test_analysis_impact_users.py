"""Users, latency, availability, budget and burn rate: against loops that spell the formula out, and drawn truth."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from conftest import START, at, draw, gauge, steps, with_facts
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from postmortem_nb.analysis.impact import QUANTITIES
from postmortem_nb.analysis.impact.budget import worst_ratio
from postmortem_nb.analysis.impact.latency import apdex_of, minutes_p95
from postmortem_nb.analysis.impact.users import Ids, failing_runs, met
from postmortem_nb.analysis.signals import SignalSeries
from postmortem_nb.example import Impact, Traffic, draw_requests
from postmortem_nb.frames import METRICS, conform
from postmortem_nb.incident import Facts, Incident, Signal
from postmortem_nb.sections import Postmortem

always = settings(derandomize=True, deadline=None, max_examples=60)
SECOND, MINUTE = pd.Timedelta(seconds=1), pd.Timedelta(minutes=1)

visits = st.lists(st.tuples(st.integers(0, 60), st.sampled_from("abcd-"), st.booleans()), min_size=1, max_size=60)
stretches = st.tuples(st.integers(0, 30), st.integers(1, 30))


def requests_of(rows):
    rows = sorted(rows, key=lambda r: r[0])
    time = pd.Series([START + t * SECOND for t, _, _ in rows])
    user = pd.Series([None if u == "-" else u for _, u, _ in rows], dtype="str")
    return rows, pd.DataFrame({"time": time, "bad": [b for _, _, b in rows]}), user


@given(visits, stretches)
@always
def test_failing_runs_are_those_that_a_loop_finds(rows, stretch):
    rows, requests, user = requests_of(rows)
    lo, hi = stretch[0], stretch[0] + stretch[1]
    wanted = []
    for name in "abcd":
        own = [(t, bad) for t, u, bad in rows if u == name and lo <= t < hi]
        run = None
        for t, bad in [*own, (None, False)]:
            if bad:
                run = (t, t) if run is None else (run[0], t)
            elif run is not None:
                wanted.append((*run, t))
                run = None
    span = (START + lo * SECOND, START + hi * SECOND)
    runs = failing_runs(requests["time"], requests["bad"], user, [span])
    found = [
        tuple(None if pd.isna(x) else (x - START) / SECOND for x in row)
        for row in runs[["start", "last", "success"]].itertuples(index=False)
    ]
    assert sorted(found, key=str) == sorted(wanted, key=str)
    assert (runs["end"] == span[1]).all()


@given(visits, stretches, st.integers(1, 4))
@always
def test_users_are_those_that_a_loop_counts(rows, stretch, material):
    rows, requests, user = requests_of(rows)
    lo, hi = stretch[0], stretch[0] + stretch[1]
    inside = [(u, bad) for t, u, bad in rows if lo <= t < hi]
    named = {u for u, _ in inside if u != "-"}
    failed = {u: [bad for name, bad in inside if name == u] for u in named}
    found = met(requests, Ids(user, "users", None), [(START + lo * SECOND, START + hi * SECOND)], material)
    anonymous = sum(bad for u, bad in inside if u == "-")
    assert found.active == len(named)
    assert found.affected == sum(any(f) for f in failed.values())
    assert found.material == sum(any(f) and (all(f) or sum(f) >= material) for f in failed.values())
    assert found.anonymous == anonymous
    assert found.most == found.affected + anonymous


def test_failed_requests_without_an_id_count_once_an_address():
    _, requests, user = requests_of([(1, "a", True), (2, "-", True), (3, "-", True), (4, "-", True), (5, "-", False)])
    address = pd.Series(["x", "x", "x", None, "z"], dtype="str")
    found = met(requests, Ids(user, "users", address), [(START, START + MINUTE)], 3)
    assert (found.affected, found.most, found.anonymous) == (1, 3, 3)


def with_clients(incident, requests, *, message=False):
    logs = incident.logs.assign(seconds=requests["seconds"].to_numpy())
    names = "c" + requests["client"].astype("str")
    logs = logs.assign(message="GET / user=" + names) if message else logs.assign(client=names.astype("str"))
    return dataclasses.replace(incident, logs=logs)


def drawn(seed, *impacts, length=180, rate=5.0):
    incident, truth = draw(*impacts, seed=seed, length=length, rate=rate)
    traffic = Traffic(START, at(length), rate=rate, background=0.001, impacts=impacts, seed=seed)
    return incident, draw_requests(traffic), truth


def test_users_of_a_drawn_outage_are_counted():
    incident, requests, truth = drawn(1, Impact(at(90.4), at(100.7), "errors", 0.3), rate=1.0)
    analysis = pnb.analyze(with_clients(incident, requests, message=True))
    assert (
        analysis.claims["users_affected"].note
        == "the log lines carry no id of users: declare [users] column or pattern"
    )
    inside = requests[requests["time"].between(truth.onset, truth.recovery, inclusive="left")]
    failed = inside[inside["failed"]].groupby("client").size()
    for message, facts, unit, basis in (
        (True, {"users": {"pattern": r"user=(\S+)"}}, "users", "measured"),
        (False, {}, "addresses", "estimated"),
    ):
        counted = with_facts(with_clients(incident, requests, message=message), **facts)
        found = {q.id: q for q in pnb.analyze(counted).impact}
        affected = found["users_affected"]
        assert (affected.unit, affected.basis) == (unit, basis)
        assert affected.lo <= len(failed) <= affected.hi
        assert affected.value == pytest.approx(len(failed), abs=2)
        assert found["users_active"].value == pytest.approx(inside["client"].nunique(), abs=2)
        share = found["users_affected_share"]
        assert share.value == pytest.approx(share.numerator / share.denominator)
        assert share.numerator == affected.value
        lost = found["user_minutes"]
        assert lost.lo <= lost.value <= lost.hi
        assert lost.value == pytest.approx(minutes_lost(requests, truth)[0], rel=0.05)
        assert lost.hi >= minutes_lost(requests, truth)[1]


def minutes_lost(requests, truth):
    """The user-minutes of a drawn outage by a loop: at least (to the last failure), at most (to the recovery)."""
    least = most = 0.0
    inside = requests[requests["time"].between(truth.onset, truth.recovery, inclusive="left")].sort_values("time")
    for _, own in inside.groupby("client"):
        run = None
        for t, failed in [*zip(own["time"], own["failed"], strict=True), (None, False)]:
            if failed:
                run = (t, t) if run is None else (run[0], t)
            elif run is not None:
                least += ((run[1] if t is None else t) - run[0]) / MINUTE
                most += ((truth.recovery if t is None else t) - run[0]) / MINUTE
                run = None
    return least, most


def test_a_column_of_users_that_is_not_there_is_an_error():
    incident, requests, _ = drawn(2, Impact(at(90), at(100), "errors", 0.5), rate=1.0)
    wrong = with_facts(with_clients(incident, requests), users={"column": "cliant"})
    with pytest.raises(pnb.PostmortemError, match=r"\[users\]: there is no column 'cliant'.*client"):
        pnb.analyze(wrong)


# --- latency ----------------------------------------------------------------------------------------------------------

durations = st.lists(st.tuples(st.integers(0, 179), st.floats(0.001, 9), st.booleans()), min_size=1, max_size=120)


@given(durations, st.floats(0.01, 3))
@always
def test_apdex_and_percentiles_are_those_of_their_formulas(rows, limit):
    lines = pd.DataFrame(rows, columns=["at", "seconds", "bad"])
    lines["time"] = START + pd.to_timedelta(lines["at"], unit="s")
    satisfied = sum(s <= limit and not bad for _, s, bad in rows)
    tolerating = sum(limit < s <= 4 * limit and not bad for _, s, bad in rows)
    assert apdex_of(lines, limit) == pytest.approx((satisfied + tolerating / 2) / len(rows))
    wanted = {}
    for minute in range(3):
        own = [s for t, s, _ in rows if t // 60 == minute]
        if len(own) >= 20:
            wanted[START + minute * MINUTE] = np.quantile(own, 0.95)
    assert minutes_p95(lines).to_dict() == pytest.approx(wanted)


def test_slow_minutes_of_a_drawn_slowdown_are_counted():
    incident, requests, _ = drawn(3, Impact(at(90), at(120), "latency", 6.0))
    analysis = pnb.analyze(with_clients(incident, requests))
    assert analysis.windows
    found = {q.id: q for q in analysis.impact}
    minutes = found["latency_minutes"]
    assert minutes.value == pytest.approx(30, abs=2)
    assert minutes.numerator == minutes.value
    assert "above its usual minutes" in minutes.detail
    start, end = analysis.windows[0].span
    inside = requests[requests["time"].between(start, end, inclusive="left") & ~requests["failed"]]
    assert found["latency_p95"].value == pytest.approx(np.quantile(inside["seconds"], 0.95), rel=0.01)
    assert found["latency_p95"].value > 4 * found["latency_p95_usual"].value
    declared = pnb.analyze(with_facts(with_clients(incident, requests), latency={"limit": "30s"}))
    assert declared.claims["latency_minutes"].value == 0
    assert "limit 30 s, declared" in declared.claims["latency_minutes"].definition
    assert declared.claims["apdex"].value == pytest.approx(1, abs=0.01)


def test_a_recorded_percentile_is_counted_but_not_averaged():
    analysis = pnb.analyze(gauge(steps((0.2, 60), (0.9, 15), (0.2, 60)), facts={"title": "x"}, unit="s"))
    assert analysis.claims["latency_minutes"].note.startswith("needs log lines with the duration")
    slow = gauge(steps((0.2, 60), (0.9, 15), (0.2, 60)))
    signal = {**slow.facts.signals[0].model_dump(), "name": "latency p95"}
    analysis = pnb.analyze(dataclasses.replace(slow, facts=Facts.from_dict({"title": "x", "signals": [signal]})))
    assert analysis.claims["latency_minutes"].value == 15
    assert (
        analysis.claims["latency_p95"].note == "needs the durations of single requests: percentiles cannot be averaged"
    )


# --- availability, budget, burn rate ----------------------------------------------------------------------------------


def counted(bad, total, *, step="1min", **facts):
    """A ratio of two counters."""
    times = pd.date_range(START, periods=len(bad), freq=step)
    rows = [
        pd.DataFrame({"time": times, "service": "web", "metric": name, "value": values, "file": "metrics/m.csv"})
        for name, values in (("bad", bad), ("all", total))
    ]
    signal = {"name": "failed", "kind": "ratio", "bad": {"metric": "bad"}, "total": {"metric": "all"}}
    declared = Facts.from_dict({"title": "counted", "signals": [signal], **facts})
    return Incident("counted", "counted", declared, metrics=conform(pd.concat(rows), METRICS))


def test_ninety_two_minutes_of_a_total_outage_burn_the_budget_twice():
    bad = np.r_[np.zeros(120), np.full(92, 1000.0), np.zeros(120)]
    analysis = pnb.analyze(counted(bad, np.full(332, 1000.0), slo={"objective": 0.999}))
    found = {q.id: q for q in analysis.impact}
    minutes = found["budget_minutes"]
    assert (minutes.numerator, minutes.denominator) == pytest.approx((92, 43.2))
    assert minutes.value == pytest.approx(2.13, abs=0.005)  # practice: 92 min are 213 % of 43.2
    assert found["budget_requests"].value == pytest.approx(92_000 / (0.001 * 1000 * 43_200))
    assert found["budget_requests"].basis == "estimated"
    assert "extrapolated from the calm part of a record of 5 h 32 min" in found["budget_requests"].detail
    assert found["availability_slo"].value == pytest.approx(1 - 92_000 / (1000 * 43_200))
    assert found["availability_time_slo"].value == pytest.approx(1 - 92 / 43_200)
    assert found["burn_rate_peak"].value == pytest.approx(1000)
    assert found["burn_rate_1h"].value == pytest.approx(1000)
    assert found["burn_rate_6h"].note == "needs a record of at least 6 h around the impact"
    four_weeks = pnb.analyze(counted(bad, np.full(332, 1000.0), slo={"objective": 0.999, "window": "28d"}))
    assert {q.id: q for q in four_weeks.impact}["budget_minutes"].denominator == pytest.approx(40.32)


def test_a_record_as_long_as_the_period_is_not_extrapolated():
    total = np.full(24 * 14, 100.0)
    bad = np.zeros(24 * 14)
    bad[50], bad[200:206] = 100, 60  # the first of them is before the period
    analysis = pnb.analyze(counted(bad, total, step="1h", slo={"objective": 0.99, "window": "7d"}))
    found = {q.id: q for q in analysis.impact}
    assert found["availability_slo"].basis == "measured"
    assert found["availability_slo"].value == pytest.approx(1 - 360 / (100 * 24 * 7))
    assert found["budget_requests"].value == pytest.approx(360 / (0.01 * 100 * 24 * 7), rel=0.01)
    assert found["budget_requests"].basis == "measured"
    assert found["burn_rate_3d"].value == pytest.approx(360 / 7200 / 0.01)
    assert found["burn_rate_6h"].value == pytest.approx(60)


def test_without_an_objective_there_is_no_budget_and_the_reason_is_said():
    bad = np.r_[np.zeros(60), np.full(9, 50.0), np.zeros(60)]
    found = {q.id: q for q in pnb.analyze(counted(bad, np.full(129, 100.0))).impact}
    for name in ("budget_requests", "budget_minutes", "burn_rate_mean", "availability_slo"):
        assert found[name].value is None
        assert found[name].note == "needs an objective: declare one with the signal or in [slo]"
    assert found["availability"].value == pytest.approx(1 - 450 / 12900)


counts = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=3, max_size=40)


@given(counts, st.integers(1, 12), st.integers(0, 39), st.integers(1, 10))
@always
def test_the_worst_stretch_is_the_one_that_a_loop_finds(rows, n, first, length):
    total = np.array([t for t, _ in rows], float)
    bad = np.array([min(b, t) for t, b in rows], float)
    time = pd.date_range(START, periods=len(rows), freq="1min").as_unit("ns")
    with np.errstate(invalid="ignore"):
        frame = pd.DataFrame({"time": time, "value": bad / total, "bad": bad, "total": total})
    signal = Signal(name="r", kind="ratio", bad={"metric": "x"})
    series = SignalSeries(signal, frame, MINUTE, "drawn")
    span = (START + first * MINUTE, START + (first + length) * MINUTE)
    ratios = []
    for i in range(len(rows) - n + 1):
        inside = range(i, i + n)
        touches = any(first <= j < first + length for j in inside)
        known = [j for j in inside if total[j] > 0]
        if touches and len(known) > n / 2:
            ratios.append(sum(bad[j] for j in known) / sum(total[j] for j in known))
    found = worst_ratio(series, n * MINUTE, [span])
    assert found == (pytest.approx(max(ratios)) if ratios else None)


# --- what the report makes of them ------------------------------------------------------------------------------------


def test_every_quantity_is_there_once_known_or_with_its_reason(outage):
    incident, _ = outage
    for one in (incident, gauge(steps((1, 60), (5, 9), (1, 60))), gauge(steps((1, 90)))):
        found = pnb.analyze(one).impact
        assert [q.id for q in found] == list(QUANTITIES)
        for q in found:
            assert (q.value is None) == bool(q.note)
            if q.value is not None and q.lo is not None:
                assert q.lo <= q.value
            if q.value is not None and q.hi is not None:
                assert q.value <= q.hi


def test_the_section_shows_groups_and_gathers_what_is_not_known(outage):
    incident, _ = outage
    post = Postmortem(pnb.analyze(incident))
    page = "".join(getattr(b, "text", "") for b in post.impact.blocks)
    groups = [page.index(f">{name}</th>") for name in ("Requests", "Time and error budget", "The signal itself")]
    assert groups == sorted(groups)
    assert ">Users</th>" not in page
    sentence = page[page.index("Not known: ") :]
    assert "active users" in sentence
    assert sentence.count("the log lines carry no id of users") == 1
    assert "revenue not made (needs a declared [value] per_request)" in sentence


def test_users_that_an_access_log_names_are_counted_without_being_declared(tmp_path):
    """Ten users and visitors without a name: the named ones are counted, the others raise the upper bound."""
    lines = []
    for minute in range(180):
        status = 500 if 90 <= minute < 110 else 200
        for second in range(0, 60, 3):
            user = f"u{second % 10}" if second % 2 else "-"
            time = (START + minute * MINUTE + second * SECOND).strftime("%d/%b/%Y:%H:%M:%S +0000")
            lines.append(f'203.0.113.{second % 4} - {user} [{time}] "GET / HTTP/1.1" {status} 5 "-" "x" 0.1')
    folder = tmp_path / "named"
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "access.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "incident.toml").write_text('title = "named"\n', encoding="utf-8")
    found = {q.id: q for q in pnb.analyze(pnb.load(folder)).impact}
    affected = found["users_affected"]
    assert (affected.value, affected.unit, affected.basis) == (5, "users", "measured")
    assert affected.hi == 5 + 4 - 2  # those without a name came from addresses 0 and 2
    assert "failed requests without an id, once an address" in affected.detail


def test_the_value_of_another_ratio_counts_its_own_failures():
    bad = np.r_[np.zeros(120), np.full(20, 50.0), np.zeros(120)]
    one = counted(bad, np.full(260, 100.0), value={"per_request": 2.0, "low": 0.0, "currency": "EUR", "signal": "same"})
    first = one.facts.signals[0].model_dump()
    facts = {"title": "x", "value": one.facts.value.model_dump(), "signals": [first, {**first, "name": "same"}]}
    gauge_first = {"name": "m", "kind": "gauge", "select": {"metric": "bad"}}
    for signals in (facts["signals"], [gauge_first, *facts["signals"]]):
        incident = dataclasses.replace(one, facts=Facts.from_dict({**facts, "signals": signals}))
        revenue = next(q for q in pnb.analyze(incident).impact if q.id == "revenue_lost")
        assert revenue.value == pytest.approx(2 * 20 * 50)
        assert revenue.lo == 0
        assert "1,000 × 2 (0–2) EUR a request of “same”, declared" in revenue.detail


def test_a_signal_that_does_not_tell_failures_says_so():
    incident, _ = draw(Impact(at(90), at(120), "collapse", 0.8))
    found = {q.id: q for q in pnb.analyze(incident).impact}
    assert "does not tell which requests failed" in found["affected_demand"].detail
    assert "does not tell which requests failed" in found["unserved_requests"].detail


def test_a_calm_record_has_no_budget_of_requests_burned_because_of_no_window():
    found = {q.id: q for q in pnb.analyze(counted(np.zeros(120), np.full(120, 100.0), slo={"objective": 0.999})).impact}
    assert found["budget_requests"].note == "needs a measured window"
    assert found["budget_minutes"].value == 0
    assert found["availability_slo"].value == 1


def test_what_no_signal_counts_has_one_reason():
    found = {q.id: q for q in pnb.analyze(gauge(steps((1, 60), (5, 9), (1, 60)))).impact}
    requests = {found[i].note for i in ("failed_requests", "availability", "budget_requests", "burn_rate_1h")}
    assert requests == {"needs a measured window of a signal that counts failed and all requests"}
    demand = {found[i].note for i in ("expected_requests", "lost_requests", "affected_demand", "unserved_requests")}
    assert demand == {"needs a measured window of a signal that counts requests"}
