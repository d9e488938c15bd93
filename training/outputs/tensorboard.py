"""TensorBoard summaries of a training: curves of the metrics, and histograms of W and b.

TensorFlow writes the summaries in the formats of TensorBoard's scalar and histogram plugins. Only
viewing them needs TensorBoard.
Source: https://github.com/tensorflow/tensorboard, plugins/scalar and plugins/histogram, summary_v2.
"""

import errno
import itertools
from collections.abc import Callable
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
from server.system.atomic_write import make_directory, sync_directory
from training.fitting.evaluation import Metrics
from training.outputs.tensorflow_errors import file_error

# TensorBoard's default.
BUCKETS = 30


class SummaryWriter:
    """Writes the summaries of a training into a new directory, `directory`.

    The first training of a name gets `DIR/NAME`, later ones `DIR/NAME-2`, `DIR/NAME-3` and so on,
    since TensorBoard shows all event files in one directory as one run.

    After a failed write, `failure` has the error, and nothing more is written: the training does
    not need the summaries.

    :raise OSError: the directory cannot be written
    """

    def __init__(self, parent: Path, name: str) -> None:
        self.failure: OSError | None = None
        self.directory = make_run_directory(parent, name)
        try:
            self._writer = tf.summary.create_file_writer(str(self.directory))
        except tf.errors.OpError as error:
            raise file_error(error, self.directory) from error

    def add(self, step: int, metrics: Metrics, weights: Floats, bias: Floats) -> None:
        """Write the metrics, W (784, 10) and b (10,) of a step."""
        self._attempt(lambda: self._add(step, metrics, weights, bias))

    def close(self) -> None:
        """Flush and close the file."""
        self._attempt(self._writer.close)
        if self.failure is None and not any(self.directory.glob("events.*")):
            # TensorFlow goes on writing to a file that has been deleted.
            reason = "The summaries were deleted during the training"
            self.failure = FileNotFoundError(errno.ENOENT, reason, str(self.directory))

    def _attempt(self, write: Callable[[], object]) -> None:
        """Write, unless an earlier write has failed."""
        if self.failure is not None:
            return
        try:
            write()
        except tf.errors.OpError as error:
            self.failure = file_error(error, self.directory)

    def _add(self, step: int, metrics: Metrics, weights: Floats, bias: Floats) -> None:
        with self._writer.as_default():
            for part in ("train", "validation"):
                for metric in ("loss", "accuracy"):
                    value = np.float32(getattr(metrics, f"{part}_{metric}"))
                    _write(f"{metric}/{part}", value, step, "scalars", DATA_CLASS_SCALAR)
            for digit in range(DIGITS):
                histogram = buckets(weights[:, digit])
                _write(f"weights/{digit}", histogram, step, "histograms", DATA_CLASS_TENSOR)
            _write("bias", buckets(bias), step, "histograms", DATA_CLASS_TENSOR)


def make_run_directory(parent: Path, name: str) -> Path:
    """Create and return a run's directory: NAME, or the first of NAME-2, NAME-3, … that is new.

    Creating a directory is atomic, so two processes never get the same one.

    :raise OSError: the directory cannot be created
    """
    make_directory(parent)
    for run in itertools.count(1):
        directory = parent / (name if run == 1 else f"{name}-{run}")
        try:
            directory.mkdir()
        except FileExistsError:
            continue
        sync_directory(parent)
        return directory
    raise AssertionError("itertools.count has no end")


def buckets(values: Floats) -> NDArray[np.float64]:
    """Return a histogram (BUCKETS, 3) with buckets of equal width: left edge, right edge, count."""
    counts, edges = np.histogram(values.astype(np.float64), BUCKETS)
    return np.column_stack([edges[:-1], edges[1:], counts])


def _write(tag: str, value: object, step: int, plugin: str, data_class: int) -> None:
    metadata = SummaryMetadata(
        plugin_data=SummaryMetadata.PluginData(plugin_name=plugin), data_class=data_class
    )
    tf.summary.write(tag, value, step, metadata)
