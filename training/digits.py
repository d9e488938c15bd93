"""`python -m training.digits`: choose the real MNIST digits that come with the demo.

They are the first few of each label among the test images, as no model was trained on them, and the
mean of each label's training images under every normalisation that the server knows.
"""

import argparse
import sys

import numpy as np

from server.regression.normalization import NORMALIZATIONS
from server.regression.shapes import DIGITS
from server.storage.sample_digits import FILE, save_digits
from training.data import Bytes, DataError, Images, add_data_argument, load_mnist
from training.examples import normalize_images

# Of each label: one screen of a phone shows all of them.
EXAMPLES = 5


def first_of_each(images: Images) -> Images:
    """Return the first EXAMPLES images of each label, by label."""
    chosen = np.concatenate(
        [np.nonzero(images.labels == label)[0][:EXAMPLES] for label in range(DIGITS)]
    )
    return images.select(chosen)


def mean_digits(images: Images) -> Bytes:
    """Return the mean image (10, 784) of each label, in bytes."""
    means = [images.pixels[images.labels == label].mean(axis=0) for label in range(DIGITS)]
    return np.rint(means).astype(np.uint8)


def main() -> None:
    """Write the server's file of digits, or say why MNIST cannot be had."""
    parser = argparse.ArgumentParser(
        prog="python -m training.digits", description="Choose the digits that come with the demo."
    )
    add_data_argument(parser)
    try:
        dataset = load_mnist(parser.parse_args().data)
    except DataError as error:
        sys.exit(str(error))
    examples = first_of_each(dataset.test)
    means = {name: mean_digits(normalize_images(dataset.train, name)) for name in NORMALIZATIONS}
    save_digits(examples.pixels, examples.labels, means)
    print(f"{len(examples.labels)} digits and {len(means)} sets of means are in {FILE}.")


if __name__ == "__main__":
    main()
