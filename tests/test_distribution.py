"""One training in two processes that share each batch."""

import json
import os
import socket
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from server.model import load_model
from tests.serving import ROOT
from training.data import Dataset
from training.distribution import TF_CONFIG, Cluster, ClusterError, join_cluster, read_config
from training.examples import keep_few
from training.recipe import RECIPES
from training.regression import train

STEPS = 300
FEW = 100

# Float32 has 24 bits: what is added in another order differs after some seven digits.
TOLERANCE = 1e-5


def config(addresses: list[str], worker: int) -> str:
    task = {"type": "worker", "index": worker}
    return json.dumps({"cluster": {"worker": addresses}, "task": task})


def start(arguments: list[str], tf_config: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "training", "--recipe", "tutorial", *arguments],
        cwd=ROOT,
        env=os.environ | {TF_CONFIG: tf_config},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_end_with_the_weights_of_one(mnist: Dataset, tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        addresses = [f"127.0.0.1:{listener.getsockname()[1]}" for listener in (one, other)]
    # An odd batch: one worker has more of it than the other.
    settings = ["--steps", str(STEPS), "--images-per-digit", str(FEW), "--batch-size", "25"]
    processes = [
        start([*settings, "--models", str(tmp_path / str(worker))], config(addresses, worker))
        for worker in range(2)
    ]
    try:
        (output, errors), (said, complaints) = [
            process.communicate(timeout=90) for process in processes
        ]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], errors + complaints
    assert json.loads(output.splitlines()[-1])["model"] == "tutorial"
    assert said == "Worker 1 of 2 has done its share; worker 0 saves the model.\n"
    assert not (tmp_path / "1").exists()
    model = load_model(tmp_path / "0" / "tutorial.npz")
    recipe = replace(RECIPES["tutorial"], steps=STEPS, batch_size=25)
    images = keep_few(mnist.train, FEW)
    weights, bias = train(images.pixels, images.labels, recipe, 0, lambda *_: None)
    assert np.abs(weights).max() > 0.1
    assert np.allclose(model.weights, weights, rtol=0, atol=TOLERANCE)
    assert np.allclose(model.bias, bias, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("worker", "malformed"),
        ("[]", "Expected `object`"),
        ("{}", "missing required field `cluster`"),
        ('{"cluster": {"worker": ["a:1"]}}', "missing required field `task`"),
        (config([], 0), "no worker 0 among 0"),
        (config(["a:1", "b:1"], 2), "no worker 2 among 2"),
        (config(["a:1", "b:1"], -1), "no worker -1 among 2"),
        (config(["a:1"], 0).replace("worker", "chief"), "every task must be a worker"),
        (config(["a:1"], 0).replace('"a:1"', "1"), "Expected `str`"),
    ],
)
def test_a_config_that_names_no_worker_says_what_it_must_be(text: str, message: str) -> None:
    with pytest.raises(ClusterError, match=message) as error:
        join_cluster(text)
    assert "It must be like" in str(error.value)


def test_a_config_tells_which_worker_this_is() -> None:
    assert read_config(config(["a:1", "b:1"], 1)) == (1, ["a:1", "b:1"])


@pytest.mark.parametrize("text", [None, ""])
def test_without_a_config_one_trains_alone(text: str | None) -> None:
    cluster = join_cluster(text)
    assert (cluster.worker, cluster.workers, cluster.leads) == (0, 1, True)


def test_a_batch_cannot_be_shared_by_more_workers_than_it_has_examples(mnist: Dataset) -> None:
    recipe = replace(RECIPES["tutorial"], batch_size=2)
    with pytest.raises(ValueError, match="batch of 2 cannot be shared by 3"):
        train(
            *(mnist.test.pixels, mnist.test.labels, recipe, 0, lambda *_: None),
            Cluster(worker=0, workers=3),
        )


class Lost:
    """A strategy of which another worker has gone."""

    def scope(self) -> AbstractContextManager[None]:
        return nullcontext()

    def run(self, *_: object, **__: object) -> None:
        raise tf.errors.UnavailableError(None, None, "Connection reset by peer")


def test_a_worker_that_is_gone_ends_the_training_of_the_others(mnist: Dataset) -> None:
    images, recipe = mnist.test, RECIPES["tutorial"]
    with pytest.raises(ClusterError, match="lost after step 0"):
        train(images.pixels, images.labels, recipe, 0, lambda *_: None, Cluster(Lost(), 0, 2))


def test_a_port_that_is_taken_is_said_in_the_last_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        process = start(["--models", str(tmp_path)], config([address, "127.0.0.1:1"], 0))
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"Worker 0 cannot listen on {address}" in errors.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []
