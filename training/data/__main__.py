"""`python -m training.data`: download MNIST in advance, for a room without a network."""

import signal

# Before the download there is nothing to clean up: Ctrl-C ends the process without a message.
signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse  # noqa: E402, after the line above

from server.system.signals import exit_on_signals  # noqa: E402
from server.system.standard_streams import (  # noqa: E402
    exit_if_output_failed,
    tolerate_output_errors,
)
from training.data.mnist import load_or_exit  # noqa: E402
from training.data.sources import CACHE  # noqa: E402
from training.settings.arguments import add_data_argument  # noqa: E402


def main() -> None:
    """Download and verify MNIST, or exit with the reason why it is unavailable."""
    parser = argparse.ArgumentParser(
        prog="python -m training.data", description="Download and verify MNIST in advance."
    )
    add_data_argument(parser)
    arguments = parser.parse_args()
    with exit_on_signals():
        dataset = load_or_exit(arguments.data)
    sizes = [len(part.labels) for part in (dataset.train, dataset.validation, dataset.test)]
    where = f"cached in {CACHE}" if arguments.data is None else "read"
    print(
        "MNIST is verified and {}: {:,} training, {:,} validation, {:,} test images.".format(
            where, *sizes
        )
    )
    exit_if_output_failed()


if __name__ == "__main__":
    tolerate_output_errors()
    main()
