"""``python -m postmortem_nb`` is the command ``postmortem-nb``."""

from postmortem_nb.cli import main

if __name__ == "__main__":
    main()
