"""A model: a softmax regression, how it was trained, and which drawings are familiar to it."""

from dataclasses import dataclass
from typing import Annotated

import msgspec

from server.regression.familiarity import Familiarity
from server.regression.normalization import NORMALIZATIONS, PLACEMENTS, Placement
from server.regression.regression import Regression
from server.regression.shapes import DIGITS, Floats
from server.regression.training_settings import Settings

Rate = Annotated[float, msgspec.Meta(ge=0, le=1)]


class ModelCard(Settings, frozen=True, kw_only=True):
    """How a model was trained, and its accuracy.

    W and b were divided by `temperature` after training (temperature scaling); `calibration_error`
    is the expected calibration error that remains. Accuracies are fractions of the MNIST split in
    their name; `digit_accuracy`, `calibration_error` and `sure_fraction` are of the test images.
    `data_sha256` maps each data file to its checksum.

    After a training with a room, `room_drawings` is the number of its drawings. `room_accuracy` is
    that on those that were held out, and `room_accuracy_before` the same of a model that was
    trained without the room; both are null if none was held out.
    """

    temperature: float
    train_accuracy: Rate
    validation_accuracy: Rate
    test_accuracy: Rate
    calibration_error: Rate
    sure_fraction: Rate
    digit_accuracy: Annotated[list[Rate], msgspec.Meta(min_length=DIGITS, max_length=DIGITS)]
    seconds: float
    data_sha256: dict[str, str]
    versions: dict[str, str]
    created: str
    room_drawings: int | None = None
    room_accuracy_before: Rate | None = None
    room_accuracy: Rate | None = None


@dataclass(frozen=True, eq=False)
class Model:
    """A softmax regression, and all else that a prediction needs.

    W and b are finite; `digest` is the hexadecimal SHA-256 of the file, so that equal digests mean
    equal predictions.
    """

    name: str
    regression: Regression
    familiarity: Familiarity
    card: ModelCard
    digest: str

    @property
    def weights(self) -> Floats:
        """W (784, 10), pixels in row-major order."""
        return self.regression.weights

    @property
    def bias(self) -> Floats:
        """The bias b (10,)."""
        return self.regression.bias

    def normalize(self, pixels: Floats) -> Floats:
        """Return the normalized pixels (…, 784) of drawn ones (…, 784), both in [0, 1]."""
        return NORMALIZATIONS[self.card.normalization](pixels)

    def placement(self, pixels: Floats) -> Placement:
        """Return where in drawn pixels (784,) the normalized ones are sampled from."""
        return PLACEMENTS[self.card.normalization](pixels)
