"""The schedule: the steps at which a training is recorded, at logarithmic intervals.

Most shapes appear in W during the first steps.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from training.settings.recipe import Recipe

# Points with equal logarithmic distances. Several of the first are rounded to the same step, so
# about 60 different steps remain.
POINTS = 80

# Limits of one call to TensorFlow, so that progress is reported several times a second.
MAX_CHUNK_STEPS = 250
MAX_CHUNK_EXAMPLES = 50_000


def recorded_steps(steps: int) -> list[int]:
    """Return the steps after which W and b are recorded, from 0 to the last, ascending."""
    points = np.rint(np.geomspace(1, steps, POINTS)).astype(int)
    return [0, *np.unique(points).tolist()]


def chunks(recipe: Recipe, images: int) -> Iterator[int]:
    """Yield how many steps to run in each call: up to the next recorded step or the maximum.

    :param images: the number of training images
    """
    batch_size = recipe.batch_size_for(images)
    max_steps = max(1, min(MAX_CHUNK_STEPS, MAX_CHUNK_EXAMPLES // batch_size))
    recorded = recorded_steps(recipe.steps)
    for start, end in pairwise(recorded):
        for done in range(start, end, max_steps):
            yield min(max_steps, end - done)
