"""What can be set about a training, and the recipes that set it well."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """One way to train; the command line can change any of it.

    `optimizer` is a name that Keras knows; `learning_rate` None leaves it at that optimiser's own
    default. `steps` counts batches of `batch_size` random examples.
    """

    name: str
    optimizer: str
    learning_rate: float | None
    steps: int
    batch_size: int


RECIPES = {
    recipe.name: recipe
    for recipe in (
        # The classic tutorial's own figures, which give its 0.92.
        Recipe("tutorial", optimizer="sgd", learning_rate=0.5, steps=1_000, batch_size=100),
    )
}
