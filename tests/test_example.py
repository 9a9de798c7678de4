"""Drawing telemetry, and the scaffold: what is drawn is what was told and is found again; every example is valid."""

import ast
import re
import time
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from postmortem_nb.analysis import analyze
from postmortem_nb.errors import SettingError
from postmortem_nb.evidence import load
from postmortem_nb.example import Impact, Traffic, draw_incident, draw_requests
from postmortem_nb.incident import Facts
from postmortem_nb.narrative import read_narrative

ROOT = Path(__file__).parent.parent
SCAFFOLD = ROOT / "postmortem_nb" / "scaffold"


def t(text: str) -> pd.Timestamp:
    return pd.Timestamp(text)


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


# --- the scaffold -----------------------------------------------------------------------------------------------------


def test_the_scaffold_loads_as_it_is_and_claims_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "2024-02-02-new"
    for path in files(SCAFFOLD):
        copy = folder / path.relative_to(SCAFFOLD)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    incident = load(folder)
    assert len(incident.files) == 0 and [f.id for f in incident.findings] == ["no-telemetry"]
    assert read_narrative(incident.narrative) == {}  # guidance is comments; nothing is written yet
    assert {p.name for p in SCAFFOLD.iterdir()} >= {"incident.toml", "narrative.md", "logs", "metrics", "events"}
    assert all((SCAFFOLD / kind / "README.md").is_file() for kind in ("logs", "metrics", "events"))


def test_every_example_in_the_scaffold_is_valid_and_every_field_is_taught() -> None:
    template = (SCAFFOLD / "incident.toml").read_text()
    facts = Facts.from_dict(tomllib.loads(re.sub(r"(?m)^#(?=[^\s#])", "", template)))
    missing = [name for name in Facts.model_fields if not getattr(facts, name)]
    assert missing == []
    assert [name for name, instant in facts.milestones if not instant.is_known] == []
    taught = (facts.signals[0], facts.timeline[0], facts.hypotheses[0], facts.actions[0], facts.evidence[0])
    for fact in (*taught, facts.versions[0], facts.lessons):
        for name, field in type(fact).model_fields.items():
            assert re.search(rf"\b{field.alias or name}\b", template), f"{type(fact).__name__}.{name} is not taught"


# --- drawing ----------------------------------------------------------------------------------------------------------

ONSET, RECOVERY = t("2024-01-14T02:05:12Z"), t("2024-01-14T02:53:40Z")


@pytest.mark.parametrize("kind", ["errors", "latency", "collapse", "ramp"])
def test_a_drawn_incident_is_complete_and_what_was_drawn_is_found(kind: str, tmp_path: Path) -> None:
    drawn = draw_incident(
        tmp_path / "x", onset=ONSET, recovery=RECOVERY, kind=kind, seed=3, detected=t("2024-01-14T02:09Z")
    )
    a = analyze(load(tmp_path / "x"))
    assert drawn.windows == ((ONSET, RECOVERY),) and drawn.recovery == RECOVERY
    assert [f for f in a.findings if f.severity == "error"] == []
    assert len(a.windows) == 1
    late = {"errors": 5, "latency": 70, "collapse": 60, "ramp": 900}[kind]
    assert abs((a.windows[0].onset.at - ONSET).total_seconds()) <= late
    assert abs((a.windows[0].recovery.at - RECOVERY).total_seconds()) <= 130
    if kind == "errors":
        asked = a.incident.logs[a.incident.logs["status"].notna()]
        assert len(asked) == drawn.requests and int((asked["status"].astype(int) >= 500).sum()) == drawn.failed


def test_an_open_incident_with_two_impacts_and_a_gap_is_drawn_as_told(tmp_path: Path) -> None:
    gap = (t("2024-01-14T02:20Z"), t("2024-01-14T02:30Z"))
    second = Impact(t("2024-01-14T03:40Z"), None, "errors", 0.8, status=503)
    drawn = draw_incident(
        tmp_path / "x", onset=ONSET, recovery=RECOVERY, more=(second,), gaps=(gap,), end=t("2024-01-14T04:30Z"), rate=2
    )
    assert drawn.is_open and drawn.recovery is None
    assert drawn.windows == ((ONSET, RECOVERY), (second.onset, t("2024-01-14T04:30Z")))
    incident = load(tmp_path / "x")
    assert incident.facts.open
    for frame in (incident.logs, incident.metrics):
        assert not ((frame["time"] >= gap[0]) & (frame["time"] < gap[1])).any()
    assert set(incident.logs["status"].dropna().astype(int)) == {200, 500, 503}


def test_the_same_seed_draws_the_same_bytes_and_another_one_does_not(tmp_path: Path) -> None:
    for folder, seed in (("a/x", 1), ("b/x", 1), ("c/x", 2)):
        draw_incident(tmp_path / folder, onset=ONSET, recovery=RECOVERY, seed=seed, rate=1)
    first, same, other = ([p.read_bytes() for p in files(tmp_path / f)] for f in "abc")
    assert first == same and first != other


def test_a_seed_draws_the_same_requests_whatever_is_wrong_with_them() -> None:
    period = {"start": t("2024-01-14T00:00Z"), "end": t("2024-01-14T03:00Z"), "seed": 5}
    calm = draw_requests(Traffic(**period))
    wrong = draw_requests(Traffic(**period, impacts=(Impact(ONSET, RECOVERY, "errors", 0.5),)))
    assert sorted(calm["arrived"]) == sorted(wrong["arrived"])
    before = wrong["time"] < ONSET
    pd.testing.assert_frame_equal(wrong[before], calm[before])


def test_shares_and_factors_are_what_was_asked_for() -> None:
    period = {
        "start": t("2024-01-14T00:00Z"),
        "end": t("2024-01-14T04:00Z"),
        "seed": 1,
        "daily": 0.0,
        "background": 0.0,
    }
    between = (ONSET, RECOVERY)

    def drawn(kind: str, size: float) -> tuple[pd.DataFrame, pd.DataFrame]:
        requests = draw_requests(Traffic(**period, impacts=(Impact(*between, kind, size),)))
        inside = (requests["arrived"] >= ONSET) & (requests["arrived"] < RECOVERY)
        return requests[inside], requests[~inside]

    inside, outside = drawn("errors", 0.4)
    assert inside["failed"].mean() == pytest.approx(0.4, abs=0.02) and not outside["failed"].any()
    inside, outside = drawn("latency", 6.0)
    assert inside["seconds"].median() / outside["seconds"].median() == pytest.approx(6.0, rel=0.05)
    inside, outside = drawn("collapse", 0.7)
    minutes = (RECOVERY - ONSET) / pd.Timedelta(minutes=1)
    assert (len(inside) / minutes) / (len(outside) / (240 - minutes)) == pytest.approx(0.3, abs=0.02)
    inside, _ = drawn("ramp", 9.0)
    half = ONSET + (RECOVERY - ONSET) / 2
    assert (
        inside[inside["arrived"] > half]["seconds"].median()
        > 1.8 * inside[inside["arrived"] < half]["seconds"].median()
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"recovery": ONSET}, "recovery .* is not after onset"),
        ({"kind": "errors", "size": 1.5}, "size 1.5 of kind 'errors' must be a share over 0 and at most 1"),
        ({"kind": "latency", "size": 0.5}, "size 0.5 of kind 'latency' must be a factor over 1"),
        ({"detcted": ONSET}, "'detcted' is no milestone. Did you mean detected"),
        ({"end": ONSET - pd.Timedelta("3h")}, "end .* is not after start"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments: dict, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=message):
        draw_incident(tmp_path / "x", **{"onset": ONSET, "recovery": RECOVERY, **arguments})


def test_drawing_is_quick_enough_for_many_seeds(tmp_path: Path) -> None:
    def seconds(seed: int) -> float:
        begin = time.perf_counter()
        draw_incident(tmp_path / "x", onset=ONSET, recovery=ONSET + pd.Timedelta("30min"), seed=seed)  # 3 h at 5/s
        return time.perf_counter() - begin

    assert min(seconds(seed) for seed in range(4)) < 0.5


def test_nothing_in_the_pipeline_imports_the_drawing() -> None:
    package = ROOT / "postmortem_nb"
    guilty = []
    for path in package.rglob("*.py"):
        if path.is_relative_to(package / "example"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(f"{node.module}.{a.name}" for a in node.names)]
            guilty += [path.name for name in names if name.startswith("postmortem_nb.example")]
    assert guilty == []


def test_the_drawing_imports_nothing_but_times_frames_and_errors() -> None:
    allowed = re.compile(r"postmortem_nb\.(example|times|frames|errors)\b|(?!postmortem_nb)|postmortem_nb$")
    for path in (ROOT / "postmortem_nb" / "example").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert allowed.match(node.module or ""), (path.name, node.module)
                if node.module == "postmortem_nb":
                    assert {a.name for a in node.names} <= {"times", "frames", "errors"}, path.name
