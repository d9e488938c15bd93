"""Types of command-line arguments, with their limits, and the option `--data`."""

import argparse
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

from server.system.paths import expand_home

# Histories store step numbers as int32.
MAX_COUNT = 2**31 - 1

# More than all images of MNIST, and less than 0.5 GB of pixels as float32.
MAX_BATCH_SIZE = 100_000

MAX_SEED = 2**32 - 1

Number = TypeVar("Number", int, float)


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
    return _path(text, "a directory's path")


def file(text: str) -> Path:
    """Parse a file's path; refuse an empty one."""
    return _path(text, "a file's path")


def positive_count(text: str) -> int:
    """Parse a whole number from 1 to MAX_COUNT."""
    return _number(int, text, f"a whole number from 1 to {MAX_COUNT}", 1, MAX_COUNT)


def image_count(text: str) -> int:
    """Parse a whole number of at least 1; the number of batches is limited separately."""
    return _number(int, text, "a whole number of at least 1", 1, math.inf)


def batch_size(text: str) -> int | Literal["all"]:
    """Parse a whole number from 1 to MAX_BATCH_SIZE, or "all"."""
    if text == "all":
        return "all"
    accepted = f"a whole number from 1 to {MAX_BATCH_SIZE}, or all"
    return _number(int, text, accepted, 1, MAX_BATCH_SIZE)


def seed(text: str) -> int:
    """Parse a seed that NumPy and Keras accept: 0 to MAX_SEED."""
    return _number(int, text, f"a whole number from 0 to {MAX_SEED}", 0, MAX_SEED)


def positive_number(text: str) -> float:
    """Parse a finite number above zero."""
    return _number(float, text, "a finite number above 0", math.ulp(0.0), sys.float_info.max)


def _number(
    kind: Callable[[str], Number], text: str, accepted: str, least: float, greatest: float
) -> Number:
    """Parse a number from `least` to `greatest`.

    :raise argparse.ArgumentTypeError: it is not; the message says what is accepted
    """
    try:
        number = kind(text)
        if least <= number <= greatest:
            return number
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is not {accepted}")


def _path(text: str, accepted: str) -> Path:
    """Parse a path; `~` at its start is the home directory.

    :raise argparse.ArgumentTypeError: it is empty
    """
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError(f"{text!r} is not {accepted}")
    return expand_home(text)
