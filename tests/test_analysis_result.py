"""The machine-readable result: it fits its schema, the schema and the definitions in docs/ are those of the code."""

import dataclasses
import json
import re
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
from conftest import at, declared_only, draw, events_of, gauge, steps, with_facts

import postmortem_nb as pnb
from postmortem_nb.analysis import result_schema
from postmortem_nb.analysis.conventions import CONVENTIONS
from postmortem_nb.analysis.definitions import LENGTHS, METRICS
from postmortem_nb.analysis.impact import QUANTITIES
from postmortem_nb.analysis.moments import DECLARED_AS, NAMES, RULES
from postmortem_nb.analysis.witnesses import EVIDENCE
from postmortem_nb.example import Impact
from postmortem_nb.frames import FILES, conform

UNITS = {  # of quantities whose unit is not the same in every incident
    "baseline_value": "the signal's",
    "threshold": "the signal's",
    "peak_value": "the signal's",
    "revenue_lost": "the currency",
    "apdex": "–",
}
DOCS = Path(__file__).resolve().parent.parent / "docs"
SCHEMA = json.dumps(result_schema(), indent=2, ensure_ascii=False) + "\n"


def full():
    """An incident that has something of everything."""
    facts = {
        "milestones": {
            "started": "2024-01-14T16:28Z",
            "detected": "~2024-01-14T16:36Z",
            "resolved": "2024-01-14T17:20Z",
        },
        "versions": [{"name": "first post", "milestones": {"started": "2024-01-14T16:00Z"}}],
        "hypotheses": [
            {
                "text": "network",
                "from": "2024-01-14T16:40Z",
                "to": "~2024-01-14T16:50Z",
                "verdict": "refuted",
                "people": 2,
            },
            {"text": "disk", "from": "2024-01-14T16:50Z", "to": "unknown", "verdict": "open"},
        ],
    }
    events = events_of((at(10), "alert", "Disk"), (at(95), "alert", "High"), (at(96), "page", "call"))
    incident, _ = draw(Impact(at(90.4), at(126.7), "errors", 0.6), events=events, **facts)
    files = pd.DataFrame(
        {"file": ["logs/access.log", "notes.bin"], "kind": ["logs", "ignored"], "format": ["access", None]}
    ).assign(bytes=10, sha256="0" * 64, rows=3, rejected=0)
    failed = incident.logs["status"] >= 500
    logs = incident.logs.assign(message=failed.map({True: "upstream timed out", False: "GET / 200"}))
    incident = dataclasses.replace(incident, logs=logs, files=conform(files, FILES))
    return with_facts(incident, **facts)


@pytest.mark.parametrize(
    "incident",
    [
        full(),
        declared_only(),
        gauge(steps((1, 90))),
        gauge(steps((1, 60), (5, 30)), facts={"open": True}),
        gauge([0.0] * 60 + [50.0] * 5 + [0.0] * 60),
        gauge([1.0] * 60),
    ],
    ids=["full", "nothing", "calm", "open", "from zero", "constant"],
)
def test_the_result_fits_its_schema_and_is_plain_json(incident):
    result = pnb.analyze(incident).to_dict()
    jsonschema.validate(result, result_schema(), jsonschema.Draft202012Validator)
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_the_result_holds_every_computed_value():
    analysis = pnb.analyze(full())
    result = analysis.to_dict()
    assert {c["id"] for c in result["claims"]} == set(analysis.claims)
    assert [t["id"] for t in result["timings"]] == [x.id for x in (*METRICS, *LENGTHS)]
    detect = next(t for t in result["timings"] if t["id"] == "time_to_detect")
    found = analysis.timing("time_to_detect").duration
    assert (detect["seconds_lo"], detect["seconds"], detect["seconds_hi"]) == tuple(
        d.total_seconds() for d in (found.lo, found.value, found.hi)
    )
    assert result["windows"][0]["onset"]["at"] == analysis.claims["onset"].value
    assert [s["role"] for s in result["signs"]] == ["precursor", "counted", "counted", "counted"]
    network = result["paths"][0]
    assert (network["seconds"], network["person_minutes"]) == (600, 20)
    assert network["seconds_lo"] < 600 < network["seconds_hi"]
    assert result["paths"][1]["seconds"] == 1800  # open: held until the incident was resolved
    assert {(c["moment"], c["version"]) for c in result["comparison"]} >= {("start", ""), ("start", "first post")}
    assert result["baseline"]["enter"] == analysis.claims["threshold"].value
    assert len(result["sensitivity"]) == 9
    assert {p["pattern"]: p["change"] for p in result["patterns"]}["upstream timed out"] == "surging"
    assert [f["format"] for f in result["files"]] == ["access", ""]
    assert result["settings"] == analysis.settings.model_dump()
    assert result["generator"] == f"postmortem-nb {pnb.__version__}"


def test_a_schema_that_does_not_fit_is_noticed():
    result = pnb.analyze(declared_only()).to_dict()
    for broken in (
        {**result, "extra": 1},
        {k: v for k, v in result.items() if k != "claims"},
        {**result, "windows": 3},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, result_schema())


def test_every_field_of_the_schema_has_a_type_and_objects_are_closed():
    schema = result_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    for model in (schema, *schema["$defs"].values()):
        assert model["additionalProperties"] is False
        assert model["description"]
        assert set(model["required"]) == set(model["properties"])


def test_the_stored_schema_is_the_one_of_the_code():
    stored = (DOCS / "result.schema.json").read_text(encoding="utf-8")
    assert stored == SCHEMA, "write it anew: python tests/test_analysis_result.py"


# --- docs/timings.md ---


def definition_tables():
    """The tables of docs/timings.md by heading, as the code defines them."""
    return {
        "Moments": [("Moment", "Called", "Taken from"), *((f"`{n}`", NAMES[n], RULES[n]) for n in NAMES)],
        "Times": [
            ("Time", "From", "To", "Definition", "If something is missing"),
            *((f"{m.name} (`{m.id}`)", f"`{m.start}`", f"`{m.end}`", m.definition, m.missing) for m in METRICS),
        ],
        "Lengths": [
            ("Length", "Definition", "If something is missing"),
            *((f"{x.name} (`{x.id}`)", x.definition, x.missing) for x in LENGTHS),
        ],
        "Evidence of each milestone": [
            ("Milestone", "Held against"),
            *((f"`{DECLARED_AS[m]}`", rule) for m, rule in EVIDENCE.items()),
        ],
        "The same events under other definitions": [
            ("Who", "Name", "From", "To", "Where an end is not recorded", "Source"),
            *(
                (
                    c.authority,
                    c.name,
                    " or ".join(f"`{n}`" for n in c.start),
                    " or ".join(f"`{n}`" for n in c.end),
                    c.missing,
                    c.source,
                )
                for c in CONVENTIONS
            ),
        ],
        "Quantities": [
            ("Quantity", "Group", "Unit", "Formula", "If something is missing"),
            *(
                (f"{q.name} (`{id_}`)", q.group, UNITS.get(id_, q.unit), q.definition, q.missing)
                for id_, q in QUANTITIES.items()
            ),
        ],
    }


def markdown(rows):
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "|" + " --- |" * len(rows[0]), *body]) + "\n"


@pytest.mark.parametrize("heading", list(definition_tables()))
def test_the_definitions_in_the_docs_are_those_of_the_code(heading):
    text = (DOCS / "timings.md").read_text(encoding="utf-8")
    section = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    table = "".join(re.findall(r"^\|.*\n", section, re.MULTILINE))
    assert table == markdown(definition_tables()[heading]), "write it anew: python tests/test_analysis_result.py"


def write():
    """Write both documents anew; prose between the tables stays."""
    (DOCS / "result.schema.json").write_text(SCHEMA, encoding="utf-8")
    path = DOCS / "timings.md"
    text = path.read_text(encoding="utf-8")
    for heading, rows in definition_tables().items():
        before, after = text.split(f"## {heading}\n", 1)
        table = markdown(rows).replace("\\", r"\\")
        text = f"{before}## {heading}\n" + re.sub(r"(?:^\|.*\n)+|^TABLE\n", table, after, count=1, flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
