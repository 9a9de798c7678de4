"""``junit.xml``: a batch as a test suite, one case an incident, for whatever shows such files in CI."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as Xml

if TYPE_CHECKING:
    from postmortem_nb.batch import Batch

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2
FAILURES = ("failed",)  # of the incident; every other status that is not ok is an error around it


def as_junit(batch: Batch) -> str:
    """Return a batch as JUnit XML.

    A failed notebook is a failure; one that ran too long, died or was interrupted is an error; an incident that was not
    run, or whose report is unchanged, is skipped.

    Parameters
    ----------
    batch : Batch
        What was done.
    """
    statuses = [outcome.status for outcome in batch.outcomes]
    failures = sum(status in FAILURES for status in statuses)
    bad = sum(not outcome.is_ok for outcome in batch.outcomes)
    skipped = len(batch.not_run) + statuses.count("unchanged")
    suite = Xml.Element(
        "testsuite",
        name="postmortem-nb batch",
        tests=str(len(statuses) + len(batch.not_run)),
        failures=str(failures),
        errors=str(bad - failures),
        skipped=str(skipped),
        time=f"{batch.seconds:.3f}",
    )
    for outcome in batch.outcomes:
        about = {"classname": "incidents", "name": _clean(outcome.incident), "time": f"{outcome.seconds:.3f}"}
        case = Xml.SubElement(suite, "testcase", about)
        if outcome.status == "unchanged":
            Xml.SubElement(case, "skipped", message="the inputs of its report are unchanged")
        elif not outcome.is_ok:
            kind = "failure" if outcome.status in FAILURES else "error"
            trouble = Xml.SubElement(case, kind, type=outcome.status, message=_clean(outcome.message))
            trouble.text = _clean(outcome.detail)
    for name in batch.not_run:
        case = Xml.SubElement(suite, "testcase", classname="incidents", name=_clean(name))
        Xml.SubElement(case, "skipped", message="not run")
    suites = Xml.Element("testsuites")
    suites.append(suite)
    Xml.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(suites, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    """Leave out characters that XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)
