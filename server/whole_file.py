"""Files that are whole or not there at all, whatever happens while they are written."""

import os
import threading
from pathlib import Path


def write_whole(path: Path, content: bytes, *, durable: bool = True) -> Path:
    """Write a file whole or not at all, and return its path.

    :param durable: wait until it would survive a loss of power; what is soon written anew need not
    :raise OSError: the disk is full or the directory cannot be written
    """
    write_all_whole({path: content}, durable=durable)
    return path


def write_all_whole(contents: dict[Path, bytes], *, durable: bool = True) -> None:
    """Write several files whole, or none of them where one cannot be written.

    Each is written beside the old one, and when all are, they take the old ones' places in the
    order given: whatever happens before, the old files are still there.

    :raise OSError: the disk is full or a directory cannot be written
    """
    # The numbers keep two trainings under one name, and the threads of one, out of each other's
    # way; the dot and the ending keep what a killed one leaves from being taken for a model.
    owner = f"{os.getpid()}-{threading.get_ident()}"
    unfinished = {path: path.with_name(f".{path.name}.{owner}.unfinished") for path in contents}
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with unfinished[path].open("wb") as file:
                file.write(content)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
        for path, beside in unfinished.items():
            beside.replace(path)
    finally:
        for beside in unfinished.values():
            beside.unlink(missing_ok=True)
