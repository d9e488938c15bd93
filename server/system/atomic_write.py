"""Atomic writes: after a crash or power failure, a file is complete, either old or new."""

import errno
import os
import secrets
import sys
from pathlib import Path

from server.system.signals import defer_signals

# The errors where a directory cannot be opened or synced: some network shares, and directories with
# permission to write but not to read.
_OPEN_REFUSED = {errno.EACCES, errno.EPERM, errno.EISDIR, errno.EINVAL, errno.ENOTSUP}
_SYNC_REFUSED = {
    *(errno.EINVAL, errno.EBADF, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM),
    *(errno.EACCES, errno.EISDIR),
}


def write_atomically(path: Path, content: bytes, *, durable: bool = True) -> Path:
    """Write a file by atomic rename, and return its path.

    :param durable: wait until file and name would survive a power failure, as far as the file
        system can tell; False for a file that is soon overwritten
    :raise OSError: the disk is full or the directory is not writable
    """
    write_all_atomically({path: content}, durable=durable)
    return path


def write_all_atomically(contents: dict[Path, bytes], *, durable: bool = True) -> None:
    """Write all contents to temporary files, then rename them in the given order.

    If a write fails, no file is replaced; if a rename fails, the earlier files stay replaced. If a
    file has been replaced, all before it have, even after a power failure. Signals that end the
    process are deferred until all files are renamed.

    :raise OSError: the disk is full or a directory is not writable
    """
    # Random, so that two trainings of the same name do not collide, on two machines either. The dot
    # and the suffix prevent the server from loading the leftovers of a killed training.
    owner = secrets.token_hex(8)
    unfinished = {path: path.with_name(f".{path.name}.{owner}.unfinished") for path in contents}
    try:
        for path, content in contents.items():
            make_directory(path.parent)
            with unfinished[path].open("xb") as file:
                file.write(content)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
        with defer_signals():
            for path, written in unfinished.items():
                written.replace(path)
                if durable:
                    sync_directory(path.parent)
    finally:
        for written in unfinished.values():
            written.unlink(missing_ok=True)


def file_stamp(path: Path) -> tuple[int, int] | None:
    """Return what changes whenever a file is replaced; None if there is no such file."""
    try:
        status = path.stat()
    # ValueError: the path has a null character.
    except (OSError, ValueError):
        return None
    return (status.st_ino, status.st_mtime_ns)


def is_writable(directory: Path) -> bool:
    """Tell whether this process may create files in an existing directory."""
    has_effective_ids = os.access in os.supports_effective_ids
    return os.access(directory, os.W_OK | os.X_OK, effective_ids=has_effective_ids)


def make_directory(directory: Path) -> None:
    """Create a directory and its missing parents; all of them would survive a power failure.

    This holds for a file that need not be durable, too: later durable files in the same directory
    find it existing, and are lost with it.

    :raise OSError: one cannot be created
    """
    missing = []
    parent = directory
    while not parent.exists() and parent != parent.parent:
        missing.append(parent)
        parent = parent.parent
    directory.mkdir(parents=True, exist_ok=True)
    for created in reversed(missing):
        sync_directory(created.parent)


def sync_directory(directory: Path) -> None:
    """Wait until the names in a directory would survive a power failure.

    Does nothing if the system or file system cannot: Windows does not open directories, and some
    network shares do not sync them.

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
