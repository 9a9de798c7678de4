"""Checks of numbers, by check digits, lengths and ranges; see `postmortem_nb.redaction.checks`."""

from __future__ import annotations

import ipaddress
import re

from postmortem_nb.redaction.shapes import STAMP

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


def identifying(text: str, before: str = "") -> bool:
    """Whether it is the number of a document, an account or a device: three digits or more, and no date."""
    return len(_digits(text)) >= 3 and len(set(text)) > 2 and not STAMP.fullmatch(text)


def coordinates(text: str, before: str = "") -> bool:
    """Whether two numbers are a latitude and a longitude (degrees), exact to some metres."""
    first, second = (abs(float(n)) for n in re.findall(r"-?\d+\.\d+", text)[:2])
    return first <= 90 and second <= 180 and max(first, second) > 1.5


def mac(text: str, before: str = "") -> bool:
    """Whether it is the hardware address of one card: neither everybody's nor nobody's, nor part of a longer text."""
    bare = re.sub(r"[^0-9a-f]", "", text.lower())
    return len(bare) == 12 and len(set(bare)) > 1 and not before.endswith((":", "-", "."))


DIGITS = (luhn, card, iban, ssn, cpf, nhs, pesel, dni, nir, bsn)  # with a check digit or a range
NUMBERED = (*DIGITS, ipv4, ipv6, mac, phone, dialled, identifying, coordinates)
