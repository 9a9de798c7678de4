"""Checks by name, which a rule may ask for: what a pattern found is a secret only if its check agrees.

A check is told the found text and the text before it on its line.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import re
from collections.abc import Callable

from postmortem_nb.redaction.shapes import (
    HEX,
    LOCATION,
    STAMP,
    is_placeholder,
    is_plain_word,
    is_random,
    is_secret_value,
)

Check = Callable[[str, str], bool]
IBAN_LENGTHS = {  # of the registry of ISO 13616, by country
    country: length
    for length, countries in (
        (15, "NO"),
        (16, "BE"),
        (18, "DK FI FO GL NL"),
        (19, "MK SI"),
        (20, "AT BA EE KZ LT LU XK"),
        (21, "CH HR LI LV"),
        (22, "BG BH CR DE GB GE IE ME RS VA"),
        (23, "AE GI IL IQ TL"),
        (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
        (25, "LY PT SD ST"),
        (26, "IS TR"),
        (27, "FR GR IT MC MR SM BI DJ"),
        (28, "AL AZ BY CY DO GT HU LB NI PL SV"),
        (29, "BR EG PS QA UA"),
        (30, "JO KW MN MU"),
        (31, "MT SC"),
        (32, "LC"),
        (33, "RU"),
    )
    for country in countries.split()
}
SYSTEM_ACCOUNTS = {
    *("root", "admin", "administrator", "nobody", "daemon", "www-data", "postgres", "mysql", "ubuntu", "ec2-user"),
    *("sshd", "nginx", "apache", "system", "guest", "anonymous", "unknown", "user", "none", "null", "app", "service"),
    *("shared", "public", "default", "runner", "git", "docker", "node", "jenkins", "vagrant", "invalid", "illegal"),
}
BENIGN_KEYS = re.compile(
    r"(?i)(?:^|[^a-z])(?:id|ids|uid|guid|uuid|hash|sha\d*|md5|crc\w*|etag|digest|checksum|integrity|fingerprint|commit|"
    r"rev|revision|version|build|trace\w*|span\w*|parent|request\w*|req|correlation\w*|block\w*|blk|container\w*|pod|"
    r"image|node|host\w*|file\w*|path|object|event\w*|message\w*|msg|job|task|txn|transaction\w*|x-amz-[\w-]+|cf-ray|"
    r"cursor|page\w*|offset|partition|topic|queue|layer|manifest|tag|ref|blob|tree|\w*[-_]id)$"
)
PUBLIC_KEYS = re.compile(
    r"(?:public|cache|routing|partition|primary|foreign|object|sort|idempotency|row|s3|group|dedup\w*|config|map|dict|"
    r"json|index|lookup|registry|metric|label|state)_?key$|(?:next|page|continuation|fencing|shard)_?token$|key_?id$|"
    r"key(?:board|down|press|stroke|up|word)s?$|"
    r"tokens$|token_?(?:type|count|expiry|ttl|use\w*|limit|url|uri|endpoint)$|author$|"
    r"(?:exit|status|error|return|country|zip|postal|response|http|state|reason|err)[_ ]?code$|"
    r"(?:key|auth|session|cookie|secret|token)_?(?:file|path|dir|name|type|mode|method|scheme|size|len\w*|count|timeout|"
    r"ttl|age|server|host|url|uri|provider|log|store|class|manager|ref|tracker|handler)$"
)
SECRET_NAMES = re.compile(
    r"(?i)[\w.-]*(?:token|key|auth|jwt|cred|salt|seed|cookie|dsn|webhook|licen[cs]e|session|signature)[\w.-]*"
)
BEFORE_VALUE = re.compile(r"([\w.$-]{1,40})[\"'\]]{0,2}\s{0,2}(?:=|:|=>)\s{0,2}[\"'\[]{0,2}$")
KNOWN_PREFIX = re.compile(r"(?i)(?:sha\d+[-:]|md5[-:]|image/[\w.+-]+;base64,|font/[\w.+-]+;base64,|ssh-\w+ |W/\")$")


def _digits(text: str) -> list[int]:
    return [int(c) for c in text if c.isascii() and c.isdigit()]


def luhn(text: str, before: str = "") -> bool:
    """Whether digits (blanks and hyphens aside) carry the check digit of ISO/IEC 7812-1, annex B."""
    digits = _digits(text)
    if len(set(digits)) < 2:
        return False
    doubled = [d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def card(text: str, before: str = "") -> bool:
    """Whether it is a payment card number: 13 to 19 digits of an issuer's range with a right check digit."""
    digits = _digits(text)
    if before.endswith(("-", "_", ".", "/")):
        return False
    return 13 <= len(digits) <= 19 and digits[0] in (3, 4, 5, 6) and luhn(text) and not _is_number_of_time(text)


def _is_number_of_time(text: str) -> bool:
    """Whether bare digits read as milliseconds to nanoseconds since 1970, of these decades."""
    return text.isdigit() and len(text) in (13, 16, 19) and text[0] in "12"


def iban(text: str, before: str = "") -> bool:
    """Whether it is an IBAN (ISO 13616): as long as its country's are, and its rearranged number leaves 1 by 97."""
    bare = re.sub(r"[\s-]", "", text).upper()
    if len(bare) != IBAN_LENGTHS.get(bare[:2]):
        return False
    return int("".join(str(int(c, 36)) for c in bare[4:] + bare[:4])) % 97 == 1


def jwt(text: str, before: str = "") -> bool:
    """Whether the first of three parts is the base64url of a JSON object (RFC 7519)."""
    head = text.split(".")[0]
    try:
        return isinstance(json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))), dict)
    except (ValueError, binascii.Error):
        return False


def ipv4(text: str, before: str = "") -> bool:
    """Whether it is an IPv4 address that tells of somebody: not this host, not a mask, not a version.

    What ends in three zeros is the number of a whole network, or a browser's version (``Chrome/120.0.0.0``).
    """
    numbers = text.split(".")
    if len(numbers) != 4 or any(int(n) > 255 for n in numbers) or numbers[0] in ("0", "127", "255"):
        return False
    if numbers[1:] == ["0", "0", "0"]:
        return False
    return not re.search(r"(?i)(?:version|ver|release|build|v)[\s:=/\"']{0,3}$", before[-12:])


def ipv6(text: str, before: str = "") -> bool:
    """Whether it is an IPv6 address other than this host, and no time of day such as ``10:20:30``."""
    if text.count(":") < 2 or ("::" not in text and text.count(":") != 7):
        return False
    try:
        address = ipaddress.IPv6Address(text.split("%")[0])
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified) and len(text) > 4


def _weighted(weights: tuple[int, ...], digits: list[int]) -> int:
    return sum(w * d for w, d in zip(weights, digits, strict=False))


def ssn(text: str, before: str = "") -> bool:
    """Whether a number is one that the US Social Security Administration could have issued."""
    area, group, serial = int(text[:3]), int(text[-6:-4].strip("- ") or 0), int(text[-4:])
    return area not in (0, 666) and area < 900 and serial > 0 and group >= 0


def cpf(text: str, before: str = "") -> bool:
    """Whether both check digits of a Brazilian CPF are right (modulo 11)."""
    d = _digits(text)
    if len(d) != 11 or len(set(d)) == 1:
        return False
    first = _weighted(tuple(range(10, 1, -1)), d) * 10 % 11 % 10
    second = _weighted(tuple(range(11, 1, -1)), d) * 10 % 11 % 10
    return d[9:] == [first, second]


def nhs(text: str, before: str = "") -> bool:
    """Whether the check digit of an English NHS number is right (modulo 11)."""
    d = _digits(text)
    return len(d) == 10 and (11 - _weighted(tuple(range(10, 1, -1)), d) % 11) % 11 == d[9]


def pesel(text: str, before: str = "") -> bool:
    """Whether the check digit of a Polish PESEL is right (modulo 10)."""
    d = _digits(text)
    return len(d) == 11 and (10 - _weighted((1, 3, 7, 9, 1, 3, 7, 9, 1, 3), d) % 10) % 10 == d[10]


def dni(text: str, before: str = "") -> bool:
    """Whether the letter of a Spanish DNI or NIE fits its number (modulo 23)."""
    bare = text.upper().replace("-", "").translate(str.maketrans("XYZ", "012", ""))
    letters = "TRWAGMYFPDXBNJZSQVHLCKE"
    number, letter = bare[:-1], text.upper()[-1]
    return number.isdigit() and letters[int(number) % 23] == letter


def nir(text: str, before: str = "") -> bool:
    """Whether the key of a French NIR fits its number (97 minus the rest by 97)."""
    bare = re.sub(r"\s", "", text)
    return (
        len(bare) == 15
        and bare.isdigit()
        and not before.endswith((".", "-"))
        and 97 - int(bare[:13]) % 97 == int(bare[13:])
    )


def bsn(text: str, before: str = "") -> bool:
    """Whether a Dutch BSN passes its test of eleven."""
    d = _digits(text)
    return len(d) == 9 and sum(d) > 0 and _weighted((9, 8, 7, 6, 5, 4, 3, 2, -1), d) % 11 == 0


def phone(text: str, before: str = "") -> bool:
    """Whether it has as many digits as a telephone number (ITU-T E.164: at most 15), and is no amount."""
    if re.fullmatch(r"\+\d+\.\d+", text):  # as behind ``m=`` in Go's times
        return False
    return 8 <= len(_digits(text)) <= 15 and not re.search(r"[\d.,:/_-]$|[A-Za-z]$", before[-1:])


def dialled(text: str, before: str = "") -> bool:
    """Whether it is a telephone number where a word says so: 7 to 15 digits, and neither a time nor an address."""
    is_other = re.match(r"\d{4}-\d\d-\d\d|\d{1,3}(?:\.\d{1,3}){3}$", text)
    return is_other is None and 7 <= len(_digits(text)) <= 15


def account(text: str, before: str = "") -> bool:
    """Whether it names a person's account, not one that every machine has."""
    low = text.lower()
    return low not in SYSTEM_ACCOUNTS and not is_placeholder(text) and any(c.isalpha() for c in text)


def spoken(text: str, before: str = "") -> bool:
    """Whether a value that plainly follows a word for a password is one, and not what is said about it."""
    if is_placeholder(text) or (text.isdigit() and len(text) < 4) or not any(c.isalnum() for c in text):
        return False
    return not (text.startswith("/") and re.search(r"(?i)(?:pwd|file|path|dir)\W*$", before[-24:]))


def said(text: str, before: str = "") -> bool:
    """Whether a word of prose after a word for a password looks like one: not a word of the language."""
    return not is_placeholder(text) and len(text) >= 6 and not is_plain_word(text)


def valued(text: str, before: str = "") -> bool:
    """Whether a value behind a name such as `token` or `key` is secret: long enough and no word, number or path."""
    key = BEFORE_VALUE.search(before[-72:])
    name = _spaced(key[1]).lower() if key else ""
    if name and PUBLIC_KEYS.search(name):
        return False
    return is_random(text) if name in ("key", "hash") else is_secret_value(text)


def apart(text: str, before: str = "") -> bool:
    """Whether a value is secret whose name stands in a field or tag before it: the last such name says."""
    names = SECRET_NAMES.findall(before[-160:])
    name = _spaced(names[-1]).lower() if names else ""
    if PUBLIC_KEYS.search(name):
        return False
    return is_random(text) if name in ("key", "hash") else is_secret_value(text)


def coded(text: str, before: str = "") -> bool:
    """Whether it is a code that is given out to one person: in groups or whole, with a digit, and no date."""
    bare = re.sub(r"[-_ ]", "", text)
    if len(bare) < 8 or STAMP.fullmatch(text) or is_placeholder(text):
        return False
    return any(c.isdigit() for c in bare) or (text == bare and len(bare) >= 16 and bare.isupper())


def mixed(text: str, before: str = "") -> bool:
    """Whether it reads as a password and as nothing else: a digit and a letter, and a sign or both cases; no path."""
    if LOCATION.fullmatch(text) or is_placeholder(text) or not any(c.isdigit() for c in text):
        return False
    has_sign = re.search(r"[!#$%^&*+?~@]", text) is not None
    return any(c.isalpha() for c in text) and (has_sign or text not in (text.lower(), text.upper()))


def identifying(text: str, before: str = "") -> bool:
    """Whether it is the number of a document or an account, by its digits: five or more."""
    return len(_digits(text)) >= 5 and len(set(_digits(text))) > 1 and not STAMP.fullmatch(text)


def written_name(text: str, before: str = "") -> bool:
    """Whether it is written as the name of a person is, and not what is said about one."""
    return not is_placeholder(text) and not any(is_placeholder(word) for word in text.split())


def coordinates(text: str, before: str = "") -> bool:
    """Whether two numbers are a latitude and a longitude (degrees), exact to some metres."""
    first, second = (abs(float(n)) for n in re.findall(r"-?\d+\.\d+", text)[:2])
    return first <= 90 and second <= 180 and max(first, second) > 1.5


def prefixed(text: str, before: str = "") -> bool:
    """Whether what follows a short prefix is drawn by chance: mixed, or hexadecimal with digits and letters."""
    tail = re.split(r"[_-]", text)[-1]
    digits = sum(c.isdigit() for c in tail)
    return is_random(tail) or (HEX.fullmatch(tail) is not None and 3 <= digits < len(tail))


def basic(text: str, before: str = "") -> bool:
    """Whether it is the base64 of ``name:password`` (RFC 7617)."""
    try:
        return b":" in base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (ValueError, binascii.Error):
        return False


def email(text: str, before: str = "") -> bool:
    """Whether it is the address of a mailbox: no unit of systemd, and no name of a repository."""
    name, _, host = text.replace("%40", "@").rpartition("@")
    return name not in ("git", "hg") and host.rpartition(".")[2].lower() not in ("service", "socket", "timer", "target")


def mac(text: str, before: str = "") -> bool:
    """Whether it is the hardware address of one card: neither everybody's nor nobody's, nor part of a longer text."""
    bare = re.sub(r"[^0-9a-f]", "", text.lower())
    return len(bare) == 12 and len(set(bare)) > 1 and not before.endswith((":", "-", "."))


def host(text: str, before: str = "") -> bool:
    """Whether it is the name of a machine, not part of a path or of the name of a file or class."""
    return not before.endswith(("/", "\\", ".", "$")) or before.endswith("//")


def random(text: str, before: str = "") -> bool:
    """Whether a bare text looks drawn by chance, and nothing before it says that it is only an identifier."""
    if not is_random(text) or KNOWN_PREFIX.search(before[-40:]):
        return False
    if re.match(r"sha\d+-", text):
        return False
    inner = re.match(r"[\w.$-]{1,40}=(?=[A-Za-z0-9])", text)
    key = BEFORE_VALUE.search(before[-48:] + (inner[0] if inner else ""))
    return key is None or not BENIGN_KEYS.search(_spaced(key[1]))


def _spaced(name: str) -> str:
    """Return a name with its inner capitals set apart: ``requestId`` → ``request_Id``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)


NUMBERED = (luhn, card, iban, ipv4, ipv6, ssn, cpf, nhs, pesel, dni, nir, bsn, phone, dialled, mac)
WRITTEN = (
    jwt,
    account,
    spoken,
    said,
    valued,
    apart,
    coded,
    mixed,
    identifying,
    written_name,
    coordinates,
    prefixed,
    basic,
    email,
    host,
    random,
)
CHECKS: dict[str, Check] = {f.__name__: f for f in (*NUMBERED, *WRITTEN)}
