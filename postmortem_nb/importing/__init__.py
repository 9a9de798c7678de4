"""What exists already → incidents: published postmortems in Markdown, and the feeds of status pages.

`read_status_feed` reads feeds into a frame, a row an incident, without any folder; `import_files` makes folders.
Nothing is guessed in silence: what was not understood is a finding with file and line.
"""

from postmortem_nb.importing.files import Imported, import_files
from postmortem_nb.importing.status import read_status_feed

__all__ = ["Imported", "import_files", "read_status_feed"]
