"""What a training uses of a room's drawings: those whose labels are plausible, repeated.

Anyone can give a room a drawing with a false label. So each label is checked against MNIST and the
synthetic digits, by the distances that also tell how familiar a drawing looks. They are independent
of W and b: a drawing that the model misreads, but that looks like its label's digit, is kept.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from server.regression.familiarity import Familiarity
from server.regression.regression import Regression
from server.regression.shapes import DIGITS
from training.data.examples import normalize_images
from training.data.mnist import Bytes, Images
from training.data.room import RoomImages
from training.fitting.evaluation import is_correct
from training.fitting.familiarity import compute_features

# The fraction of MNIST's validation images whose labels pass the check.
PLAUSIBLE_FRACTION = 0.995

# How often a drawing is repeated; in a room with many drawings less often, so that all copies are
# at most MAX_SHARE of the digit's other examples. With 240 drawings of each of three hands, 10
# copies removed 1 % of the errors, and 30 to 50 removed 5 to 10 %; 100 lowered the accuracy on
# MNIST by 0.0014.
MAX_COPIES = 40
MAX_SHARE = 0.15

# With fewer drawings, what the model learns of the room is left to chance.
FEW_DRAWINGS = 50

# Prevents a division by 0.
_TINY = 1e-6


class RoomAccuracy(NamedTuple):
    """The accuracy on held-out drawings: on all, and on those with a plausible label.

    Each is None if there are none.
    """

    all: float | None
    plausible: float | None


@dataclass(frozen=True, eq=False)
class Room:
    """A room's drawings, normalized, and whether the label of each is plausible (n,)."""

    train: Images
    held_out: Images
    is_plausible: NDArray[np.bool_]
    is_held_out_plausible: NDArray[np.bool_]

    @property
    def drawings(self) -> int:
        """The number of all drawings."""
        return len(self.train.labels) + len(self.held_out.labels)

    def accuracy(self, regression: Regression) -> RoomAccuracy:
        """Return the accuracy on the held-out drawings."""
        correct = is_correct(self.held_out, regression)
        plausible = correct[self.is_held_out_plausible]
        return RoomAccuracy(
            all=float(correct.mean()) if correct.size else None,
            plausible=float(plausible.mean()) if plausible.size else None,
        )


def check_room(
    images: RoomImages, normalization: str, variants: Familiarity, validation: Images
) -> Room:
    """Return a room's drawings, normalized, and whether their labels are plausible.

    A label is plausible if it is not less so than those of PLAUSIBLE_FRACTION of MNIST's validation
    images.

    :param variants: those of the recipe's other examples
    :param validation: normalized
    """
    train = normalize_images(images.train, normalization)
    held_out = normalize_images(images.held_out, normalization)
    limit = np.quantile(implausibility(validation, variants), PLAUSIBLE_FRACTION)
    return Room(
        train,
        held_out,
        is_plausible=implausibility(train, variants) <= limit,
        is_held_out_plausible=implausibility(held_out, variants) <= limit,
    )


def implausibility(images: Images, variants: Familiarity) -> NDArray[np.float64]:
    """Return how implausible the labels of normalized images are (n,); 1 is the best.

    It is the distance from the label's digit, relative to that from the nearest digit.
    """
    found = compute_features(images)
    distances = np.array([variants.distances(found, digit) for digit in range(DIGITS)])
    of_label = distances[images.labels, np.arange(len(images.labels))]
    # An example of a variant with few examples may have no distance from it.
    ratios: NDArray[np.float64] = (of_label + _TINY) / (distances.min(axis=0) + _TINY)
    return ratios


def repeat_drawings(room: Room, others: Bytes) -> NDArray[np.int64]:
    """Return the indices of the plausible drawings to train on, as often as each is used.

    :param others: the labels (n,) of all other examples
    """
    indices = [np.empty(0, np.int64)]
    for digit in np.unique(room.train.labels[room.is_plausible]):
        found = np.nonzero(room.is_plausible & (room.train.labels == digit))[0]
        budget = int(MAX_SHARE * (others == digit).sum())
        indices.append(np.tile(found, max(1, min(MAX_COPIES, budget // len(found)))))
    return np.concatenate(indices)


def describe_room(room: Room) -> list[str]:
    """Return sentences: how the drawings are used, and what their number does not allow."""
    held_out, count = len(room.held_out.labels), len(room.train.labels)
    kept = int(room.is_plausible.sum())
    lines = [
        f"Room: {room.drawings:,} drawings. {held_out:,} are held out, to measure; the training "
        f"uses {kept:,} of the other {count:,}."
    ]
    if kept < count:
        lines.append(
            f"Set aside: {count - kept:,}, because they look more like another digit than like "
            "their label."
        )
    digits = np.unique(room.train.labels[room.is_plausible])
    if kept == 0:
        lines.append("So the model is the same as without the room.")
    elif len(digits) == 1:
        lines.append(
            f"All of them are of the digit {digits[0]}: the model learns nothing of how the room "
            "draws the other digits."
        )
    elif kept < FEW_DRAWINGS:
        lines.append(f"Fewer than {FEW_DRAWINGS} drawings change the model very little.")
    return lines
