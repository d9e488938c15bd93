"""Contexts in which the operating system refuses something: permissions, disk space, files."""

import os
import resource
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

NOBODY = 65534


@contextmanager
def without_privileges() -> Iterator[None]:
    """Run as a user without privileges: file permissions do not apply to root."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def limited(kind: int, most: int) -> Iterator[None]:
    """Set the soft limit of a resource."""
    soft, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))


def no_room_beyond(size: int) -> AbstractContextManager[None]:
    """Fail writes beyond a file size in bytes, as on a full disk."""
    return limited(resource.RLIMIT_FSIZE, size)


def no_more_files() -> AbstractContextManager[None]:
    """Fail to open files, as when open connections have taken all file descriptors."""
    return limited(resource.RLIMIT_NOFILE, 0)
