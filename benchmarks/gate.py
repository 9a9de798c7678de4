"""Whether redaction and its gate do what they promise: nothing planted comes out, nothing good is held back.

    python -m benchmarks.gate --n 200

Incidents are drawn, each with secrets of a few kinds of the corpora of `benchmarks.redaction` in every place where
people and machines write: log lines, labels, events, chat, declared facts, prose. Each is published with every profile
in every form. The table counts sets of files, those that the gate refused, and planted secrets of which a half or more
is left in the finished bytes: of credentials with every profile, of personal data from `shared` on. A form for
customers must be refused where what only a stronger profile replaces is still there: a column of its own.

The same incidents without anything planted, and the samples, must not be refused at all: ``--clean``.
"""

from __future__ import annotations

import argparse
import html
import json
import random
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

import postmortem_nb as pnb
from benchmarks.redaction import CORPUS, KEY, is_found, kinds, lines_of
from postmortem_nb.analysis import Analysis
from postmortem_nb.errors import IncidentError, LeakError
from postmortem_nb.example import draw_incident
from postmortem_nb.forms import FORMS, TARGETS, compose
from postmortem_nb.kernels import nursery
from postmortem_nb.kernels.kernel import environment
from postmortem_nb.redaction import PROFILES, Redactor, refuse_leaks
from postmortem_nb.runner import run
from postmortem_nb.runner.publishing import as_json

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "data" / "incidents"
PUBLISHED = PROFILES[1:]  # "none" replaces nothing
KINDS = 6  # whose secrets one incident holds
FROM_PUBLIC = {"ipv4", "ipv6", "mac", "user-path", "user-login"}  # kinds of personal data that `shared` leaves


class Planted(NamedTuple):
    """A secret in an incident, the line that holds it, and the first profile that has to replace it."""

    kind: str
    line: str
    secret: str
    profile: str


def secrets(seed: int, corpus: Path = CORPUS) -> list[Planted]:
    """Return what one incident holds: a line of each of a few kinds."""
    draw = random.Random(seed)
    planted = []
    for kind in draw.sample(kinds(corpus), KINDS):
        lines = [found for found in lines_of(kind) if "\n" not in found[0]]
        if lines:
            line, secret = draw.choice(lines)
            first = "internal" if not kind["personal"] else "public" if kind["name"] in FROM_PUBLIC else "shared"
            planted.append(Planted(kind["name"], line, secret, first))
    return planted


def make(folder: Path, seed: int, planted: list[Planted]) -> Path:
    """Draw an incident, and write what is planted wherever somebody writes."""
    onset = pd.Timestamp("2024-01-01T10:00Z") + pd.Timedelta(days=seed, minutes=7 * seed % 50)
    kind = ("errors", "latency", "collapse")[seed % 3]
    draw_incident(folder, onset=onset, recovery=onset + pd.Timedelta("25min"), kind=kind, rate=0.5, seed=seed)
    times = [onset + pd.Timedelta(minutes=m, seconds=s) for m in range(20) for s in (3, 23, 43)]
    rows = []
    for n, at in enumerate(times):
        one = planted[n % len(planted)]
        stamp = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        rows.append({"time": stamp, "level": "ERROR", "service": "shop", "message": one.line})
    _write(folder / "logs" / "planted.jsonl", rows)
    chat = [
        {"type": "message", "user": f"U{n}", "text": p.line, "ts": f"{(onset.timestamp()) + 60 * n:.6f}"}
        for n, p in enumerate(planted)
    ]
    day = folder / "events" / "slack" / "war-room" / f"{onset:%Y-%m-%d}.json"
    day.parent.mkdir(parents=True)
    day.write_text(json.dumps(chat), encoding="utf-8")
    events = [
        {"time": f"{onset + pd.Timedelta(minutes=2 + n):%Y-%m-%dT%H:%M:%SZ}", "kind": "deploy", "text": p.line}
        for n, p in enumerate(planted)
    ]
    _write(folder / "events" / "planted.jsonl", events)
    metrics = [
        {
            "time": f"{onset + pd.Timedelta(minutes=m - 30):%Y-%m-%dT%H:%M:%SZ}",
            "metric": f"queue {p.line}",
            "value": m % 7 + 90 * (30 <= m < 55),
        }
        for p in planted[:2]
        for m in range(70)
    ]
    _write(folder / "metrics" / "planted.jsonl", metrics)
    facts = folder / "incident.toml"
    told = [json.dumps(p.line) for p in planted]
    lists = "".join(f'\n[[actions]]\ntext = {line}\nkind = "prevent"\n' for line in told)
    told_of = {"summary": told[0], "cause": told[1 % len(told)], "factors": f"[{', '.join(told)}]"}
    rest = re.sub(r"(?m)^(?:summary|cause|factors) = .*\n", "", facts.read_text(encoding="utf-8"))
    own = "".join(f"{name} = {value}\n" for name, value in told_of.items())
    facts.write_text(own + rest + lists, encoding="utf-8")
    prose = folder / "narrative.md"
    more = "\n\n".join(p.line for p in planted if "{{" not in p.line)
    prose.write_text(f"{prose.read_text(encoding='utf-8')}\n## Lessons\n\n{more}\n", encoding="utf-8")
    return folder


def _write(file: Path, rows: list[dict[str, object]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def forms(analysis: Analysis) -> Iterator[tuple[str, Mapping[str, str] | LeakError | IncidentError]]:
    """Yield each form in each target, with its files or why there are none."""
    for form in FORMS:
        for target in TARGETS:
            if form == "report" and target == "html":
                continue  # what a run makes
            try:
                yield f"{form}, {target}", compose(analysis, form, target, "draft")
            except (LeakError, IncidentError) as error:
                yield f"{form}, {target}", error
    texts = {f"{analysis.incident.id}.json": as_json(analysis.to_dict())}
    try:
        refuse_leaks(texts, analysis.incident.redaction.profile, analysis.incident.folder)
        yield "result, json", texts
    except LeakError as error:
        yield "result, json", error


def publish(folder: Path, profile: str, output: Path) -> Iterator[tuple[str, Mapping[str, str] | Exception]]:
    """Yield all that is published of an incident with a profile."""
    outcome = run(folder, output=output, settings={"redact": profile}, is_warm=True)
    name = "run, page with notebook and JSON"
    if outcome.status == "ok":
        yield name, {path.name: path.read_text(encoding="utf-8") for path in sorted(output.iterdir()) if path.is_file()}
    else:
        yield name, LeakError(outcome.message)
    shutil.rmtree(output, ignore_errors=True)
    yield from forms(pnb.analyze(pnb.load(folder, redact=profile)))


def left(planted: list[Planted], texts: Mapping[str, str], profile: str) -> list[Planted]:
    """Return the secrets that a profile replaces and of which a half is left, read as a page or as data reads."""
    whole = "\n".join([*texts.values(), *(html.unescape(re.sub(r"\\(.)", r"\1", text)) for text in texts.values())])
    due = [p for p in planted if PROFILES.index(p.profile) <= PROFILES.index(profile)]
    return [p for p in due if not is_found(p.secret, whole) and len(p.secret) >= 8]


def must_be_held(form: str, profile: str, planted: list[Planted]) -> bool:
    """Whether a form may not leave the house: it is for customers, and of what is planted `public` replaces more."""
    if not form.startswith("customer"):
        return False
    done = [Redactor(profile, KEY).text(p.line) for p in planted]
    return any(Redactor("public", KEY).text(text) != text for text in done)


def measure(names: Iterator[tuple[Path, list[Planted]]], show: bool) -> list[tuple[str, str, int, int, int, int]]:
    """Return for each profile and form: how many made, refused for nothing, held back rightly, and secrets left."""
    rows: dict[tuple[str, str], Counter[str]] = {}
    with tempfile.TemporaryDirectory() as out, nursery.opened(environment(Path())):
        for folder, planted in names:
            for profile in PUBLISHED:
                for form, files in publish(folder, profile, Path(out) / "reports"):
                    row = rows.setdefault((profile, form.rpartition(", ")[0] or form), Counter())
                    row["made"] += 1
                    if isinstance(files, Exception):
                        is_right = must_be_held(form, profile, planted)
                        row["held" if is_right else "refused"] += 1
                        if show and not is_right:
                            print(f"    {folder.name} {profile} {form}: {files}", flush=True)
                        continue
                    for one in left(planted, files, profile):
                        row["left"] += 1
                        if show:
                            print(f"    {folder.name} {profile} {form}: left {one.kind}: {one.line[:120]}", flush=True)
    return [(*key, row["made"], row["refused"], row["held"], row["left"]) for key, row in rows.items()]


def drawn(root: Path, n: int, *, clean: bool) -> Iterator[tuple[Path, list[Planted]]]:
    """Yield drawn incidents with what is planted in them, one at a time."""
    harmless = [Planted("", f"order {k} of shop web{k} waited for db{k}", "", "none") for k in range(KINDS)]
    for seed in range(n):
        planted = harmless if clean else secrets(seed)
        folder = make(root / "data" / "incidents" / f"2024-{seed:04}-drawn", seed, planted)
        yield folder, [] if clean else planted
        shutil.rmtree(folder)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=200, help="incidents")
    parser.add_argument("--clean", action="store_true", help="nothing planted; and the samples")
    parser.add_argument("--show", action="store_true", help="print what is refused and left")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        (Path(root) / "notebooks").mkdir()
        shutil.copy(ROOT / "notebooks" / "postmortem.ipynb", Path(root) / "notebooks")
        rows = measure(drawn(Path(root), given.n, clean=given.clean), given.show)
    print("| profile | form | sets of files | refused for nothing | held back rightly | secrets left |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |")
    if given.clean:
        samples = ((path, []) for path in sorted(SAMPLES.iterdir()) if path.is_dir())
        rows = measure(samples, given.show)
        made, refused = (sum(row[i] for row in rows) for i in (2, 3))
        print(f"samples: {made} sets of files, {refused} refused")


if __name__ == "__main__":
    main()
