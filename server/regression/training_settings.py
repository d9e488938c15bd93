"""What can be set about a training, as models and histories keep it."""

from typing import Literal

import msgspec

# Where W begins.
Init = Literal["zeros", "random"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How something was trained, or is.

    `normalization` names what every image went through. `learning_rate` is None where the
    optimiser's own default was used. A batch of "all" is the whole of the training images.
    `images_per_digit` is how many of each digit were kept of MNIST, None where all were. With
    `augmented` no step saw an image that another had seen: each was made of one of these by chance.
    """

    recipe: str
    normalization: str
    optimizer: str
    learning_rate: float | None
    steps: int
    batch_size: int | Literal["all"]
    seed: int
    init: Init = "zeros"
    has_bias: bool = True
    images_per_digit: int | None = None
    augmented: bool = False
