"""Paths from the command line."""

import os
from pathlib import Path


def expand_home(text: str) -> Path:
    """Return a path, with the home directory for `~` or `~USER` at its start.

    The shell does this, but not within `--option=~/path`. `./~` is a file of this name.
    """
    # Path.expanduser would expand that too, since Path removes the dot.
    return Path(os.path.expanduser(text))  # noqa: PTH111
