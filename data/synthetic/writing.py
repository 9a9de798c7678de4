"""What the samples share: clock times to instants, texts to files, truth to JSON."""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from postmortem_nb.example import Truth
from postmortem_nb.times import parse_instant


@dataclass(frozen=True)
class Drawn:
    """One drawn sample: file name → text (a name ending in ``.gz`` is packed), the truth, and how it was drawn."""

    truth: Truth
    how: str
    files: dict[str, str] = field(default_factory=dict)
    notes: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Clock:
    """Local clock times of one day, as instants."""

    day: str
    zone: str = "UTC"

    def __call__(self, clock: str) -> pd.Timestamp:
        """Return ``"11:17:40"`` of that day and zone as a UTC instant."""
        at = parse_instant(f"{self.day}T{clock}", zone=self.zone).at
        assert at is not None, clock
        return at


def joined(lines: list[str]) -> str:
    """Return lines as a text file."""
    return "\n".join(lines) + "\n"


def events_csv(rows: list[tuple[pd.Timestamp, str, str, str, str]]) -> str:
    """Return (instant, kind, source, actor, text) rows as CSV, in time order, times in UTC."""
    frame = pd.DataFrame(sorted(rows), columns=["time", "kind", "source", "actor", "text"])
    frame["time"] = frame["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return frame.to_csv(index=False, lineterminator="\n")


def as_json(value: object) -> str:
    """Return JSON as people like to read it."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def write_sample(name: str, drawn: Drawn, root: Path) -> list[Path]:
    """Write evidence below ``root/incidents/NAME`` and the truth to ``root/truth/NAME.json``; return the paths."""
    truth = {"id": name, "synthetic": True, **drawn.truth.to_dict(), **drawn.notes, "how": drawn.how}
    texts = {f"incidents/{name}/{file}": text for file, text in drawn.files.items()}
    texts[f"truth/{name}.json"] = as_json(truth)
    paths = []
    for file, text in texts.items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, text.encode())
        paths.append(path)
    return paths


def _write(path: Path, content: bytes) -> None:
    if path.suffix != ".gz":
        path.write_bytes(content)
    elif not path.exists() or gzip.decompress(path.read_bytes()) != content:
        path.write_bytes(packed(content))  # another zlib packs the same content into other bytes: leave those alone


def packed(content: bytes) -> bytes:
    """Return content as gzip without a file name or a time inside."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=9, mtime=0) as file:
        file.write(content)
    return buffer.getvalue()
