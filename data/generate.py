"""Draw the telemetry of the synthetic sample incidents again, byte for byte.

    python data/generate.py                      all of them, in data/incidents and data/truth
    python data/generate.py --into FOLDER        the same files under another folder (for a comparison)
    python data/generate.py 2024-05-21-two-dips  one of them

It writes evidence (logs, metrics, events) and the truth beside data/incidents; it never touches an incident.toml, a
narrative.md or a sample that is real.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]  # works in a checkout that has not been installed

from synthetic import SAMPLES  # noqa: E402
from synthetic.writing import write_sample  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """Draw the named samples, or all; print one line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(SAMPLES)}")
    parser.add_argument("--into", type=Path, default=HERE, help="folder that holds incidents/ and truth/")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(SAMPLES))
    if unknown:
        parser.error(f"{', '.join(unknown)}: not a synthetic sample. Known: {', '.join(SAMPLES)}.")
    for name in options.names or SAMPLES:
        files = write_sample(name, SAMPLES[name](), options.into)
        print(f"{name}: {len(files)} files, {sum(f.stat().st_size for f in files) / 1000:,.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
