"""Puppet's report as it lies on disk: YAML with Ruby's marks. Nodes are counted as they are expanded, against bombs."""

from __future__ import annotations

from typing import Any

import yaml

from postmortem_nb.evidence.account import Tally, Unreadable
from postmortem_nb.evidence.events.shape import Unit

NODES = 2_000_000  # values of one report, those behind aliases counted each time
_BEGIN = "--- !ruby/object:Puppet"
_TRUTH = {"true": True, "false": False}


def is_report(line: str) -> bool:
    """Whether a file that begins with this line is a report of Puppet."""
    return line.startswith(_BEGIN)


def read_report(text: str, tally: Tally) -> list[Unit]:
    """Return the one record of a report; every value in it is text, a truth value, a list or a map.

    Raises
    ------
    Unreadable
        If it is not YAML, nested too deeply, or expands to too many values.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        record = _Budget(tally.file).value(yaml.compose(text, Loader=loader))  # no object is ever made from a mark
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Unreadable(f"{tally.file}: it is not YAML that can be read ({str(error)[:200]}).") from error
    if not isinstance(record, dict):
        raise Unreadable(f"{tally.file}: its YAML is no map, as a report of Puppet is.")
    tally.lines, tally.continued, tally.blank = 1, 0, 0
    return [Unit(":1", 1, record)]


class _Budget:
    """Nodes → values, up to a number of them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.left = NODES

    def value(self, node: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise Unreadable(f"{self.file}: its YAML expands to more than {NODES:,} values, as a bomb does.")
        if isinstance(node, yaml.ScalarNode):
            return _TRUTH.get(node.value, node.value)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(inner) for inner in node.value]
        if isinstance(node, yaml.MappingNode):
            return {str(getattr(key, "value", "")): self.value(inner) for key, inner in node.value}
        return None
