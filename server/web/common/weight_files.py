"""W and b as bytes and as CSV, for the page and for other programs."""

import csv
import io

from server.regression.model import Model
from server.regression.shapes import DIGITS, PIXELS, SIDE
from server.storage.history import History, quantize


def weights_float32(model: Model) -> bytes:
    """Return W (784, 10), row-major, and then b (10,), as little-endian float32."""
    return model.weights.astype("<f4").tobytes() + model.bias.astype("<f4").tobytes()


def replay_bytes(history: History) -> bytes:
    """Return W and b at all recorded steps, in the layout that `replay_training` documents."""
    numbers = (history.scales, history.biases, history.last_weights)
    floats = b"".join(array.astype("<f4").tobytes() for array in numbers)
    return floats + history.frames.tobytes()


def last_step_bytes(history: History) -> bytes:
    """Return W and b at the last step, in the layout that `show_training_weights` documents."""
    weights, scale = quantize(history.last_weights)
    floats: bytes = scale.astype("<f4").tobytes() + history.last_bias.astype("<f4").tobytes()
    return floats + weights.tobytes()


def weights_csv(model: Model) -> str:
    """Return CSV with a line for each pixel and, without a position, one for the bias.

    The columns are the pixel's row and column, counted from 0, and a weight for each digit. Each
    number has the fewest decimal digits that give back the same float32.
    """
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["row", "column", *range(DIGITS)])
    for pixel in range(PIXELS):
        writer.writerow([*divmod(pixel, SIDE), *map(str, model.weights[pixel])])
    writer.writerow(["", "", *map(str, model.bias)])
    return file.getvalue()
