"""Amounts of memory as people write them."""

from __future__ import annotations

import re

from postmortem_nb.errors import SettingError

UNITS = {"kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
AMOUNT = re.compile(rf"(\d+(?:\.\d+)?) ?({'|'.join(UNITS)})")


def parse_memory(text: str) -> int:
    """Return an amount of memory in bytes.

    Parameters
    ----------
    text : str
        A number with a unit: kB, MB, GB are powers of 1000, KiB, MiB, GiB of 1024.

    Raises
    ------
    SettingError
        If it is none, or zero.
    """
    found = AMOUNT.fullmatch(text.strip())
    amount = round(float(found[1]) * UNITS[found[2]]) if found else 0
    if not amount:
        raise SettingError(f'memory: {text!r} is not an amount. Write for example "2GB"; units are {", ".join(UNITS)}.')
    return amount
