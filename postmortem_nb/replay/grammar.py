"""What the built-in evaluator reads: operators and how strongly they bind, aggregations, functions, kinds of values."""

from __future__ import annotations

from postmortem_nb.replay.expression import Binary, Call, Negative, Node, Number, Selector

COMPARISONS = ("==", "!=", "<=", "<", ">=", ">")
SETS = ("and", "or", "unless")
# What binds how strongly; all bind to the left but the power.
BINDING = {"or": 1, "and": 2, "unless": 2, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "^": 6} | dict.fromkeys(
    COMPARISONS, 3
)
AGGREGATIONS = ("sum", "avg", "min", "max", "count", "group")
OVER_RANGES = (
    "rate",
    "increase",
    "delta",
    "irate",
    "idelta",
    "changes",
    "resets",
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "sum_over_time",
    "count_over_time",
    "last_over_time",
    "present_over_time",
    "absent_over_time",
)
# What else can be called: the kinds of its arguments, optional ones in small letters.
CALLS = dict.fromkeys(OVER_RANGES, "R") | {
    "absent": "V",
    "abs": "V",
    "ceil": "V",
    "floor": "V",
    "sqrt": "V",
    "exp": "V",
    "ln": "V",
    "round": "Vs",
    "clamp": "VSS",
    "clamp_min": "VS",
    "clamp_max": "VS",
    "scalar": "V",
    "vector": "S",
    "time": "",
}


def kind_of(node: Node) -> str:
    """Return what an expression gives: ``S`` a number, ``V`` series, ``R`` samples of a stretch."""
    if isinstance(node, Number):
        return "S"
    if isinstance(node, Selector):
        return "V" if node.range is None else "R"
    if isinstance(node, Call):
        return "S" if node.function in ("scalar", "time") else "V"
    if isinstance(node, Negative):
        return kind_of(node.inner)
    if isinstance(node, Binary):
        return "S" if kind_of(node.left) == kind_of(node.right) == "S" else "V"
    return "V"
