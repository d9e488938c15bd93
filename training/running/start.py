"""Start of a training: a child process prepares the data while this one imports TensorFlow.

While this process trains, the child process learns the familiar images' features.
"""

import argparse
import gc

from server.system.child_call import run_stages_in_child
from training.fitting.preparation import load_and_prepare
from training.settings.cluster_config import StageCallback
from training.settings.recipe import Recipe


def start_training(
    options: argparse.Namespace, recipe: Recipe, on_stage: StageCallback | None = None
) -> None:
    """Train in this process, and prepare the data in a child process.

    :param on_stage: called with each stage of a worker
    :raise SystemExit: the training failed or was interrupted
    """
    with run_stages_in_child(
        load_and_prepare, options.data, recipe, options.seed, options.room
    ) as (wait_for_data, wait_for_variants):
        # Importing TensorFlow takes seconds, in which the child process prepares the data. Its
        # modules stay in memory, so garbage collection would search them in vain: here and at
        # exit, this would take another second.
        gc.disable()
        from training.running.command import run

        gc.freeze()
        gc.enable()
        run(options, recipe, wait_for_data, wait_for_variants, on_stage)
