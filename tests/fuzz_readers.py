"""Throw mangled evidence at the readers: python tests/fuzz_readers.py --minutes 60. Not collected by pytest.

Whatever the bytes are, a reader gives a frame whose counts add up, or a plain error of ours. What breaks that is
written to --out with its seed, and belongs into a test.
"""

from __future__ import annotations

import argparse
import bz2
import collections
import gzip
import json
import lzma
import random
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from envelope_samples import DOCUMENTS as EXPORTS
from envelope_samples import VARIANTS
from test_evidence_metrics_sources import SOURCES

from postmortem_nb.errors import PostmortemError
from postmortem_nb.evidence import read_events, read_logs, read_metrics
from postmortem_nb.evidence.formats import all_formats

LINES = [str(sample["line"]).encode() for form in all_formats().values() for sample in (*form.match, *form.reject)]
DOCUMENTS = [json.dumps(content, indent=indent).encode() for content in EXPORTS.values() for indent in (None, 1)]
DOCUMENTS += [text.encode() for _, text in VARIANTS.values()]
DOCUMENTS += [json.dumps(content, indent=indent).encode() for content, _ in SOURCES.values() for indent in (None, 1)]
BITS = [
    b"\n",
    b"\r\n",
    b"\0",
    b"\x1b[31m",
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\t",
    b",",
]
BITS += [b"=", b"1e999", b"-1", b"NaN", b"null", b"0001-01-01T00:00:00Z", b"99999999999999999999", b"\xed\xa0\x80"]
BITS += [b"\\ud800", b" " * 50]
PACKERS = [lambda data: data] * 8 + [gzip.compress, bz2.compress, lzma.compress]


def mangled(drawn: random.Random) -> bytes:
    """Draw a file: lines or documents, cut, joined, repeated and spoilt."""
    source = drawn.choice([LINES, LINES, DOCUMENTS])
    parts = [drawn.choice(source) for _ in range(drawn.randint(1, 12))]
    if drawn.random() < 0.5:  # of one kind, as files mostly are
        parts = [parts[0]] * len(parts)
    data = bytearray(drawn.choice([b"\n", b"\n", b"\r\n", b""]).join(parts))
    for _ in range(drawn.randint(0, 6)):
        at = drawn.randrange(len(data) + 1)
        match drawn.randrange(4):
            case 0:
                data[at:at] = drawn.choice(BITS)
            case 1:
                del data[at : at + drawn.randint(1, 9)]
            case 2 if at < len(data):
                data[at] = drawn.randrange(256)
            case _:
                other = drawn.choice(source)
                data[at:at] = other[drawn.randrange(len(other) + 1) :]
    out = drawn.choice(PACKERS)(bytes(data))
    return out[: drawn.randint(0, len(out))] if drawn.random() < 0.15 else out


def faults(path: Path) -> list[str]:
    """Return what each reader does wrong with a file."""
    out = []
    for reader in (read_logs, read_metrics, read_events):
        options = {"year": 2024, "date": "2024-01-15"} if reader is read_logs else {}
        try:
            report = reader(path, timezone="UTC", **options).attrs["report"]
        except PostmortemError:
            continue
        except Exception:
            out.append(f"{reader.__name__}: {traceback.format_exc(limit=-4)}")
            continue
        total = report.read + report.continued + report.blank + report.skipped + report.rejected
        if total != report.lines or min(report.read, report.rejected, report.skipped) < 0:
            out.append(f"{reader.__name__}: {total} lines accounted for, of {report.lines}: {report}")
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("fuzz-found"))
    args = parser.parse_args()
    args.out.mkdir(exist_ok=True)
    end = time.monotonic() + 60 * args.minutes
    seed, found = args.seed, collections.Counter()
    path = args.out / "input"
    while time.monotonic() < end:
        path.write_bytes(mangled(random.Random(seed)))
        for fault in faults(path):
            kind = fault.strip().splitlines()[-1][:120]
            found[kind] += 1
            if found[kind] == 1:
                (args.out / f"seed-{seed}").write_bytes(path.read_bytes())
                print(f"seed {seed}: {fault}", flush=True)
        seed += 1
    path.unlink()
    print(f"{seed - args.seed:,} files, {sum(found.values())} faults of {len(found)} kinds")


if __name__ == "__main__":
    main()
