"""``digest``: what logs of any length hold, without an incident around them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from postmortem_nb.cli.display import print_result
from postmortem_nb.cli.options import verbose_option
from postmortem_nb.errors import SettingError

if TYPE_CHECKING:
    from postmortem_nb.evidence import Digest


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--from", "start", metavar="TIME", help="Begin of a range whose rows are wanted, such as 2024-01-14T02:05Z."
)
@click.option("--to", "end", metavar="TIME", help="End of the range; it is not part of it.")
@click.option("--timezone", metavar="ZONE", help="IANA zone of times that carry none.")
@click.option("--year", type=int, help="Year of the first record, where lines have none.")
@click.option("--format", "form", metavar="NAME", help="Name of the format, where it cannot be told.")
@click.option("--top", type=click.IntRange(1), default=20, show_default=True, help="How many patterns to show.")
@click.option("-j", "--jobs", type=click.IntRange(1), help="Processes; told from the cores by default.")
@click.option("--cluster", metavar="tcp://HOST:PORT", help="Address of a Dask scheduler that does the work.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@verbose_option
def digest(
    paths: tuple[str, ...],
    *,
    start: str | None,
    end: str | None,
    top: int,
    cluster: str | None,
    as_json: bool,
    **how: Any,
) -> int:
    """Count what logs of any length hold.

    By level and by pattern, with the rows of a time range. FILE is a path or an address such as
    s3://bucket/app.log.gz; files may be packed and longer than memory. What could not be read is counted. Exit code 1
    if anything was rejected.
    """
    from postmortem_nb.evidence import digest_logs

    if (start is None) != (end is None):
        raise SettingError("--from and --to belong together: give both, or neither.")
    window = None if start is None or end is None else (start, end)
    how["format"] = how.pop("form")
    if cluster is None:
        found = digest_logs(paths, window=window, **how)
    else:
        with connected(cluster) as client:
            found = digest_logs(paths, window=window, executor=client.get_executor(pure=False), **how)
    if as_json:
        print_result(json.dumps(_as_dict(found, top), indent=2, ensure_ascii=False))
    else:
        _show(found, top)
    return 1 if any(report.rejected or report.truncated for report in found.reports) else 0


def connected(address: str) -> Any:
    """Return a client of a Dask scheduler.

    Raises
    ------
    SettingError
        If Dask is not installed, or nothing answers there.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise SettingError("--cluster needs Dask: pip install postmortem-nb[cluster].") from error
    try:
        return Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise SettingError(f"--cluster {address}: no Dask scheduler answers there ({error}).") from error


def _as_dict(found: Digest, top: int) -> dict[str, Any]:
    counts = found.counts.assign(minute=found.counts["minute"].dt.strftime("%Y-%m-%dT%H:%MZ"))
    rows = found.rows.assign(time=found.rows["time"].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    return {
        "files": [
            {"file": r.file, "format": r.format, "lines": r.lines, "read": r.read, "continued": r.continued}
            | {"blank": r.blank, "skipped": r.skipped, "rejected": r.rejected, "notes": list(r.notes)}
            for r in found.reports
        ],
        "counts": counts.to_dict("records"),
        "patterns": found.patterns.head(top).to_dict("records"),
        "rows": json.loads(rows.to_json(orient="records")),
    }


def _show(found: Digest, top: int) -> None:
    for report in found.reports:
        print_result(str(report))
        for line, text in report.samples:
            print_result(f"  rejected {report.file}:{line}: {text[:100]}")
    if found.counts.empty:
        return
    minutes = found.counts["minute"]
    print_result(f"{minutes.min():%Y-%m-%d %H:%M} to {minutes.max():%Y-%m-%d %H:%M} UTC")
    levels = found.counts.groupby("level")["count"].sum().sort_values(ascending=False)
    print_result("  ".join(f"{level or 'no level'} {count:,}" for level, count in levels.items()))
    for row in found.patterns.head(top).itertuples():
        print_result(f"{row[2]:>12,}  {row[1]}")
    for row in found.rows.itertuples():
        print_result(f"{row.file}:{row.line}: {row.time:%Y-%m-%dT%H:%M:%S.%fZ} {row.level} {row.message}")
