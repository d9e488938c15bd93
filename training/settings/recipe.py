"""Recipes: the hyperparameters and the data of a training."""

from dataclasses import dataclass, replace
from typing import Literal

from server.regression.training_settings import Init, Settings

# The standard deviation of random initial weights: large enough to be visible in a heatmap. Where
# images never have ink, the weights keep their initial values.
INIT_STDDEV = 0.1


@dataclass(frozen=True)
class Recipe:
    """The settings of a training; command-line options override some of them.

    :param name: of the recipe, and by default of the model
    :param normalization: preprocessing of every image, in training and in serving
    :param optimizer: name of a Keras optimizer
    :param learning_rate: at the first step; None for the optimizer's default
    :param steps: number of batches
    :param batch_size: number of random examples in each batch, or "all"
    :param synthetic: number of synthetic digits added to MNIST
    :param has_decay: the learning rate falls linearly to 0
    :param l2_penalty: factor of the sum of squared weights in the loss
    :param is_calibrated: W and b are divided by a temperature after the training
    :param init: W starts at zeros, or at random normal values with standard deviation INIT_STDDEV
    :param has_bias: b is trained; otherwise it stays at 0, where it starts
    :param images_per_digit: number of MNIST's training images of each digit; None for all
    :param augmented: each use of an image shifts, rotates, shears and scales it at random
    :param transformations: name of those from which each digit chooses
    :param pooling_sharpness: the factor s of log-sum-exp pooling, log(mean(exp(s e))) / s, which
        the training uses instead of the maximum evidence e; None for the maximum
    """

    name: str
    normalization: str
    optimizer: str
    learning_rate: float | None
    steps: int
    batch_size: int | Literal["all"]
    synthetic: int = 0
    has_decay: bool = False
    l2_penalty: float = 0
    is_calibrated: bool = False
    init: Init = "zeros"
    has_bias: bool = True
    images_per_digit: int | None = None
    augmented: bool = False
    transformations: str = "none"
    pooling_sharpness: float | None = None

    def batch_size_for(self, images: int) -> int:
        """Return the number of examples in a batch, given the number of training images."""
        return images if self.batch_size == "all" else self.batch_size

    def settings(self, seed: int) -> Settings:
        """Return the settings for the cards of a model and its history."""
        return Settings(
            recipe=self.name,
            normalization=self.normalization,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            steps=self.steps,
            batch_size=self.batch_size,
            seed=seed,
            init=self.init,
            has_bias=self.has_bias,
            images_per_digit=self.images_per_digit,
            augmented=self.augmented,
            transformations=self.transformations,
        )


# The original tutorial's settings, with its test accuracy of 0.92.
_TUTORIAL = Recipe(
    "tutorial",
    normalization="none",
    optimizer="sgd",
    learning_rate=0.5,
    steps=1_000,
    batch_size=100,
)

# More synthetic digits lower the accuracy on MNIST, fewer lower it on other handwriting. The decay
# makes W converge, as averaging the last steps would. The penalty does not lower accuracy; it keeps
# W small where ink is rare, so its heatmaps show digits.
_NORMALIZED = Recipe(
    "normalized",
    normalization="moments",
    optimizer="adam",
    learning_rate=0.003,
    steps=3_000,
    batch_size=256,
    synthetic=24_000,
    has_decay=True,
    l2_penalty=1e-4,
    is_calibrated=True,
)

# Each digit may rotate and shift the drawing a little. Larger batches take less time per image.
_POOLED = replace(
    _NORMALIZED,
    name="pooled",
    learning_rate=0.006,
    steps=1_250,
    batch_size=512,
    transformations="small",
    pooling_sharpness=6,
)

RECIPES = {recipe.name: recipe for recipe in (_TUTORIAL, _NORMALIZED, _POOLED)}
