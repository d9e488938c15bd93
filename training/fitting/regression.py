"""The tutorial's softmax regression in TensorFlow: evidence, cross-entropy, gradient descent."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from server.regression.regression import Regression
from server.regression.shapes import DIGITS, PIXELS
from server.regression.transformations import TRANSFORMATIONS
from training.data.mnist import Bytes
from training.fitting.batches import BatchSource, batch_indices, batch_source
from training.fitting.distribution import Cluster
from training.fitting.tensorflow_transformations import make_best_products
from training.settings.cluster_config import ClusterError
from training.settings.recipe import INIT_STDDEV, Recipe

# Optimizers that need other optimizers as arguments, so a name is not enough to create them.
_WRAPPERS = {"Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"}


class Variables(NamedTuple):
    """W (784, 10) and b (10,), those of them that are trained, and their optimizer."""

    weights: keras.Variable
    bias: keras.Variable
    trainable: list[keras.Variable]
    optimizer: keras.optimizers.Optimizer


# Gets the number of steps, the mean loss, and the regression.
ProgressCallback = Callable[[int, float, Regression], None]


class DivergedError(Exception):
    """The loss is not finite, or ended above that of guessing, so no model is saved."""


def optimizer_names() -> dict[str, str]:
    """Return the names of Keras's optimizers that need no arguments: lower case → class name."""
    return {
        name.lower(): name
        for name, value in vars(keras.optimizers).items()
        if isinstance(value, type) and name not in _WRAPPERS
    }


def make_optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    """Return the recipe's optimizer, with its learning rate or decay.

    :raise ValueError: Keras has no optimizer of that name; the message lists the accepted names
    """
    names = optimizer_names()
    if recipe.optimizer.lower() not in names:
        raise ValueError(
            f"Keras has no optimizer {recipe.optimizer!r}. Accepted: {', '.join(sorted(names))}."
        )
    optimizer = getattr(keras.optimizers, names[recipe.optimizer.lower()])()
    rate = optimizer.learning_rate if recipe.learning_rate is None else recipe.learning_rate
    if recipe.has_decay:
        rate = keras.optimizers.schedules.PolynomialDecay(float(rate), recipe.steps, 0)
    optimizer.learning_rate = rate
    return optimizer


def cross_entropy(evidence: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Return the mean cross-entropy in nats of evidence (n, 10) and one-hot labels (n, 10).

    It is computed from the evidence (logits): a softmax can underflow to 0, whose logarithm is −∞.
    """
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels, evidence))


def initial_regression(recipe: Recipe, seed: int) -> Regression:
    """Return the regression before the first step."""
    W = np.zeros((PIXELS, DIGITS), np.float32)
    if recipe.init == "random":
        # A seed of its own, independent of the shuffling.
        W[:] = np.random.default_rng([seed, 1]).normal(0, INIT_STDDEV, W.shape)
    return Regression(W, np.zeros(DIGITS, np.float32), recipe.transformations)


def train(
    pixels: Bytes,
    labels: Bytes,
    recipe: Recipe,
    seed: int,
    on_progress: ProgressCallback,
    cluster: Cluster | None = None,
) -> Regression:
    """Return the trained regression.

    The same seed gives the same W and b, bit for bit, on the same machine. In a cluster, each
    worker calls this with the same arguments, computes its part of each batch, and gets the same W
    and b.

    :param pixels: (n, 784), ink = 255; normalized, unless the recipe is `augmented`, which
        normalizes each batch
    :param labels: (n,)
    :param on_progress: called several times a second, at every recorded step and at the end, with
        the number of steps, the mean loss since the last call, and the regression
    :raise ValueError: the recipe's optimizer is unknown, or a batch has fewer examples than there
        are workers
    :raise ClusterError: another worker is lost
    :raise DivergedError: the loss or W is not finite
    """
    cluster = cluster or Cluster()
    batch_size = recipe.batch_size_for(len(labels))
    if batch_size < cluster.workers:
        raise ValueError(f"A batch of {batch_size} cannot be shared by {cluster.workers} workers.")
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    # From here on, each worker waits for what the others compute.
    cluster.on_stage("training")
    variables = create_variables(recipe, seed, cluster)
    W, b = variables.weights, variables.bias
    share = slice(cluster.worker, None, cluster.workers)
    examples = batch_source(pixels, labels, recipe, seed, share)
    run_steps = compile_steps(variables, examples, recipe, cluster)
    steps = 0
    for batches in batch_indices(labels, recipe, seed):
        try:
            loss = float(run_steps(batches))
        except tf.errors.OpError as error:
            if cluster.workers == 1:
                raise
            raise ClusterError(f"Another worker was lost after step {steps}.") from error
        steps += len(batches)
        if not np.isfinite(loss) or not np.isfinite(W.numpy()).all():
            raise DivergedError(
                f"By step {steps}, the loss or a weight is no longer a finite number: "
                "the learning rate is too high."
            )
        on_progress(steps, loss, Regression(W.numpy(), b.numpy(), recipe.transformations))
        cluster.on_stage("training")
    cluster.on_stage("trained")
    # Some optimizers average W and b, and assign the averages at the end.
    variables.optimizer.finalize_variable_values(variables.trainable)
    return Regression(W.numpy(), b.numpy(), recipe.transformations)


def create_variables(recipe: Recipe, seed: int, cluster: Cluster) -> Variables:
    """Return the initial variables of a recipe, mirrored on all workers of a cluster."""
    with cluster.strategy.scope():
        optimizer = make_optimizer(recipe)
        initial = initial_regression(recipe, seed)
        W = keras.Variable(initial.weights, dtype="float32", name="W")
        b = keras.Variable(initial.bias, dtype="float32", name="b")
        trainable = [W, b] if recipe.has_bias else [W]
        optimizer.build(trainable)
    return Variables(W, b, trainable, optimizer)


def compile_steps(
    variables: Variables, examples: BatchSource, recipe: Recipe, cluster: Cluster
) -> Callable[[NDArray[np.int64]], tf.Tensor]:
    """Return a TensorFlow function that runs one step per row of indices (steps, batch size).

    The function returns the mean loss of its steps.
    """
    weights, bias, trainable, optimizer = variables
    choices = TRANSFORMATIONS[recipe.transformations]
    best_products = make_best_products(choices, recipe.pooling_sharpness)

    def run_step(batch: tf.Tensor) -> tf.Tensor:
        """Run a step with the indices (n,); return this worker's part of the mean loss."""
        pixels, labels = examples(batch)
        x = tf.cast(pixels, tf.float32) / 255
        part = tf.cast(tf.shape(x)[0], tf.float32) / tf.cast(tf.shape(batch)[0], tf.float32)
        with tf.GradientTape() as tape:
            loss = part * cross_entropy(best_products(x, weights) + bias, labels)
            penalized = loss + part * recipe.l2_penalty * tf.reduce_sum(tf.square(weights))
        gradients = tape.gradient(penalized, [variable.value for variable in trainable])
        # `apply` sums the gradients of all workers.
        optimizer.apply(gradients, trainable)
        return loss

    # Without AutoGraph, whose conversion takes as long as hundreds of steps.
    @tf.function(  # type: ignore[untyped-decorator]  # TensorFlow ships no types
        input_signature=[tf.TensorSpec((None, None), tf.int64)], autograph=False
    )
    def run_steps(batches: NDArray[np.int64]) -> tf.Tensor:
        def add_step(total: tf.Tensor, batch: tf.Tensor) -> tf.Tensor:
            loss = cluster.strategy.run(run_step, args=(batch,))
            return total + cluster.strategy.reduce(tf.distribute.ReduceOp.SUM, loss, axis=None)

        total = tf.foldl(add_step, batches, 0.0)
        return total / tf.cast(tf.shape(batches)[0], tf.float32)

    compiled: Callable[[NDArray[np.int64]], tf.Tensor] = run_steps
    return compiled
