"""One training on several machines: TensorFlow's own way, told by the variable TF_CONFIG.

Source: https://www.tensorflow.org/guide/distributed_training, MultiWorkerMirroredStrategy.
"""

import sys
from dataclasses import dataclass, field

import tensorflow as tf

from training.cluster_config import TF_CONFIG, ClusterError, read_config


@dataclass(frozen=True)
class Cluster:
    """The machines that train together, one process each, and which one this is: worker 0 leads."""

    strategy: tf.distribute.Strategy = field(default_factory=tf.distribute.get_strategy)
    worker: int = 0
    workers: int = 1

    @property
    def is_leader(self) -> bool:
        """Tell whether this process keeps what is learned."""
        return self.worker == 0


def join_cluster(text: str | None) -> Cluster:
    """Join the machines that the text of TF_CONFIG names; without one, train alone.

    TensorFlow must not have been used before.

    :raise ClusterError: the text is not what it must be, or this machine cannot be reached as it
        says
    """
    if not text:
        return Cluster()
    worker, addresses = read_config(text)
    workers = len(addresses)
    print(f"Worker {worker} of {workers} waits until all have come.", file=sys.stderr, flush=True)
    # One share of each batch a machine. A regression of 7,850 numbers has no use for a GPU.
    tf.config.set_visible_devices([], "GPU")
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        raise ClusterError(
            f"Worker {worker} cannot listen on {addresses[worker]} or join the others: {error}. "
            f"The address, from {TF_CONFIG}, must be this machine's, and its port free."
        ) from error
    return Cluster(strategy, worker, workers)
