"""Types of command-line arguments, with their limits, and the option `--data`."""

import argparse
import math
from pathlib import Path
from typing import Literal

# Histories store step numbers as int32.
MAX_COUNT = 2**31 - 1

# More than all images of MNIST, and less than 0.5 GB of pixels as float32.
MAX_BATCH_SIZE = 100_000

MAX_SEED = 2**32 - 1


def add_data_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option `--data DIR`, a local directory with MNIST's files."""
    parser.add_argument(
        "--data",
        type=directory,
        metavar="DIR",
        help="directory with MNIST's four IDX files, gzipped or not; no other source is tried",
    )


def directory(text: str) -> Path:
    """Parse a directory's path; refuse an empty one, which would be the current directory."""
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError(f"{text!r} is not a directory's path")
    return Path(text)


def file(text: str) -> Path:
    """Parse a file's path; refuse an empty one."""
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError(f"{text!r} is not a file's path")
    return Path(text)


def positive_count(text: str) -> int:
    """Parse a whole number from 1 to MAX_COUNT."""
    count = int(text)
    if not 1 <= count <= MAX_COUNT:
        raise argparse.ArgumentTypeError(f"{text} is not 1 to {MAX_COUNT}")
    return count


def image_count(text: str) -> int:
    """Parse a whole number of at least 1; the number of batches is limited separately."""
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return count


def batch_size(text: str) -> int | Literal["all"]:
    """Parse a whole number from 1 to MAX_BATCH_SIZE, or "all"."""
    if text == "all":
        return "all"
    count = int(text)
    if not 1 <= count <= MAX_BATCH_SIZE:
        raise argparse.ArgumentTypeError(f"{text} is not 1 to {MAX_BATCH_SIZE}, or all")
    return count


def seed(text: str) -> int:
    """Parse a seed that NumPy and Keras accept: 0 to MAX_SEED."""
    number = int(text)
    if not 0 <= number <= MAX_SEED:
        raise argparse.ArgumentTypeError(f"{text} is not 0 to {MAX_SEED}")
    return number


def positive_number(text: str) -> float:
    """Parse a finite number above zero."""
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a finite number above 0")
    return number
