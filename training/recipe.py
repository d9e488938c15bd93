"""What can be set about a training, and the recipes that set it well."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """One way to train; the command line can change what is not of its essence.

    `normalization` is what every image goes through, in training and in serving; `written` counts
    the invented digits beside MNIST's. `optimizer` is a name that Keras knows; `learning_rate` None
    leaves it at that optimiser's own default, and with `decay` it falls linearly to 0. `steps`
    counts batches of `batch_size` random examples. `penalty` times the sum of squared weights is
    added to the loss. What is `calibrated` has its W and b divided by a temperature at the end.
    """

    name: str
    normalization: str
    optimizer: str
    learning_rate: float | None
    steps: int
    batch_size: int
    written: int = 0
    decay: bool = False
    penalty: float = 0
    calibrated: bool = False


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
            written=24_000,
            decay=True,
            penalty=1e-4,
            calibrated=True,
        ),
    )
}
