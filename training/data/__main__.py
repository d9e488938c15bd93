"""`python -m training.data`: download MNIST in advance, for a room without a network."""

import argparse
import sys

from training.data.mnist import load_mnist
from training.data.sources import CACHE, DataError
from training.settings.arguments import add_data_argument


def main() -> None:
    """Download and verify MNIST, or exit with the reason why it is unavailable."""
    parser = argparse.ArgumentParser(
        prog="python -m training.data", description="Download and verify MNIST in advance."
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


if __name__ == "__main__":
    main()
