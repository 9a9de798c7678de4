"""Which of several clocks is the odd one, where each disagreement names only two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

Name = TypeVar("Name")


def odd_ones(
    disagreeing: Iterable[tuple[Name, Name]], agreeing: Iterable[tuple[Name, Name]], rank: Callable[[Name], Any]
) -> Iterator[tuple[Name, list[Name]]]:
    """Yield those that disagree with most others, each with whom it disagrees with; no disagreement is told twice.

    Parameters
    ----------
    disagreeing, agreeing : iterable of pairs
        What was compared.
    rank : callable
        Decides where two disagree as often and agree as often: the one of the highest rank is odd.

    Examples
    --------
    >>> list(odd_ones([("a", "c"), ("b", "c")], [("a", "b")], str))
    [('c', ['a', 'b'])]
    """
    left = list(disagreeing)
    friends = Counter(name for pair in agreeing for name in pair)
    while left:
        times = Counter(name for pair in left for name in pair)
        odd = max(times, key=lambda name: (times[name], -friends[name], rank(name)))
        yield odd, [b if a == odd else a for a, b in left if odd in (a, b)]
        left = [pair for pair in left if odd not in pair]
