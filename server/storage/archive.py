"""The kind of file that all that is learned is kept in.

It is a NumPy archive (.npz, read without pickle, so that reading runs no code) of arrays and of
`card`, the UTF-8 bytes of a JSON object. The archive's checksums tell a damaged file from a whole
one.
"""

import io
import stat
import zipfile
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import DTypeLike, NDArray

FILE_SUFFIX = ".npz"

# The largest that a file may be, and what it may unpack to: many times what any of ours is, and no
# more than a server can bear.
MOST_BYTES = 4 * 1024 * 1024
MOST_UNPACKED_BYTES = 16 * 1024 * 1024

Arrays = dict[str, NDArray[Any]]

# What an archive must hold: each array's shape and type. A length that is a word is any, but the
# same wherever the word stands.
Layout = dict[str, tuple[tuple[int | str, ...], DTypeLike]]

Card = TypeVar("Card", bound=msgspec.Struct)

_CARD: Layout = {"card": (("bytes",), np.uint8)}

# What NumPy writes. Python unpacks the other methods without a bound: a kilobyte becomes gigabytes.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class ArchiveError(ValueError):
    """A file, its name or its numbers are not what they must be; the message says what is wrong."""


def pack(arrays: Arrays, card: msgspec.Struct, *, compressed: bool = False) -> bytes:
    """Make an archive's content of arrays and a card."""
    archive = io.BytesIO()
    everything: Any = arrays | {"card": np.frombuffer(msgspec.json.encode(card), np.uint8)}
    save = np.savez_compressed if compressed else np.savez
    save(archive, **everything)
    return archive.getvalue()


def unpack(content: bytes, layout: Layout, card_type: type[Card]) -> tuple[Arrays, Card]:
    """Read an archive's content and check it against a layout.

    :raise ArchiveError: it is not whole, or not what the layout and the card's type say
    """
    layout = layout | _CARD
    _check_members(content, layout)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays: Arrays = {key: archive[key] for key in layout}
    except Exception as error:
        # zipfile, zlib and NumPy raise a dozen unrelated kinds for a damaged archive.
        raise ArchiveError(f"not a whole .npz file ({error})") from error
    _check(arrays, layout)
    try:
        return arrays, msgspec.json.decode(arrays.pop("card").tobytes(), type=card_type)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ArchiveError(f"card: {error}") from error


def read_content(path: Path) -> bytes:
    """Read a file.

    :raise ArchiveError: it cannot be read, or is no file of a sane size
    """
    try:
        status = path.stat()
        # Reading a pipe would wait for somebody to write into it.
        if not stat.S_ISREG(status.st_mode):
            raise ArchiveError("not a regular file")
        if status.st_size > MOST_BYTES:
            raise ArchiveError(f"has {status.st_size} bytes, over {MOST_BYTES}")
        return path.read_bytes()
    except OSError as error:
        raise ArchiveError(f"{error.strerror}") from error


def _check_members(content: bytes, layout: Layout) -> None:
    """Check, before anything is unpacked, what an archive says that it holds.

    :raise ArchiveError: it is no archive, or of something else, or of too much
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except Exception as error:
        raise ArchiveError(f"not a whole .npz file ({error})") from error
    held = sorted(member.filename.removesuffix(".npy") for member in members)
    if held != sorted(layout):
        # An archive may claim to hold more than can be read.
        raise ArchiveError(f"holds {held[: 2 * len(layout)]}, not {sorted(layout)}")
    if any(member.compress_type not in _METHODS for member in members):
        raise ArchiveError("is compressed as no .npz file is")
    unpacked = sum(member.file_size for member in members)
    if unpacked > MOST_UNPACKED_BYTES:
        raise ArchiveError(f"would unpack to {unpacked} bytes, over {MOST_UNPACKED_BYTES}")


def _check(arrays: Arrays, layout: Layout) -> None:
    """Check each array's shape, type and numbers.

    :raise ArchiveError: what is wrong with the first that is not as it must be
    """
    lengths: dict[str, int] = {}
    for key, (sizes, dtype) in layout.items():
        array = arrays[key]
        # NumPy gives the bytes of what does not begin as an array does.
        if not isinstance(array, np.ndarray):
            raise ArchiveError(f"{key} is no array")
        shape = tuple(
            lengths.setdefault(size, found) if isinstance(size, str) else size
            for size, found in zip(sizes, array.shape, strict=False)
        )
        if array.ndim != len(sizes) or array.shape != shape:
            wanted = tuple(
                lengths.get(size, size) if isinstance(size, str) else size for size in sizes
            )
            raise ArchiveError(f"{key} has shape {array.shape}, not {wanted}")
        if array.dtype != dtype:
            raise ArchiveError(f"{key} is {array.dtype}, not {np.dtype(dtype)}")
        if not np.isfinite(array).all():
            raise ArchiveError(f"{key} is not finite everywhere")
