"""What is left out of an import is left out, and nothing else."""

import subprocess
import sys

CODE = """
import sys
from postmortem_nb.sparing import without_grammar
without_grammar()
import nbformat
from postmortem_nb.report import PostmortemExporter
assert not [name for name in sys.modules if name.split(".")[0] in ("rfc3987_syntax", "lark")], "the grammar was built"
nbformat.validate(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title")]))
try:
    nbformat.validate({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "odd"}]})
except nbformat.ValidationError:
    print("still checked")
import rfc3987_syntax
print("can be imported")
"""


def test_notebooks_are_checked_without_the_grammar_of_addresses_they_do_not_hold():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("still checked\ncan be imported\n", 0), done.stderr
