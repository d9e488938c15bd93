"""A training from the command line on: the data is prepared while TensorFlow is imported."""

import argparse
import gc

from training.child_process import run_in_child
from training.preparation import load_and_prepare
from training.recipe import Recipe
from training.supervisor import Report


def train(options: argparse.Namespace, recipe: Recipe, report: Report | None = None) -> None:
    """Train in this process, with another one that prepares the data.

    :param report: told what a worker of several is waiting for
    """
    with run_in_child(load_and_prepare, options.data, recipe, options.seed) as prepared:
        # Importing TensorFlow takes seconds, in which the other process can do its part. What is
        # made by it stays: to look through that for garbage, and again at the end, would take
        # another second.
        gc.disable()
        from training.command import run

        gc.freeze()
        gc.enable()
        run(options, recipe, prepared, report)
