"""What an import of a library would do and nobody here needs."""

from __future__ import annotations

import sys

GRAMMAR = "rfc3987_syntax"


def without_grammar() -> None:
    """Import jsonschema without the grammar of IRIs, which takes 1.5 s to build at each start.

    nbformat, and so papermill and nbconvert, import jsonschema to check notebooks, which hold no IRIs to check. The
    grammar is optional there: jsonschema lacks its formats ``iri`` and ``iri-reference`` afterwards, in this process,
    and nothing else changes. Where jsonschema is imported already, nothing is done.
    """
    if "jsonschema" in sys.modules or GRAMMAR in sys.modules:
        return
    sys.modules[GRAMMAR] = None  # type: ignore[assignment]  # the import system's own mark of what cannot be imported
    try:
        import jsonschema  # noqa: F401
    finally:
        del sys.modules[GRAMMAR]
