"""The file format of models, histories and evaluations.

It is a NumPy archive (.npz) of arrays and of `card`, the UTF-8 bytes of a JSON object. It is read
without pickle, so that loading runs no code, and its checksums reveal a damaged file.
"""

import io
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import DTypeLike, NDArray

from server.storage.model_name import ModelNameError

FILE_SUFFIX = ".npz"

# The maximum size of a file, and of its unpacked content: many times that of any file of ours, and
# small enough for a server's memory.
MAX_BYTES = 4 * 1024 * 1024
MAX_UNPACKED_BYTES = 16 * 1024 * 1024

Arrays = dict[str, NDArray[Any]]

# The shape and type of each array of an archive. A length given as a name may be any number, but
# must be the same wherever that name occurs.
Layout = dict[str, tuple[tuple[int | str, ...], DTypeLike]]

Card = TypeVar("Card", bound=msgspec.Struct)
Content = TypeVar("Content")

_CARD: Layout = {"card": (("bytes",), np.uint8)}

# The methods that NumPy writes. Python's decompression of the others has no size limit: a kilobyte
# could become gigabytes.
_COMPRESSION_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class ArchiveError(ValueError):
    """A file or its content is invalid; the message says why."""


def load_archive(path: Path, parse: Callable[[str, bytes], Content]) -> Content:
    """Read a file, and return its content as parsed.

    :param parse: gets the file's name without the suffix, and its bytes
    :raise ArchiveError: the file cannot be read, or `parse` raises ArchiveError or ModelNameError;
        the message begins with the file's name
    """
    try:
        return parse(path.stem, _read(path))
    except (ArchiveError, ModelNameError) as error:
        raise ArchiveError(f"{path.name}: {error}") from error


def pack(arrays: Arrays, card: msgspec.Struct, *, compressed: bool = False) -> bytes:
    """Return the bytes of an archive of arrays and a card."""
    archive = io.BytesIO()
    members: Any = arrays | {"card": np.frombuffer(msgspec.json.encode(card), np.uint8)}
    save = np.savez_compressed if compressed else np.savez
    save(archive, **members)
    return archive.getvalue()


def unpack(content: bytes, layout: Layout, card_type: type[Card]) -> tuple[Arrays, Card]:
    """Return the arrays and the card of an archive's bytes.

    :raise ArchiveError: it is damaged, or does not match the layout and the card's type
    """
    layout = layout | _CARD
    _check_members(content, layout)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays: Arrays = {key: archive[key] for key in layout}
    except Exception as error:
        # zipfile, zlib and NumPy raise a dozen unrelated exceptions for a damaged archive.
        raise ArchiveError(f"not a valid .npz file ({error})") from error
    _check_arrays(arrays, layout)
    try:
        return arrays, msgspec.json.decode(arrays.pop("card").tobytes(), type=card_type)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ArchiveError(f"card: {error}") from error


def _read(path: Path) -> bytes:
    """Return a file's bytes.

    :raise ArchiveError: it cannot be read, is not a regular file, or is larger than MAX_BYTES
    """
    try:
        status = path.stat()
        # Reading a pipe would block until another process writes to it.
        if not stat.S_ISREG(status.st_mode):
            raise ArchiveError("not a regular file")
        if status.st_size > MAX_BYTES:
            raise ArchiveError(f"has {status.st_size} bytes, over {MAX_BYTES}")
        return path.read_bytes()
    except OSError as error:
        raise ArchiveError(f"{error.strerror}") from error


def _check_members(content: bytes, layout: Layout) -> None:
    """Check an archive's directory, before anything is decompressed.

    :raise ArchiveError: it is damaged, has other members, or would unpack to too many bytes
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except Exception as error:
        raise ArchiveError(f"not a valid .npz file ({error})") from error
    names = sorted(member.filename.removesuffix(".npy") for member in members)
    if names != sorted(layout):
        # Shortened: an archive may list a hundred thousand members.
        raise ArchiveError(f"contains {names[: 2 * len(layout)]}, not {sorted(layout)}")
    if any(member.compress_type not in _COMPRESSION_METHODS for member in members):
        raise ArchiveError("uses a compression method that .npz files never use")
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_UNPACKED_BYTES:
        raise ArchiveError(f"would unpack to {unpacked} bytes, over {MAX_UNPACKED_BYTES}")


def _check_arrays(arrays: Arrays, layout: Layout) -> None:
    """Check the shape, type and finiteness of each array.

    :raise ArchiveError: describes the first invalid array
    """
    lengths: dict[str, int] = {}
    for key, (sizes, dtype) in layout.items():
        array = arrays[key]
        # NumPy returns a member without an array's header as bytes.
        if not isinstance(array, np.ndarray):
            raise ArchiveError(f"{key} is not an array")
        shape = tuple(
            lengths.setdefault(size, length) if isinstance(size, str) else size
            for size, length in zip(sizes, array.shape, strict=False)
        )
        if array.ndim != len(sizes) or array.shape != shape:
            expected = tuple(
                lengths.get(size, size) if isinstance(size, str) else size for size in sizes
            )
            raise ArchiveError(f"{key} has shape {array.shape}, not {expected}")
        if array.dtype != dtype:
            raise ArchiveError(f"{key} is {array.dtype}, not {np.dtype(dtype)}")
        if not np.isfinite(array).all():
            raise ArchiveError(f"{key} is not finite everywhere")
