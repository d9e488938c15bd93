"""`python -m training`."""

import gc
import signal

# Until there is something to say of the model, Ctrl-C ends the process without a word.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from training.beside import computed_beside  # noqa: E402, the line above must come first
from training.options import chosen_recipe, parse_arguments  # noqa: E402
from training.preparation import load_and_prepare  # noqa: E402


def main() -> None:
    """Read the command line, and train as it says."""
    options = parse_arguments()
    recipe = chosen_recipe(options)
    with computed_beside(load_and_prepare, options.data, recipe, options.seed) as prepared:
        # Importing TensorFlow takes seconds, in which the other process can do its part. What is
        # made by it stays: to look through that for garbage, and again at the end, would take
        # another second.
        gc.disable()
        from training.command import train_as_asked

        gc.freeze()
        gc.enable()
        train_as_asked(options, recipe, prepared)


if __name__ == "__main__":
    main()
