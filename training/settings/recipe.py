"""Recipes: the hyperparameters and the data of a training."""

from dataclasses import dataclass
from typing import Literal

from server.regression.training_settings import Init, Settings

# The standard deviation of random initial weights: large enough to be visible in a heatmap. Where
# images never have ink, the weights keep their initial values.
INIT_STDDEV = 0.1


@dataclass(frozen=True)
class Recipe:
    """The settings of a training; command-line options override some of them.

    `normalization` is applied to every image, in training and in serving. `synthetic` is the number
    of synthetic digits added to MNIST. `optimizer` is the name of a Keras optimizer;
    `learning_rate` None is that optimizer's default, and with `has_decay` the rate falls linearly
    to 0. `steps` is the number of batches, `batch_size` the number of random examples in each, or
    "all". `l2_penalty` times the sum of squared weights is added to the loss. With `is_calibrated`,
    W and b are divided by a temperature after the training. `init` sets W to zeros, or to normally
    distributed values with mean 0 and standard deviation INIT_STDDEV; b starts at 0, and stays at 0
    without `has_bias`. `images_per_digit` is how many of MNIST's training images of each digit are
    used; None is all. With `augmented`, each use of an image shifts, rotates, shears and scales it
    at random.
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

    def examples_per_step(self, images: int) -> int:
        """Return the batch size for a number of training images."""
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
        )


RECIPES = {
    recipe.name: recipe
    for recipe in (
        # The original tutorial's settings, with its test accuracy of 0.92.
        Recipe(
            "tutorial",
            normalization="none",
            optimizer="sgd",
            learning_rate=0.5,
            steps=1_000,
            batch_size=100,
        ),
        # More synthetic digits lower the accuracy on MNIST, fewer lower it on other handwriting.
        # The decay makes W converge, as averaging the last steps would. The penalty does not lower
        # accuracy; it keeps W small where ink is rare, so its heatmaps show digits.
        Recipe(
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
        ),
    )
}
