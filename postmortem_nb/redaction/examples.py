"""Example lines as patterns: ``{b62:36}`` stands for 36 characters drawn from an alphabet.

So no file holds anything that looks like a credential, and every drawing tests another one.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import random
import re
import string
from collections.abc import Callable

ALPHABETS = {
    "b62": string.ascii_letters + string.digits,
    "b62a": string.ascii_letters,
    "b64": string.ascii_letters + string.digits + "+/",
    "b64u": string.ascii_letters + string.digits + "-_",
    "b64b": string.ascii_letters + string.digits + "./",
    "b64q": string.ascii_letters + string.digits,
    "b32": string.ascii_uppercase + "234567",
    "b32l": string.ascii_uppercase + "234567",
    "b36u": string.ascii_uppercase + string.digits,
    "b36l": string.ascii_lowercase + string.digits,
    "upper": string.ascii_uppercase + string.digits,
    "lower": string.ascii_lowercase,
    "hex": "0123456789abcdef",
    "digits": string.digits,
    "d29": "23456789",
    "d17": "1234567",
}
WORDS = ("amber", "canyon", "velvet", "marble", "orchid", "thunder", "saddle", "ribbon", "walnut", "copper")
FIRST = ("ada", "grace", "linus", "margaret", "edsger", "barbara", "dennis", "radia", "alan", "frances")
LAST = ("lovelace", "hopper", "hamilton", "dijkstra", "liskov", "ritchie", "perlman", "turing", "allen", "knuth")
FIELD = re.compile(r"\{(\w+)(?::(\d+))?\}")
SECRET = re.compile("‹(.*?)›", re.DOTALL)


def drawn(pattern: str, draw: random.Random) -> str:
    """Return a pattern with its fields drawn; what is no known field stays as it is."""

    def field(match: re.Match[str]) -> str:
        name, length = match[1], match[2]
        if length and name in ALPHABETS:
            return "".join(draw.choices(ALPHABETS[name], k=int(length)))
        return WHOLE[name](draw) if name in WHOLE and not length else match[0]

    return FIELD.sub(field, pattern)


def parted(line: str) -> tuple[str, list[str]]:
    """Return an example line without its marks, and the secrets that stood between them."""
    return SECRET.sub(r"\1", line), SECRET.findall(line)


def _password(draw: random.Random) -> str:
    """Return a password as people make them, or as a generator of passwords does."""
    if draw.random() < 0.5:
        word = draw.choice(WORDS)
        word = word.title() if draw.random() < 0.7 else word
        return f"{word}{draw.randint(10, 2030)}{draw.choice(('!', '', '#', '$', '_x'))}"
    signs = string.ascii_letters + string.digits + "!#$%*+-_^~?"
    return draw.choice(string.ascii_letters) + "".join(draw.choices(signs, k=draw.randint(9, 20))) + "7"


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _jwt(draw: random.Random) -> str:
    head = _base64url(json.dumps({"alg": "RS256", "typ": "JWT", "kid": draw.randint(1, 99)}).encode())
    body = _base64url(json.dumps({"sub": str(draw.randint(1, 10**9)), "exp": 1705200000}).encode())
    return f"{head}.{body}.{''.join(draw.choices(ALPHABETS['b64u'], k=86))}"


def _basic(draw: random.Random) -> str:
    return base64.b64encode(f"{draw.choice(FIRST)}:{_password(draw)}".encode()).decode()


def _card(draw: random.Random) -> str:
    digits = draw.choice(("4", "51", "37")) + "".join(draw.choices(string.digits, k=16))
    digits = digits[: 14 if digits.startswith("37") else 15]
    doubled = [int(d) if i % 2 else sum(divmod(2 * int(d), 10)) for i, d in enumerate(reversed(digits))]
    whole = digits + str(-sum(doubled) % 10)
    return whole if len(whole) == 15 or draw.random() < 0.5 else " ".join(re.findall("....", whole))


def _iban(draw: random.Random) -> str:
    country, length = draw.choice((("DE", 18), ("FR", 23), ("ES", 20), ("NL", 14)))
    bban = "".join(draw.choices(string.digits, k=length))
    bban = f"{draw.choice(('INGB', 'ABNA'))}{bban[4:]}" if country == "NL" else bban
    number = int("".join(str(int(c, 36)) for c in f"{bban}{country}00"))
    whole = f"{country}{98 - number % 97:02d}{bban}"
    return whole if draw.random() < 0.6 else " ".join(re.findall(".{1,4}", whole))


def _ip6(draw: random.Random) -> str:
    address = ipaddress.IPv6Address(
        (0x20010DB8 << 96) | (draw.getrandbits(64) if draw.random() < 0.6 else draw.randint(16, 2**16))
    )
    return address.exploded if draw.random() < 0.2 else str(address)


def _mac(draw: random.Random) -> str:
    pairs = [f"{draw.randint(1, 254):02x}" for _ in range(6)]
    return draw.choice((":".join(pairs), "-".join(pairs).upper()))


def _uuid(draw: random.Random) -> str:
    return "-".join("".join(draw.choices("0123456789abcdef", k=n)) for n in (8, 4, 4, 4, 12))


def _quoted(draw: random.Random) -> str:
    """Return a password as it stands in an address: only letters, digits and percent signs."""
    return "".join(c if c.isalnum() else f"%{ord(c):02X}" for c in _password(draw))


WHOLE: dict[str, Callable[[random.Random], str]] = {
    "pass": _password,
    "passq": _quoted,
    "jwt": _jwt,
    "basic": _basic,
    "card": _card,
    "iban": _iban,
    "ip": lambda draw: ".".join(str(draw.randint(11, 250)) for _ in range(4)),
    "ip6": _ip6,
    "mac": _mac,
    "uuid": _uuid,
    "word": lambda draw: draw.choice(WORDS),
    "first": lambda draw: draw.choice(FIRST),
    "last": lambda draw: draw.choice(LAST),
}
