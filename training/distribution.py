"""One training on several machines: TensorFlow's own way, told by the variable TF_CONFIG.

Source: https://www.tensorflow.org/guide/distributed_training, MultiWorkerMirroredStrategy.
"""

import sys
from dataclasses import dataclass, field

import msgspec
import tensorflow as tf

TF_CONFIG = "TF_CONFIG"

EXAMPLE = (
    '{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, '
    '"task": {"type": "worker", "index": 0}}'
)


class ClusterError(Exception):
    """The cluster cannot be joined, or has lost a worker; the message says why."""


class _Task(msgspec.Struct):
    type: str
    index: int


class _Config(msgspec.Struct):
    cluster: dict[str, list[str]]
    task: _Task


@dataclass(frozen=True)
class Cluster:
    """The machines that train together, one process each, and which one this is: worker 0 leads."""

    strategy: tf.distribute.Strategy = field(default_factory=tf.distribute.get_strategy)
    worker: int = 0
    workers: int = 1

    @property
    def leads(self) -> bool:
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


def read_config(text: str) -> tuple[int, list[str]]:
    """Return which worker this is, and the addresses of all.

    :raise ClusterError: it is not what it must be
    """
    try:
        config = msgspec.json.decode(text, type=_Config)
        if config.cluster.keys() != {"worker"} or config.task.type != "worker":
            raise ValueError("every task must be a worker")
        addresses = config.cluster["worker"]
        if not 0 <= config.task.index < len(addresses):
            raise ValueError(f"there is no worker {config.task.index} among {len(addresses)}")
    except (msgspec.DecodeError, ValueError) as error:
        raise ClusterError(f"{TF_CONFIG}: {error}. It must be like {EXAMPLE}") from error
    return config.task.index, addresses
