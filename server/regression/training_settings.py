"""The settings of a training, as stored in models and histories."""

from typing import Literal

import msgspec

# How W is initialized.
Init = Literal["zeros", "random"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a training.

    `normalization` names the preprocessing of every image. `transformations` names those from which
    each digit then chooses the one that gives it the most evidence. `learning_rate` is null for the
    optimizer's default. A batch size of "all" means full-batch training. `images_per_digit` is the
    size of MNIST's subset, per digit; null for all images. With `augmented`, every step trains on
    new, randomly distorted versions of these images.
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
    transformations: str = "none"
