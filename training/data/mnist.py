"""MNIST as arrays, split as in the original tutorial."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from server.regression.shapes import PIXELS
from server.system.child_call import run_in_child
from training.data.sources import (
    CACHE,
    CHECKSUMS,
    TEST_IMAGES,
    TEST_LABELS,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    DataError,
    load_files,
)

VALIDATION_IMAGES = 5_000

# Images that are converted to floats at a time: all of MNIST as float32 is 200 MB.
CHUNK = 5_000

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Images:
    """Images: pixels (n, 784), row-major, ink = 255, and labels (n,)."""

    pixels: Bytes
    labels: Bytes

    @cached_property
    def intensities(self) -> NDArray[np.float32]:
        """The pixels (n, 784) in [0, 1]."""
        return np.divide(self.pixels, 255, dtype=np.float32)

    @property
    def chunks(self) -> Iterator[Self]:
        """All images, at most CHUNK at a time."""
        if len(self.labels) <= CHUNK:
            # This object caches its intensities; a slice would compute them again.
            yield self
            return
        for start in range(0, len(self.labels), CHUNK):
            yield self.select(slice(start, start + CHUNK))

    def select(self, index: slice | NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Return the images of a NumPy index: a slice, a mask (n,) or indices."""
        return type(self)(self.pixels[index], self.labels[index])


@dataclass(frozen=True)
class Dataset:
    """Training, validation and test images, and the SHA-256 of each source file."""

    train: Images
    validation: Images
    test: Images
    sha256: dict[str, str]


def load_mnist(folder: Path | None = None, cache: Path = CACHE) -> Dataset:
    """Return MNIST from a local folder, or else from the cache or the first source that has it.

    The first 5,000 training images are the validation part, as in the original tutorial.
    Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", 1998.

    :param folder: has the four files, gzipped or not; if given, no other source is tried
    :param cache: the directory for verified files
    :raise DataError: MNIST is not in the folder, or is not available from any source
    """
    files = load_files(folder, cache)
    train = Images(read_idx(files[TRAIN_IMAGES]).reshape(-1, PIXELS), read_idx(files[TRAIN_LABELS]))
    test = Images(read_idx(files[TEST_IMAGES]).reshape(-1, PIXELS), read_idx(files[TEST_LABELS]))
    first, rest = slice(None, VALIDATION_IMAGES), slice(VALIDATION_IMAGES, None)
    return Dataset(
        train=Images(train.pixels[rest], train.labels[rest]),
        validation=Images(train.pixels[first], train.labels[first]),
        test=test,
        sha256=dict(CHECKSUMS),
    )


def load_or_exit(folder: Path | None) -> Dataset:
    """Return MNIST, or exit with the reason why it is unavailable.

    It is loaded in a child process, which can always be ended: while this process waits for a
    host's name to be resolved, no signal handler would run. A child process that is ended by force
    during such a wait leaves its temporary files.

    :param folder: as in `load_mnist`
    :raise SystemExit: MNIST is unavailable
    """
    try:
        with run_in_child(load_mnist, folder) as wait_for_dataset:
            return wait_for_dataset()
    except (DataError, OSError) as error:
        sys.exit(str(error))


def read_idx(content: bytes) -> Bytes:
    """Return the array in an IDX file: bytes 0, 0, type 8 and the rank, then sizes and values.

    Source: http://yann.lecun.com/exdb/mnist/ (the format is at the end of the page).
    """
    rank = content[3]
    sizes = np.frombuffer(content, ">u4", count=rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(sizes)
