"""`python -m training`."""

import os
import signal
import sys

# Until a training begins there is nothing to tidy up: Ctrl-C ends the process without a word.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from server.storage.archive import ArchiveError  # noqa: E402, the line above must come first
from server.storage.model_file import check_name  # noqa: E402
from training.cluster_config import TF_CONFIG, ClusterError, read_config  # noqa: E402
from training.options import chosen_recipe, model_name, parse_arguments  # noqa: E402
from training.start import train  # noqa: E402
from training.supervisor import supervise  # noqa: E402


def main() -> None:
    """Read the command line, and train as it says."""
    options = parse_arguments()
    recipe = chosen_recipe(options)
    try:
        check_name(model_name(options))
        text = os.environ.get(TF_CONFIG)
        worker, addresses = read_config(text) if text else (0, [])
    except (ArchiveError, ClusterError) as error:
        sys.exit(f"Not trained: {error}")
    if addresses:
        supervise(train, options, recipe, worker, addresses)
    train(options, recipe)


if __name__ == "__main__":
    main()
