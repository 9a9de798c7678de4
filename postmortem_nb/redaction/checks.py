"""Checks by name, which a rule may ask for: what a pattern found is a secret only if its check agrees.

A check is told the found text and the text before it on its line.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable

from postmortem_nb.redaction import numbers
from postmortem_nb.redaction.shapes import (
    HEX,
    LOCATION,
    STAMP,
    is_drawn,
    is_placeholder,
    is_plain_word,
    is_random,
    is_secret_value,
)

Check = Callable[[str, str], bool]
SYSTEM_ACCOUNTS = {
    *("root", "admin", "administrator", "nobody", "daemon", "www-data", "postgres", "mysql", "ubuntu", "ec2-user"),
    *("sshd", "nginx", "apache", "system", "guest", "anonymous", "unknown", "user", "none", "null", "app", "service"),
    *("www", "http", "html", "web", "ftp", "mail", "backup", "operator", "deploy", "ansible", "oracle"),
    *("redis", "kafka"),
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
    r"tokens$|token_?(?:type|count|expiry|ttl|use\w*|limit|url|uri|endpoint)$|author(?:s|[_-]\w+)?$|"
    r"(?:exit|status|error|return|country|zip|postal|response|http|state|reason|err)[_ ]?code$|"
    r"(?:key|auth|session|cookie|secret|token)_?(?:file|path|dir|name|type|mode|method|scheme|size|len\w*|count|timeout|"
    r"ttl|age|server|host|url|uri|provider|log|store|class|manager|ref|tracker|handler)$"
)
LICENCE = re.compile(r"(?:^|[_ .-])licen[cs]es?$")
ENDINGS = {  # of names of files and units of systemd, which no mailbox has
    *("service", "socket", "timer", "target", "mount", "slice", "scope", "sock", "png", "jpg", "jpeg"),
    *("gif", "svg", "webp", "ico", "avif", "css", "js", "mjs", "ts", "map", "html", "json", "xml"),
    *("yaml", "yml", "toml", "log", "txt", "gz", "tgz", "tar", "bz2", "xz", "zst", "jar", "war", "whl"),
    *("deb", "rpm", "exe", "dll", "conf", "cfg", "ini", "lock", "tmp", "bak"),
}
SECRET_NAMES = re.compile(
    r"(?i)[\w.-]*(?:token|key|auth|jwt|cred|salt|seed|cookie|dsn|webhook|licen[cs]e|session|signature)[\w.-]*"
)
THINGS = re.compile(  # what is named by a prefix and digits drawn by chance, and opens nothing
    r"i|ami|vpc|vol|snap|eni|sg|subnet|rtb|igw|nat|acl|pvc|pv|docker|crio?|containerd|kubepods|libpod|overlay|mount|veth|part|"
    r"chunk|blk|block|attempt|application|stage|step|run|order|ord|user|usr|cus|customer|acct|account|inv|invoice|pay|"
    r"payment|pi|ch|sub|prod|product|price|item|cart|evt|thread|chan|channel|tx|session|sess|conn|client|device|vm|"
    r"instance|cluster|region|deploy\w*|release|rs|app|svc|service|web|api|worker|agent|shard|index|snapshot|backup|"
    r"upload|download|tmp|temp|cache|data|log|core|dump|lock|socket|volume|disk|secret|config|cm|sa|role|policy|stack|"
    r"exec\w*|workflow|wf|batch|table|view|col|row|key|group|grp|team|org|project|proj|repo|branch|pr|issue|ticket|doc|"
    r"page|note|card|list|board|form|field|media|asset|video|audio|img|pic|photo|h|v|t|s"
)
BEFORE_VALUE = re.compile(r"([\w.$-]{1,40})[\"'\]]{0,2}\s{0,2}(?:=|:|=>)\s{0,2}[\"'\[]{0,2}$")
KNOWN_PREFIX = re.compile(r"(?i)(?:sha\d+[-:]|md5[-:]|image/[\w.+-]+;base64,|font/[\w.+-]+;base64,|ssh-\w+ |W/\")$")


def jwt(text: str, before: str = "") -> bool:
    """Whether the first of three parts is the base64url of a JSON object (RFC 7519)."""
    head = text.split(".")[0]
    try:
        return isinstance(json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))), dict)
    except (ValueError, binascii.Error):
        return False


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
    if name and (PUBLIC_KEYS.search(name) or (name == "code" and not any(c.isdigit() for c in text))):
        return False
    if LICENCE.search(name):  # such as GPL-2.0+, unless it is a key
        return is_random(text) or re.fullmatch(r"[A-Z0-9]{4,8}(?:-[A-Z0-9]{4,8}){2,}", text) is not None
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


def written_name(text: str, before: str = "") -> bool:
    """Whether it is written as the name of a person is, and not what is said about one."""
    return not is_placeholder(text) and not any(is_placeholder(word) for word in text.split())


def prefixed(text: str, before: str = "") -> bool:
    """Whether what follows a short prefix is drawn by chance: mixed, or hexadecimal with digits and letters."""
    tail = re.split(r"[_-]", text)[-1]
    digits = sum(c.isdigit() for c in tail)
    return is_random(tail) or (HEX.fullmatch(tail) is not None and 3 <= digits < len(tail))


def capitals(text: str, before: str = "") -> bool:
    """Whether capitals and digits look drawn by chance."""
    return is_drawn(text)


def issued(text: str, before: str = "") -> bool:
    """Whether a prefix and a long part are a token that a service gave out, and no name of a thing in a system.

    Things are named so as well: ``pvc-`` and a UUID, ``req_`` and hexadecimal digits, ``user_01`` and 24 signs.
    """
    head, *parts = re.split(r"[_-]", text)
    body = max(parts, key=len)
    if THINGS.fullmatch(head.lower()) or BENIGN_KEYS.search(head) or before.endswith(("/", ".", "-", "_")):
        return False
    if HEX.fullmatch(text[-32:].replace("-", "")):
        is_parted = "_" in text or head.isupper()
        return is_parted and 3 <= sum(c.isdigit() for c in body) < len(body) and not body.isdigit()
    return not body.startswith("01") and is_drawn(body if len(body) >= 24 else "".join(parts))


def basic(text: str, before: str = "") -> bool:
    """Whether it is the base64 of ``name:password`` (RFC 7617)."""
    try:
        return b":" in base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (ValueError, binascii.Error):
        return False


def email(text: str, before: str = "") -> bool:
    """Whether it is the address of a mailbox: no unit of systemd, and no name of a repository."""
    name, _, host = re.sub(r"%40|[(\[]at[)\]]", "@", text).rpartition("@")
    labels = host.lower().split(".")
    while labels and labels[-1] in ENDINGS:
        labels.pop()
    if name in ("git", "hg") or len(labels) < 2:
        return False
    return re.match(r"\d+(?:\.\d+)?x\.|\d+\.\d+\.|sha\d+", host) is None  # logo@2x.png, lodash@4.17.21, shop@sha256


def host(text: str, before: str = "") -> bool:
    """Whether it is the name of a machine, not part of a path or of the name of a file or class."""
    return not before.endswith(("/", "\\", ".", "$")) or before.endswith("//")


def random(text: str, before: str = "") -> bool:
    """Whether a bare text looks drawn by chance, and nothing before it says that it is only an identifier."""
    if not is_random(text) or KNOWN_PREFIX.search(before[-40:]):
        return False
    if re.match(r"sha\d+-|baf[a-z0-9]{56}$", text):  # digests of packages and of files in IPFS
        return False
    inner = re.match(r"[\w.$-]{1,40}=(?=[A-Za-z0-9])", text)
    key = BEFORE_VALUE.search(before[-48:] + (inner[0] if inner else ""))
    return key is None or not BENIGN_KEYS.search(_spaced(key[1]))


def _spaced(name: str) -> str:
    """Return a name with its inner capitals set apart: ``requestId`` → ``request_Id``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)


NAMES = (account, written_name, email, host)
SECRETS = (jwt, basic, spoken, said, valued, apart, coded, mixed, prefixed, issued, capitals, random)
CHECKS: dict[str, Check] = {f.__name__: f for f in (*numbers.NUMBERED, *NAMES, *SECRETS)}
