"""At which steps a training is looked at: often while shapes appear, then ever more rarely."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from training.recipe import Recipe

# Points spread evenly over the logarithm of the steps. The first fall on the same few steps, so
# that some 60 are left.
POINTS = 80

# The most steps and examples between two reports, so that one comes several times a second.
MAX_CHUNK_STEPS = 250
MAX_CHUNK_EXAMPLES = 50_000


def recorded_steps(steps: int) -> list[int]:
    """Return the steps after which W and b are kept, from 0 to the last."""
    points = np.rint(np.geomspace(1, steps, POINTS)).astype(int)
    return [0, *np.unique(points).tolist()]


def chunks(recipe: Recipe, images: int) -> Iterator[int]:
    """Yield how many steps to take at a time: to the next recorded one, and not too many."""
    batch = recipe.examples_per_step(images)
    most = max(1, min(MAX_CHUNK_STEPS, MAX_CHUNK_EXAMPLES // batch))
    recorded = recorded_steps(recipe.steps)
    for start, end in pairwise(recorded):
        for done in range(start, end, most):
            yield min(most, end - done)
