"""TF_CONFIG: the workers of a multi-worker training, read and checked without TensorFlow.

Source: https://www.tensorflow.org/guide/distributed_training, "Setting up the TF_CONFIG environment
variable".
"""

import re
from collections.abc import Callable
from typing import Literal

import msgspec

TF_CONFIG = "TF_CONFIG"

EXAMPLE = (
    '{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, '
    '"task": {"type": "worker", "index": 0}}'
)

MAX_PORT = 65_535

# The stages of a worker: it waits for the other workers, all have joined, it does its part of each
# step, or it has done the last.
Stage = Literal["waiting", "joined", "training", "trained"]

# Called at the beginning of each stage, and again with "training" after each progress.
StageCallback = Callable[[Stage], None]

# HOST:PORT; an IPv6 address is in brackets.
_ADDRESS = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.%]+)\]|(?P<host>[^\s:/\[\]]+)):(?P<port>\d{1,5})")


class ClusterError(Exception):
    """The cluster cannot be joined, or a worker is lost; the message says why."""


class _Task(msgspec.Struct):
    type: str
    index: int


class _Config(msgspec.Struct):
    cluster: dict[str, list[str]]
    task: _Task


def read_config(text: str) -> tuple[int, list[str]]:
    """Return the index of this worker, and the addresses (HOST:PORT) of all workers.

    :raise ClusterError: the text is not a valid TF_CONFIG
    """
    try:
        config = msgspec.json.decode(text, type=_Config)
        if config.cluster.keys() != {"worker"} or config.task.type != "worker":
            raise ValueError("every task must be a worker")
        addresses = config.cluster["worker"]
        if not 0 <= config.task.index < len(addresses):
            raise ValueError(f"index {config.task.index} is not one of {len(addresses)} workers")
        for address in addresses:
            split_address(address)
            if addresses.count(address) > 1:
                raise ValueError(f"more than one worker has the address {address!r}")
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError, ValueError) as error:
        raise ClusterError(f"{TF_CONFIG}: {error}. Expected, for example: {EXAMPLE}") from error
    return config.task.index, addresses


def split_address(address: str) -> tuple[str, int]:
    """Return host and port of HOST:PORT.

    :raise ValueError: it is not HOST:PORT, or the port is not 1 to 65535
    """
    match = _ADDRESS.fullmatch(address)
    if match is None or not 1 <= int(match["port"]) <= MAX_PORT:
        raise ValueError(f"{address!r} is not HOST:PORT with a port from 1 to {MAX_PORT}")
    return match["ipv6"] or match["host"], int(match["port"])
