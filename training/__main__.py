"""`python -m training`."""

import os
import signal
import sys

# Before a training begins there is nothing to clean up: Ctrl-C ends the process without a message.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from server.room.errors import RoomError  # noqa: E402, after the line above
from server.storage.model_name import ModelNameError, check_name  # noqa: E402, after the line above
from server.system.standard_streams import tolerate_output_errors  # noqa: E402
from training.data.room import check_has_drawings  # noqa: E402
from training.running.start import start_training  # noqa: E402
from training.running.supervisor import supervise  # noqa: E402
from training.settings.cluster_config import TF_CONFIG, ClusterError, read_config  # noqa: E402
from training.settings.options import chosen_recipe, model_name, parse_arguments  # noqa: E402
from training.settings.output_directories import (  # noqa: E402
    OutputDirectoryError,
    check_output_directories,
)


def main() -> None:
    """Parse the command line, and train; with TF_CONFIG, in a supervised child process."""
    options = parse_arguments()
    recipe = chosen_recipe(options)
    try:
        check_name(model_name(options))
        worker, addresses = read_config_variable()
        if worker == 0:
            check_output_directories(options, model_name(options))
        if options.room is not None:
            check_has_drawings(options.room)
            if addresses:
                raise ClusterError(f"--room trains in one process: unset {TF_CONFIG}.")
    except (ClusterError, ModelNameError, OutputDirectoryError, RoomError, OSError) as error:
        sys.exit(f"Not trained: {error}")
    if addresses:
        supervise(start_training, options, recipe, worker, addresses)
    else:
        start_training(options, recipe)


def read_config_variable() -> tuple[int, list[str]]:
    """Return this worker's index and all workers' addresses from TF_CONFIG; (0, []) if it is unset.

    :raise ClusterError: it is not valid
    """
    # TensorFlow reads the variable too, and does not accept a byte-order mark.
    text = os.environ.get(TF_CONFIG, "").removeprefix("\ufeff")
    if not text:
        return 0, []
    os.environ[TF_CONFIG] = text
    return read_config(text)


if __name__ == "__main__":
    tolerate_output_errors()
    main()
