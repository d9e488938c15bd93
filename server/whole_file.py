"""Files that are whole or not there at all, whatever happens while they are written."""

import os
import threading
from pathlib import Path


def write_whole(path: Path, content: bytes, *, durable: bool = True) -> Path:
    """Write a file whole or not at all, and return its path.

    It is written beside the old one and takes its place in one step: whatever happens on the way,
    the old file is still there.

    :param durable: wait until it would survive a loss of power; what is soon written anew need not
    :raise OSError: the disk is full or the directory cannot be written
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The numbers keep two trainings under one name, and the threads of one, out of each other's
    # way; the dot and the ending keep what a killed one leaves from being taken for a model.
    owner = f"{os.getpid()}-{threading.get_ident()}"
    unfinished = path.with_name(f".{path.name}.{owner}.unfinished")
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path
