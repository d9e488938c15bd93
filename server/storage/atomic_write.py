"""Atomic writes: files that are complete or not there at all, whatever happens meanwhile."""

import errno
import os
import secrets
import sys
from pathlib import Path

# What systems and file systems answer that open or sync no directories: some network shares, and
# directories that may be written but not read.
_OPEN_REFUSED = {errno.EACCES, errno.EPERM, errno.EISDIR, errno.EINVAL, errno.ENOTSUP}
_SYNC_REFUSED = {
    *(errno.EINVAL, errno.EBADF, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM),
    *(errno.EACCES, errno.EISDIR),
}


def write_atomically(path: Path, content: bytes, *, durable: bool = True) -> Path:
    """Write a file whole or not at all, and return its path.

    :param durable: wait until file and name would survive a loss of power, as far as the file
        system can tell; what is soon written again need not
    :raise OSError: the disk is full or the directory cannot be written
    """
    write_all_atomically({path: content}, durable=durable)
    return path


def write_all_atomically(contents: dict[Path, bytes], *, durable: bool = True) -> None:
    """Write several files whole, or none of them where one cannot be written.

    Each is written next to the old one, and when all are, they take the old ones' places in the
    order given: whatever happens before, the old files are still there. After a loss of power too,
    a file that has taken its place means that those before it have.

    :raise OSError: the disk is full or a directory cannot be written
    """
    # Chance keeps two trainings under one name apart, on machines that share the directory as well;
    # the dot and the ending keep what a killed one leaves from being taken for a model.
    owner = secrets.token_hex(8)
    unfinished = {path: path.with_name(f".{path.name}.{owner}.unfinished") for path in contents}
    try:
        for path, content in contents.items():
            make_directory(path.parent, durable=durable)
            with unfinished[path].open("xb") as file:
                file.write(content)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
        for path, written in unfinished.items():
            written.replace(path)
            if durable:
                sync_directory(path.parent)
    finally:
        for written in unfinished.values():
            written.unlink(missing_ok=True)


def make_directory(directory: Path, *, durable: bool = True) -> None:
    """Make a directory and those above it, where they are missing.

    :raise OSError: one cannot be made
    """
    missing = []
    above = directory
    while not above.exists() and above != above.parent:
        missing.append(above)
        above = above.parent
    directory.mkdir(parents=True, exist_ok=True)
    if durable:
        for made in reversed(missing):
            sync_directory(made.parent)


def sync_directory(directory: Path) -> None:
    """Wait until the names in a directory would survive a loss of power.

    Where the system or the file system cannot do that, nothing happens: Windows opens no
    directories, and some network shares refuse to sync them.

    :raise OSError: the disk has failed
    """
    if sys.platform == "win32":
        return
    try:
        descriptor = os.open(directory, os.O_RDONLY)
    except OSError as error:
        if error.errno in _OPEN_REFUSED:
            return
        raise
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _SYNC_REFUSED:
            raise
    finally:
        os.close(descriptor)
