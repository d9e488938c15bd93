"""Export of a model as a TensorFlow SavedModel that gives the server's answers.

On MNIST's test images and on unusual drawings, its probabilities differ from the server's by less
than TOLERANCE.
"""

import errno
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

import tensorflow as tf

from server.regression.model import Model
from server.regression.shapes import PIXELS
from server.system.atomic_write import make_directory, sync_directory, write_atomically
from training.fitting.tensorflow_transformations import make_best_products, rotate_pixels
from training.outputs.tensorflow_errors import file_error
from training.outputs.tensorflow_normalization import NORMALIZATIONS

# The accepted difference from the server's probabilities. The largest difference measured is 0.001,
# where one of a few hundred pixels was rounded differently.
TOLERANCE = 0.002

# The file with the model's name: TensorFlow reserves this folder of a SavedModel for users.
_NAME_FILE = Path("assets.extra") / "model_name.txt"


class Regression(tf.Module):  # type: ignore[misc]  # TensorFlow ships no types
    """The model: the normalization, the transformations, W and b."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._normalize = NORMALIZATIONS[model.card.normalization]
        self.W = tf.Variable(model.weights, trainable=False, name="W")
        self.b = tf.Variable(model.bias, trainable=False, name="b")
        self._choices = model.regression.transformation_set
        self._best_products = make_best_products(self._choices)

    @tf.function(  # type: ignore[untyped-decorator]  # TensorFlow ships no types
        input_signature=[tf.TensorSpec((None, PIXELS), tf.float32, name="pixels")]
    )
    def serve(self, pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the predictions for pixels (n, 784) in [0, 1], ink = 1, before normalization.

        `probabilities` and `evidence` are (n, 10), `digit` (n,) and the `normalized` pixels
        (n, 784).
        """
        normalized = self._normalize(pixels)
        evidence = self._best_products(rotate_pixels(normalized, self._choices), self.W) + self.b
        return {
            "probabilities": tf.nn.softmax(evidence),
            "evidence": evidence,
            "digit": tf.argmax(evidence, axis=1),
            "normalized": normalized,
        }


def check_export(directory: Path, name: str) -> None:
    """Check that the directory is new, empty, or has an earlier SavedModel of the same model.

    :raise FileExistsError: the directory has other files, or another model's SavedModel
    """
    try:
        is_empty = not any(directory.iterdir())
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise FileExistsError(
            errno.EEXIST, "--export needs a directory, but this is a file", str(directory)
        ) from None
    if is_empty:
        return
    try:
        owner = (directory / _NAME_FILE).read_text(encoding="utf-8")
    except (OSError, ValueError):
        reason = "--export needs a new directory, but this one has other files"
        raise FileExistsError(errno.EEXIST, reason, str(directory)) from None
    if owner != name:
        reason = f"--export needs one directory per model, but this one has the model {owner!r}"
        raise FileExistsError(errno.EEXIST, reason, str(directory))


def export_model(model: Model, directory: Path) -> None:
    """Write a SavedModel whose `serving_default` signature gives the server's answers.

    It is written to a temporary directory, which then replaces `directory`. Two simultaneous
    exports therefore leave one complete SavedModel. A mount point cannot be replaced: there the
    SavedModel is written in place, which is not atomic.

    :raise OSError: the directory cannot be written, or has other files
    """
    check_export(directory, model.name)
    # A path such as "." has no name for the temporary directory.
    directory = directory.resolve()
    # A mount point cannot be renamed, so this one write is not atomic.
    if directory.is_mount():
        write_export(model, directory)
        return
    make_directory(directory.parent)
    unfinished = directory.with_name(f".{directory.name}.{secrets.token_hex(8)}.unfinished")
    replaced = unfinished.with_suffix(".replaced")
    try:
        write_export(model, unfinished)
        with suppress(FileNotFoundError):
            directory.rename(replaced)
        unfinished.rename(directory)
        sync_directory(directory.parent)
    finally:
        if replaced.exists() and not directory.exists():
            replaced.rename(directory)
        for leftover in (unfinished, replaced):
            shutil.rmtree(leftover, ignore_errors=True)


def write_export(model: Model, directory: Path) -> None:
    """Write a SavedModel and the file with the model's name into an empty directory.

    :raise OSError: the directory cannot be written
    """
    module = Regression(model)
    # Written first, so that the next export recognizes and replaces an incomplete one.
    write_atomically(directory / _NAME_FILE, model.name.encode())
    try:
        tf.saved_model.save(module, str(directory), signatures={"serving_default": module.serve})
    except tf.errors.OpError as error:
        raise file_error(error, directory) from error
    sync_tree(directory)


def sync_tree(directory: Path) -> None:
    """Flush all files and directories of a tree to disk, so that they survive a loss of power."""
    for path in directory.rglob("*"):
        if path.is_dir():
            sync_directory(path)
        else:
            # Windows can flush only files that are open for writing.
            with path.open("r+b") as file:
                os.fsync(file.fileno())
    sync_directory(directory)
