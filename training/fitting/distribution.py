"""Multi-worker training with TensorFlow, configured by the environment variable TF_CONFIG.

Source: https://www.tensorflow.org/guide/distributed_training, MultiWorkerMirroredStrategy.
"""

import sys
from dataclasses import dataclass, field

import tensorflow as tf

from training.settings.cluster_config import TF_CONFIG, ClusterError, StageCallback, read_config


@dataclass(frozen=True)
class Cluster:
    """The workers of a training, one process each; `worker` is the index of this one.

    Worker 0 is the leader, which records and saves.

    :param on_stage: called when the training begins, after each progress, and when it has ended
    """

    strategy: tf.distribute.Strategy = field(default_factory=tf.distribute.get_strategy)
    worker: int = 0
    workers: int = 1
    on_stage: StageCallback = lambda _stage: None

    @property
    def is_leader(self) -> bool:
        """Tell whether this process records and saves the model."""
        return self.worker == 0


def join_cluster(text: str | None) -> Cluster:
    """Join the cluster that TF_CONFIG describes; without a text, return a cluster of one worker.

    Call this before any other use of TensorFlow.

    :raise ClusterError: the text is not a valid TF_CONFIG, or this worker cannot use its address
    """
    if not text:
        return Cluster()
    worker, addresses = read_config(text)
    workers = len(addresses)
    print(f"Worker {worker} of {workers} waits for the others.", file=sys.stderr, flush=True)
    # Without GPUs there is one replica per worker, which computes the worker's part of each batch.
    # A regression of 7,850 parameters does not need a GPU.
    tf.config.set_visible_devices([], "GPU")
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        raise ClusterError(
            f"Worker {worker} cannot listen on {addresses[worker]} or join the others: {error}. "
            f"The address, from {TF_CONFIG}, must be this machine's, with a free port."
        ) from error
    return Cluster(strategy, worker, workers)
