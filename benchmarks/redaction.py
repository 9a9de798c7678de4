"""How much redaction finds, how much it spoils, and how fast it is.

    python -m benchmarks.redaction
    python -m benchmarks.redaction --benign FOLDER   # real logs beside the drawn ones, such as a clone of Loghub
    python -m benchmarks.redaction --corpus benchmarks/redaction_corpus_other_hand.toml   # recall alone, on other kinds
    python -m benchmarks.redaction --load data/incidents/2024-01-14-web-outage   # what it costs when one is loaded

The corpus is drawn from ``redaction_corpus.toml``: 40 lines a kind, each with one secret. A secret is found if neither
half of it is left in the line. Kinds are parted by the hash of their name, before any rule was written: rules were
written for the covered half alone, and the other was measured without one. The rules that its kinds have had since
stand in one file, and are left out of that measure.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import random
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from postmortem_nb.evidence import load
from postmortem_nb.redaction import PROFILES
from postmortem_nb.redaction.engine import Redactor
from postmortem_nb.redaction.examples import drawn
from postmortem_nb.redaction.rules import SHIPPED, read_rules_file

LATER = SHIPPED / "15-more-services.toml"
OTHER_HAND = Path(__file__).resolve().with_name("redaction_corpus_other_hand.toml")
CORPUS = Path(__file__).with_name("redaction_corpus.toml")
LINES = 40
SEED = 20240114
KEY = b"a key for measuring only"
BENIGN = (
    "GET /api/v1/orders/{digits:7} 200 {digits:3}ms trace={hex:32} span={hex:16}",
    "request_id={uuid} method=GET path=/static/app.{hex:8}.js status=200",
    "commit {hex:40} by ci: bump to v2.{digits:2}.1",
    "pulled image registry.example.com/shop/web@sha256:{hex:64} in 1.2s",
    "container {hex:64} exited with code 137",
    "pod checkout-{hex:10}-{lower:5} evicted from node pool-{digits:2}",
    "integrity sha512-{b64:86}== verified",
    '{"level":"info","ts":"2024-01-14T02:05:{d17:2}Z","traceId":"{hex:32}","spanId":"{hex:16}","msg":"done in 12ms"}',
    "kafka: partition orders-{digits:2} offset {digits:9} epoch 4 leader 3 cluster id {b64u:22}",
    "java.util.concurrent.ExecutionException: at com.example.shop.Orders$Worker{digits:2}.run(Orders.java:{d29:3})",
    'etag W/"{hex:32}" cache HIT age={digits:4}',
    "request-id={b62:24} upstream=web{digits:2} 12ms",
    "inode {digits:9} blk_{digits:19} replicated to 3 nodes",
    "job {uuid} step {digits:2}/40 wrote /data/part-{digits:5}-{uuid}.c000.snappy.parquet",
    "user agent Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{d29:3}.0.0.0 Safari/537.36",
    "data:image/png;base64,{b64:120} served",
    "tokens used: prompt_tokens={digits:4} completion_tokens={digits:3} max_tokens=4096",
    "cache_key=user:{digits:5}:profile ttl=300 hit=false",
    "authentication succeeded method=publickey fingerprint SHA256:{b64:43}",
    "heap 512M->128M(2048M), 0.0{digits:6} secs, session count 14, key count {digits:5}",
    "arn:aws:ecs:eu-west-1:{digits:12}:task/shop/{hex:32} stopped",
    "x-amz-request-id: {b36u:16} x-amz-id-2: {b64:76}",
    "instance i-0{hex:16} in vpc-{hex:17} subnet-{hex:17} healthy",
    "evt_{b62:14} delivered attempt=2 status=200 version=2023-10-16",
)


@functools.cache
def kinds(corpus: Path = CORPUS) -> list[dict[str, Any]]:
    """Return the kinds of a corpus, each with ``is_held`` besides what the file says."""
    entries = tomllib.loads(corpus.read_text(encoding="utf-8"))["kind"]
    return [{"personal": False, **kind, "is_held": _is_held(kind)} for kind in entries]


def _is_held(kind: dict[str, Any]) -> bool:
    return not kind.get("personal") and _is_odd(kind["name"])


def _is_odd(name: str) -> bool:
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 1


def lines_of(kind: dict[str, Any], count: int = LINES) -> Iterator[tuple[str, str]]:
    """Yield lines of a kind with the secret that each holds."""
    draw = random.Random(f"{SEED} {kind['name']}")
    for number in range(count):
        secret = drawn(kind["secrets"][number % len(kind["secrets"])], draw)
        line = kind["lines"][number % len(kind["lines"])]
        before, _, after = line.partition("{secret}")
        yield drawn(before, draw) + secret + drawn(after.replace("{secret}", secret), draw), secret


def is_found(secret: str, redacted: str) -> bool:
    """Whether neither half of a secret is left."""
    half = max(len(secret) // 2, 3)
    return secret[:half] not in redacted and secret[-half:] not in redacted


def recall(redactor: Redactor, kind: dict[str, Any]) -> tuple[int, int, list[str]]:
    """Return how many secrets of a kind are found, of how many, and the lines that still hold theirs."""
    drawn_lines = list(lines_of(kind))
    redacted = redactor.column(pl.Series([line for line, _ in drawn_lines]))
    missed = [line for (line, secret), new in zip(drawn_lines, redacted, strict=True) if not is_found(secret, new)]
    return len(drawn_lines) - len(missed), len(drawn_lines), missed


def benign_lines(count: int = 20_000) -> list[str]:
    """Return lines full of identifiers, hashes, addresses of pages and versions, and no secret."""
    draw = random.Random(SEED)
    return [drawn(BENIGN[n % len(BENIGN)], draw) for n in range(count)]


def real_lines(folder: Path) -> list[str]:
    """Return the lines of the logs below a folder."""
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.rglob("*.log"))]
    return [line for text in texts for line in text.splitlines()]


def spoiled(redactor: Redactor, lines: list[str]) -> list[tuple[str, str]]:
    """Return the lines that redaction changes, as they were and as they are then."""
    texts = pl.Series(lines, dtype=pl.String)
    new = redactor.column(texts)
    where = (new != texts).arg_true()
    return list(zip(texts.gather(where), new.gather(where), strict=True))


def speed(redactor: Redactor, lines: list[str], count: int = 400_000) -> float:
    """Return lines a second of processor time, all threads together."""
    texts = pl.Series((lines * (count // len(lines) + 1))[:count], dtype=pl.String)
    began = time.process_time()
    redactor.column(texts)
    return count / (time.process_time() - began)


def loading(folder: Path, turns: int = 5) -> dict[str, float]:
    """Return the least processor seconds that loading an incident takes with each profile, in turns."""
    taken = {profile: [0.0] * turns for profile in PROFILES}
    load(folder, redact="public")  # imports and files are warm
    for turn in range(turns):
        for profile, seconds in taken.items():
            began = time.process_time()
            load(folder, redact=profile)
            seconds[turn] = time.process_time() - began
    return {profile: min(seconds) for profile, seconds in taken.items()}


def tell_recall(redactor: Redactor, corpus: Path, show: bool) -> None:
    """Print what is found of each kind of a corpus, and of all credentials and personal data."""
    sums: dict[str, list[int]] = {}
    for kind in kinds(corpus):
        found, total, missed = recall(redactor, kind)
        what = "personal data" if kind["personal"] else "credentials"
        if corpus.resolve() == OTHER_HAND:
            what += ", held out" if _is_odd(kind["name"]) else ", seen"
        sums[what] = [a + b for a, b in zip(sums.get(what, [0, 0]), (found, total), strict=True)]
        print(f"{kind['name']:24} {what:14} {found:3} of {total}")
        for line in missed[:3] if show else ():
            print(f"    {line[:150]}")
    for what, (found, total) in sums.items():
        print(f"{what:24} {found:5} of {total}: {found / total:.1%}")


def main() -> None:
    """Print recall by kind and by half, what is spoiled, and speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benign", type=Path, help="a folder of real logs")
    parser.add_argument("--show", action="store_true", help="print what is missed and spoiled")
    parser.add_argument("--corpus", type=Path, help="another corpus; only measure recall on it")
    parser.add_argument("--load", type=Path, help="an incident; only measure what redaction adds to loading it")
    given = parser.parse_args()
    if given.load:
        seconds = loading(given.load)
        for profile, taken in seconds.items():
            print(f"{profile:9} {taken:.2f} CPU s, {taken / seconds['none']:.2f} of what loading takes without it")
        return
    if given.corpus:
        tell_recall(Redactor("public", KEY), given.corpus, given.show)
        return
    every, generic = Redactor("public", KEY), Redactor("public", KEY)
    generic.rules = tuple(rule for rule in every.rules if rule.generic)
    later, measured = {rule.id for rule in read_rules_file(LATER)}, Redactor("public", KEY)
    measured.rules = tuple(rule for rule in every.rules if rule.id not in later)
    halves: dict[str, list[int]] = {}
    for kind in kinds():
        half = "personal data" if kind["personal"] else "held out, ruled since" if kind["is_held"] else "covered"
        others = [] if kind["personal"] else [("names and shapes alone", generic)]
        others += [("held out, as measured", measured)] if kind["is_held"] else []
        for name, redactor in ((half, every), *others):
            found, total, missed = recall(redactor, kind)
            halves.setdefault(name, [0, 0])
            halves[name] = [halves[name][0] + found, halves[name][1] + total]
            if redactor is every:
                print(f"{kind['name']:24} {half:14} {found:3} of {total}")
                for line in missed[:3] if given.show else ():
                    print(f"    {line[:150]}")
    for name, (found, total) in halves.items():
        print(f"{name:24} {found:5} of {total}: {found / total:.1%}")
    bodies = {"drawn": benign_lines()} | ({"real": real_lines(given.benign)} if given.benign else {})
    for name, lines in bodies.items():
        for profile in ("internal", "shared", "public"):
            redactor = Redactor(profile, KEY)
            changed = spoiled(redactor, lines)
            rate = speed(Redactor(profile, KEY), lines)
            share = len(changed) / len(lines)
            print(f"{name:6} {profile:9} {len(changed):6} of {len(lines)} changed ({share:.3%}); {rate:,.0f} lines/s")
            if given.show and profile != "public":
                for old, new in changed[:12]:
                    print(f"    {old[:160]}\n    {new[:160]}")
            if given.show:
                print("   ", dict(redactor.counts))


if __name__ == "__main__":
    main()
