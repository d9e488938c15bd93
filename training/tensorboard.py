"""A training as TensorBoard shows it: curves, and how W and b are spread.

The summaries are written by TensorFlow alone, in the formats of TensorBoard's scalar and histogram
plugins; only looking at them needs TensorBoard.
Source: https://github.com/tensorflow/tensorboard, plugins/scalar and plugins/histogram, summary_v2.
"""

import errno
import itertools
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.framework.summary_pb2 import (
    DATA_CLASS_SCALAR,
    DATA_CLASS_TENSOR,
    SummaryMetadata,
)

from server.regression.shapes import DIGITS, Floats
from training.evaluation import Metrics

# As TensorBoard has by default.
BUCKETS = 30


class SummaryWriter:
    """Writes summaries of a training into a directory of its own.

    The first training of a name has `DIR/NAME`, later ones `DIR/NAME-2`, `DIR/NAME-3` and so on:
    TensorBoard shows all event files of one directory as one run. `directory` is the one taken.

    :raise OSError: the directory cannot be written
    """

    def __init__(self, parent: Path, name: str) -> None:
        self.directory = make_run_directory(parent, name)
        try:
            self._writer = tf.summary.create_file_writer(str(self.directory))
        except tf.errors.OpError as error:
            raise OSError(errno.EIO, error.message, str(self.directory)) from error

    def add(self, step: int, figures: Metrics, weights: Floats, bias: Floats) -> None:
        """Add what a step came to."""
        with self._writer.as_default():
            for part in ("train", "validation"):
                for figure in ("loss", "accuracy"):
                    value = np.float32(getattr(figures, f"{part}_{figure}"))
                    _write(f"{figure}/{part}", value, step, "scalars", DATA_CLASS_SCALAR)
            for digit in range(DIGITS):
                counted = buckets(weights[:, digit])
                _write(f"weights/{digit}", counted, step, "histograms", DATA_CLASS_TENSOR)
            _write("bias", buckets(bias), step, "histograms", DATA_CLASS_TENSOR)

    def close(self) -> None:
        """Write what is still to be written."""
        self._writer.close()


def make_run_directory(parent: Path, name: str) -> Path:
    """Make the directory of a run, NAME or the first of NAME-2, NAME-3, … that is free.

    Of two processes that ask at once each gets its own, since making a directory is atomic.

    :raise OSError: it cannot be made
    """
    parent.mkdir(parents=True, exist_ok=True)
    for run in itertools.count(1):
        directory = parent / (name if run == 1 else f"{name}-{run}")
        try:
            directory.mkdir()
        except FileExistsError:
            continue
        return directory
    raise AssertionError("itertools.count has no end")


def buckets(values: Floats) -> NDArray[np.float64]:
    """Count values in BUCKETS of equal width: rows (BUCKETS, 3) of left, right and count."""
    counts, edges = np.histogram(values.astype(np.float64), BUCKETS)
    return np.column_stack([edges[:-1], edges[1:], counts])


def _write(tag: str, value: object, step: int, plugin: str, data_class: int) -> None:
    metadata = SummaryMetadata(
        plugin_data=SummaryMetadata.PluginData(plugin_name=plugin), data_class=data_class
    )
    tf.summary.write(tag, value, step, metadata)
