"""`python -m tests.benchmarks.loops WAY`: a thousand steps of a hundred images.

`ours`, `fit` and `numpy` each take what the tutorial's recipe takes, from MNIST's bytes to W and b.
Each has a process of its own, since what makes one training repeatable would slow the other. Called
twice, it prints the seconds of the second call: the first finds libraries that have done nothing
yet. What is compiled is compiled anew.

`stream N` trains, once, on a stream of N images. `prepare FILE` saves the data of the normalized
recipe, and `normalized FILE` trains on it, once, as the command does, but without monitoring.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from server.regression.regression import Regression, softmax
from server.regression.shapes import DIGITS, PIXELS
from training.data.mnist import Images, load_mnist
from training.fitting.preparation import prepare
from training.fitting.regression import train
from training.settings.recipe import RECIPES

RECIPE = RECIPES["tutorial"]
RATE = 0.5
BATCH = 100


def ours(images: Images, steps: int = RECIPE.steps) -> Regression:
    """Train as the command does."""
    recipe = replace(RECIPE, steps=steps)
    return train(images.pixels, images.labels, recipe, 0, lambda *_: None)


def fit(images: Images, steps: int = RECIPE.steps) -> keras.Model:
    """Train a Keras model of one layer with `fit`, in two passes over as many images as it takes.

    Two, because a thousand batches are more than MNIST has.
    """
    model = keras.Sequential(
        [keras.Input((PIXELS,)), keras.layers.Dense(DIGITS, activation="softmax")]
    )
    model.compile(
        keras.optimizers.SGD(RATE), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    count = steps * BATCH // 2
    x = np.divide(images.pixels[:count], 255, dtype=np.float32)
    model.fit(x, images.labels[:count], batch_size=BATCH, epochs=2, verbose=0)
    return model


def numpy(images: Images, steps: int = RECIPE.steps) -> Regression:
    """Descend in NumPy, the gradient written out: the floor."""
    W, b = np.zeros((PIXELS, DIGITS), np.float32), np.zeros(DIGITS, np.float32)
    truth = np.eye(DIGITS, dtype=np.float32)
    rate = np.float32(RATE / BATCH)
    batches = np.random.default_rng(0).permutation(len(images.labels))
    for step in range(steps):
        batch = batches.take(range(step * BATCH, (step + 1) * BATCH), mode="wrap")
        x = np.divide(images.pixels[batch], 255, dtype=np.float32)
        error = softmax(x @ W + b) - truth[images.labels[batch]]
        W -= rate * (x.T @ error)
        b -= rate * error.sum(axis=0)
    return Regression(W, b)


VARIANTS: dict[str, Callable[[Images], object]] = {
    "ours": ours,
    "fit": fit,
    "numpy": numpy,
}


def save_prepared(file: Path) -> None:
    """Save the training images of the normalized recipe."""
    images = prepare(load_mnist(), RECIPES["normalized"], 0).training_images
    np.savez(file, pixels=images.pixels, labels=images.labels)


def normalized(images: Images) -> Regression:
    """Train with the normalized recipe, as the command does."""
    return train(images.pixels, images.labels, RECIPES["normalized"], 0, lambda *_: None)


def seconds(run: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> None:
    """Print how long one way takes."""
    if sys.argv[1] == "prepare":
        save_prepared(Path(sys.argv[2]))
        return
    if sys.argv[1] == "normalized":
        with np.load(sys.argv[2]) as saved:
            prepared = Images(saved["pixels"], saved["labels"])
        print(seconds(lambda: normalized(prepared)))
        return
    images = load_mnist().train
    if sys.argv[1] == "stream":
        recipe = replace(RECIPE, steps=int(sys.argv[2]) // BATCH, augmented=True)
        print(seconds(lambda: train(images.pixels, images.labels, recipe, 0, lambda *_: None)))
        return
    way = VARIANTS[sys.argv[1]]
    seconds(lambda: way(images))
    print(seconds(lambda: way(images)))


if __name__ == "__main__":
    main()
