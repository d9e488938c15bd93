"""What an operating system may refuse, refused for a while."""

import os
import resource
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

NOBODY = 65534


@contextmanager
def without_privileges() -> Iterator[None]:
    """Be a user whom permissions bind, as root is not."""
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
    soft, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))


def no_room_beyond(size: int) -> AbstractContextManager[None]:
    """Let no file grow beyond so many bytes, as on a disk that is nearly full."""
    return limited(resource.RLIMIT_FSIZE, size)


def no_more_files() -> AbstractContextManager[None]:
    """Let no more files be opened, as where a room's connections have taken all."""
    return limited(resource.RLIMIT_NOFILE, 0)
