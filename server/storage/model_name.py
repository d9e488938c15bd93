"""Names of models, which are file names on every system."""

import re

_NAME = re.compile(r"[a-z0-9]([a-z0-9_.-]{0,62}[a-z0-9_-])?")

# Windows reserves these for devices, with any extension too.
# Source: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


class ModelNameError(ValueError):
    """A name is not valid for a model; the message says why, and what is accepted."""


def check_name(name: str) -> None:
    """Check that a name is valid for a model.

    Valid names are file names on every system. They have no capitals, because Windows and macOS
    ignore case.

    :raise ModelNameError: it is not 1 to 64 of a-z, 0-9, '_', '-' and '.', beginning with a letter
        or a digit and not ending in '.', or Windows reserves it for a device
    """
    if not _NAME.fullmatch(name):
        raise ModelNameError(
            f"{name!r} cannot name a model: use 1 to 64 of a-z, 0-9, '_', '-' and '.', "
            "beginning with a letter or a digit and not ending in '.'"
        )
    if _DEVICE.fullmatch(name):
        raise ModelNameError(
            f"{name!r} cannot name a model: Windows reserves con, prn, aux, nul, com0 to com9 and "
            "lpt0 to lpt9 for devices, with any extension too. Begin with another word"
        )
