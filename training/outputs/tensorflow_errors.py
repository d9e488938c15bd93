"""TensorFlow's errors as Python's, with the system's number of the error."""

import errno
import os
from pathlib import Path

import tensorflow as tf


def file_error(error: tf.errors.OpError, path: Path) -> OSError:
    """Return the OSError, of one line, for a file that TensorFlow could not write.

    :param path: the file, or the directory that it is in
    """
    # TensorFlow adds lines of its own to "FILE; No space left on device".
    for line in error.message.splitlines():
        for number in errno.errorcode:
            if line.endswith(f"; {os.strerror(number)}"):
                return OSError(number, os.strerror(number), str(path))
    return OSError(errno.EIO, " ".join(error.message.split()), str(path))
