"""A training from the command line on: the data is prepared while TensorFlow is imported."""

import argparse
import gc

from training.beside import computed_beside
from training.preparation import load_and_prepare
from training.recipe import Recipe
from training.supervisor import Report


def train(options: argparse.Namespace, recipe: Recipe, report: Report | None = None) -> None:
    """Train in this process, with another one that prepares the data.

    :param report: told what a worker of several is waiting for
    """
    with computed_beside(load_and_prepare, options.data, recipe, options.seed) as prepared:
        # Importing TensorFlow takes seconds, in which the other process can do its part. What is
        # made by it stays: to look through that for garbage, and again at the end, would take
        # another second.
        gc.disable()
        from training.command import train_as_asked

        gc.freeze()
        gc.enable()
        train_as_asked(options, recipe, prepared, report)
