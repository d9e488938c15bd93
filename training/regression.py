"""The tutorial's softmax regression in TensorFlow: evidence, cross-entropy, steps of descent."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from server.regression.shapes import DIGITS, PIXELS, Floats
from training.batches import batch_indices, batch_source
from training.cluster_config import ClusterError
from training.data import Bytes
from training.distribution import Cluster
from training.recipe import INIT_STDDEV, Recipe

# Wraps or combines other optimisers, and so cannot be had by its name alone.
_WRAPPERS = {"Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"}

Report = Callable[[int, float, Floats, Floats], None]


class DivergedError(Exception):
    """The loss left the finite numbers, or ended above that of guessing: there is no model."""


def optimizer_names() -> dict[str, str]:
    """Every optimiser that Keras ships and a name alone can make: lower case → its class's name."""
    return {
        name.lower(): name
        for name, value in vars(keras.optimizers).items()
        if isinstance(value, type) and name not in _WRAPPERS
    }


def make_optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    """Make the recipe's optimiser.

    :raise ValueError: Keras ships none of that name; the message lists those it does
    """
    names = optimizer_names()
    if recipe.optimizer.lower() not in names:
        raise ValueError(
            f"Keras ships no optimizer {recipe.optimizer!r}. Accepted: {', '.join(sorted(names))}."
        )
    optimizer = getattr(keras.optimizers, names[recipe.optimizer.lower()])()
    rate = optimizer.learning_rate if recipe.learning_rate is None else recipe.learning_rate
    if recipe.has_decay:
        rate = keras.optimizers.schedules.PolynomialDecay(float(rate), recipe.steps, 0)
    optimizer.learning_rate = rate
    return optimizer


def cross_entropy(evidence: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Mean cross-entropy in nats of evidence (n, 10) against one-hot labels (n, 10).

    It is taken from the evidence: the logarithm of a softmax that underflows would be −∞.
    """
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels, evidence))


def initial_parameters(recipe: Recipe, seed: int) -> tuple[Floats, Floats]:
    """Return W (784, 10) and b (10,) before the first step."""
    W = np.zeros((PIXELS, DIGITS), np.float32)
    if recipe.init == "random":
        # Not the numbers that shuffle the examples.
        W[:] = np.random.default_rng([seed, 1]).normal(0, INIT_STDDEV, W.shape)
    return W, np.zeros(DIGITS, np.float32)


def train(
    pixels: Bytes,
    labels: Bytes,
    recipe: Recipe,
    seed: int,
    report: Report,
    cluster: Cluster | None = None,
) -> tuple[Floats, Floats]:
    """Learn W (784, 10) and b (10,) from pixels (n, 784), ink = 255, and labels (n,).

    The same seed gives the same W and b, bit for bit, on the same machine. In a cluster each worker
    calls it with the same arguments, takes its share of each batch, and returns the same W and b.

    :param pixels: normalised, or, where the recipe is `augmented`, as drawn
    :param report: called several times a second, at every recorded step and at the end with the
        steps done, the mean loss since the last report, W and b
    :raise ValueError: the recipe's optimiser is unknown, or a batch has fewer examples than there
        are workers
    :raise ClusterError: another worker is gone
    :raise DivergedError: the loss is no longer finite
    """
    cluster = cluster or Cluster()
    size = recipe.examples_per_step(len(labels))
    if size < cluster.workers:
        raise ValueError(f"A batch of {size} cannot be shared by {cluster.workers} workers.")
    share = slice(cluster.worker, None, cluster.workers)
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    with cluster.strategy.scope():
        optimizer = make_optimizer(recipe)
        initial_W, initial_b = initial_parameters(recipe, seed)
        W = keras.Variable(initial_W, dtype="float32", name="W")
        b = keras.Variable(initial_b, dtype="float32", name="b")
        learned = [W, b] if recipe.has_bias else [W]
        optimizer.build(learned)
    examples = batch_source(pixels, labels, recipe, seed, share)

    def step(batch: tf.Tensor) -> tf.Tensor:
        """Take a step with the batch (n,); return this worker's part of its mean loss."""
        seen, answers = examples(batch)
        x = tf.cast(seen, tf.float32) / 255
        part = tf.cast(tf.shape(x)[0], tf.float32) / tf.cast(tf.shape(batch)[0], tf.float32)
        with tf.GradientTape() as tape:
            loss = part * cross_entropy(tf.matmul(x, W) + b, answers)
            penalized = loss + part * recipe.l2_penalty * tf.reduce_sum(tf.square(W))
        gradients = tape.gradient(penalized, [variable.value for variable in learned])
        # This adds up the gradients of all workers.
        optimizer.apply(gradients, learned)
        return loss

    # Without AutoGraph, which would take as long as hundreds of steps.
    @tf.function(  # type: ignore[untyped-decorator]  # TensorFlow ships no types
        input_signature=[tf.TensorSpec((None, None), tf.int64)], autograph=False
    )
    def descend(batches: tf.Tensor) -> tf.Tensor:
        """Take a step for each row of indices (steps, batch size); return the mean loss."""

        def add_step(total: tf.Tensor, batch: tf.Tensor) -> tf.Tensor:
            loss = cluster.strategy.run(step, args=(batch,))
            return total + cluster.strategy.reduce(tf.distribute.ReduceOp.SUM, loss, axis=None)

        total = tf.foldl(add_step, batches, 0.0)
        return total / tf.cast(tf.shape(batches)[0], tf.float32)

    done = 0
    for batches in batch_indices(labels, recipe, seed):
        try:
            loss = float(descend(batches))
        except tf.errors.OpError as error:
            if cluster.workers == 1:
                raise
            raise ClusterError(f"Another worker was lost after step {done}.") from error
        done += len(batches)
        if not np.isfinite(loss) or not np.isfinite(W.numpy()).all():
            raise DivergedError(
                f"The loss became {loss} within {done} steps: the learning rate is too high."
            )
        report(done, loss, W.numpy(), b.numpy())
    # Some optimisers keep averages of W and b, and hand them over in the end.
    optimizer.finalize_variable_values(learned)
    return W.numpy(), b.numpy()
