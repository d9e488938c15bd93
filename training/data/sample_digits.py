"""`python -m training.data.sample_digits`: select the MNIST digits that the demo's page shows.

They are the first test images of each label, because no model was trained on them, and the mean
training image of each label for each of the server's normalizations.
"""

import signal

# Before the digits are loaded there is nothing to clean up: Ctrl-C ends the process without a
# message. This module is also imported by others, which have their own handler.
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import sys
from pathlib import Path

import numpy as np

from server.regression.normalization import NORMALIZATIONS
from server.regression.shapes import DIGITS
from server.storage.sample_digits import FILE, save_digits
from server.system.signals import exit_on_signals
from server.system.standard_streams import exit_if_output_failed, tolerate_output_errors
from training.data.examples import normalize_images
from training.data.mnist import Bytes, Images, load_or_exit
from training.settings.arguments import add_data_argument

# Per label: all of them fit on one screen of a phone.
EXAMPLES = 5


def first_of_each(images: Images) -> Images:
    """Return the first EXAMPLES images of each label, sorted by label."""
    chosen = np.concatenate(
        [np.nonzero(images.labels == label)[0][:EXAMPLES] for label in range(DIGITS)]
    )
    return images.select(chosen)


def mean_digits(images: Images) -> Bytes:
    """Return the mean image of each label (10, 784), ink = 255."""
    means = [images.pixels[images.labels == label].mean(axis=0) for label in range(DIGITS)]
    return np.rint(means).astype(np.uint8)


def main() -> None:
    """Write the server's file of digits, or exit with the reason why it is not written."""
    parser = argparse.ArgumentParser(
        prog="python -m training.data.sample_digits",
        description="Select the digits that come with the demo.",
    )
    add_data_argument(parser)
    arguments = parser.parse_args()
    with exit_on_signals():
        select_and_save(arguments.data)


def select_and_save(folder: Path | None) -> None:
    """Select the digits, and write the server's file.

    :param folder: has MNIST's files; None for the cache or a download
    :raise SystemExit: MNIST is unavailable, or the file cannot be written
    """
    dataset = load_or_exit(folder)
    examples = first_of_each(dataset.test)
    means = {name: mean_digits(normalize_images(dataset.train, name)) for name in NORMALIZATIONS}
    try:
        save_digits(examples.pixels, examples.labels, means)
    except OSError as error:
        sys.exit(f"The digits are not written; the old file stays: {error}")
    print(f"Wrote {len(examples.labels)} digits and {len(means)} sets of means to {FILE}.")
    exit_if_output_failed()


if __name__ == "__main__":
    tolerate_output_errors()
    main()
