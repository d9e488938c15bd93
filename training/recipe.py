"""What can be set about a training, and the recipes that set it well."""

from dataclasses import dataclass
from typing import Literal

from server.regression.training_settings import Init, Settings

# The standard deviation of weights that begin at random: enough to be seen in a heatmap, and where
# there is never ink, for good.
INIT_STDDEV = 0.1


@dataclass(frozen=True)
class Recipe:
    """One way to train; the command line can change what is not of its essence.

    `normalization` is what every image goes through, in training and in serving; `written` counts
    the invented digits beside MNIST's. `optimizer` is a name that Keras knows; `learning_rate` None
    leaves it at that optimiser's own default, and with `decay` it falls linearly to 0. `steps`
    counts batches of `batch_size` random examples, or of "all". `penalty` times the sum of squared
    weights is added to the loss. What is `calibrated` has its W and b divided by a temperature at
    the end. W begins as `init` says: at zeros, or normally distributed around 0 with INIT_STDDEV;
    b begins at 0, and stays there without `has_bias`. `images_per_digit` is how many of MNIST's
    training images are used, None all. With `augmented` none is seen twice: each time that its turn
    comes, an image is moved, turned, slanted and stretched by chance.
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
        """Return the size of a batch out of so many images."""
        return images if self.batch_size == "all" else self.batch_size

    def settings(self, seed: int) -> Settings:
        """Return what a model's card and a history's say of it."""
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
        # The classic tutorial's own figures, which give its 0.92.
        Recipe(
            "tutorial",
            normalization="none",
            optimizer="sgd",
            learning_rate=0.5,
            steps=1_000,
            batch_size=100,
        ),
        # More written digits cost MNIST accuracy, fewer cost other hands. The falling rate settles
        # W as averaging the last steps would. The penalty costs no accuracy and keeps W small where
        # ink is rare, so that its heatmaps show digits.
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
