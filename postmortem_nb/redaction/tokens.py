"""Keyed tokens: what stands for a secret, such as ``<ip:3f2a9c>``; the same secret has the same one, under one key."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator

Key = bytes | Callable[[], bytes]
LENGTH = 6  # hexadecimal digits, more where two secrets would share a token
TOKEN = re.compile(r"<[a-z][a-z-]*:[0-9a-f]{6,64}>")


class Tokens:
    """Makes tokens and remembers which stands for what, in the memory of this process only.

    Parameters
    ----------
    key : bytes, or function without arguments that returns it
        Without it nobody can try out which secret a token stands for.
    """

    def __init__(self, key: Key) -> None:
        self._key = key
        self.of: dict[tuple[str, str], str] = {}
        self.taken: dict[str, str] = {}

    @property
    def key(self) -> bytes:
        """The key, once it is needed."""
        if callable(self._key):
            self._key = self._key()
        return self._key

    def token(self, kind: str, secret: str) -> str:
        """Return what stands for a secret of a kind: HMAC-SHA256 of the secret, shortened."""
        known = self.of.get((kind, secret))
        if known is None:
            known = self.of[kind, secret] = self._new(kind, secret)
        return known

    def _new(self, kind: str, secret: str) -> str:
        # Two secrets never share a token: they get longer ones. None shows what it stands for: another digest is taken
        # then, for a longer one would hold it as well. A single digit is in a third of all tokens, so this ends soon.
        for digest in self._digests(secret):
            for length in range(LENGTH, len(digest) + 1, 2):
                short = digest[:length]
                if secret and secret.lower() in short:
                    break
                if self.taken.setdefault(short, secret) == secret:
                    return f"<{kind}:{short}>"
        raise AssertionError("there is always another digest")

    def _digests(self, secret: str) -> Iterator[str]:
        """Yield HMACs of a secret, of the HMAC before after the first."""
        message = secret.encode("utf-8", "surrogatepass")
        while True:
            digest = hmac.new(self.key, message, hashlib.sha256)
            yield digest.hexdigest()
            message = digest.digest()
