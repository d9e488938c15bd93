"""Multi-worker training: two processes that share each batch."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from multiprocessing.connection import Connection as PipeConnection
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from server.storage.history import load_history
from server.storage.model_file import load_model
from server.system.child_process import start_child
from tests.support.factories import save_small_model
from tests.support.serving import ROOT
from tests.support.waiting import is_running, wait_until
from training.__main__ import read_config_variable
from training.data.examples import keep_few
from training.data.mnist import Dataset
from training.fitting.distribution import (
    TF_CONFIG,
    Cluster,
    ClusterError,
    join_cluster,
    read_config,
)
from training.fitting.regression import train
from training.running.supervisor import (
    stalled_message,
    timeout_message,
    unreachable_addresses,
    watch_child,
)
from training.settings.cluster_config import Stage, split_address
from training.settings.options import parse_arguments
from training.settings.recipe import RECIPES

STEPS = 300
FEW = 100

# float32 has 24 bits: sums in a different order differ after about seven decimal digits.
TOLERANCE = 1e-5


def config(addresses: list[str], worker: int) -> str:
    task = {"type": "worker", "index": worker}
    return json.dumps({"cluster": {"worker": addresses}, "task": task})


def free_addresses(count: int) -> list[str]:
    with ExitStack() as stack:
        listeners = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [f"127.0.0.1:{listener.getsockname()[1]}" for listener in listeners]


def wait_for_line(process: subprocess.Popen[str], text: str) -> None:
    """Wait until the process writes a line with a text: TensorFlow may write others before."""
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    pytest.fail(f"the process has ended without {text!r}")


def start(arguments: list[str], tf_config: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "training", "--recipe", "tutorial", *arguments],
        cwd=ROOT,
        env=os.environ | {TF_CONFIG: tf_config},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_two_processes_end_with_the_weights_of_one(mnist: Dataset, tmp_path: Path) -> None:
    addresses = free_addresses(2)
    # An odd batch size: one worker gets more examples than the other.
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
    assert said == "Worker 1 of 2 is done; worker 0 saves the model.\n"
    assert not (tmp_path / "1").exists()
    model = load_model(tmp_path / "0" / "tutorial.npz")
    recipe = replace(RECIPES["tutorial"], steps=STEPS, batch_size=25)
    images = keep_few(mnist.train, FEW)
    alone = train(images.pixels, images.labels, recipe, 0, lambda *_: None)
    assert np.abs(alone.weights).max() > 0.1
    assert np.allclose(model.weights, alone.weights, rtol=0, atol=TOLERANCE)
    assert np.allclose(model.bias, alone.bias, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("worker", "malformed"),
        ("[]", "Expected `object`"),
        ("{}", "missing required field `cluster`"),
        ('{"cluster": {"worker": ["a:1"]}}', "missing required field `task`"),
        (config([], 0), "index 0 is not one of 0 workers"),
        (config(["a:1", "b:1"], 2), "index 2 is not one of 2 workers"),
        (config(["a:1", "b:1"], -1), "index -1 is not one of 2 workers"),
        (config(["a:1"], 0).replace("worker", "chief"), "every task must be a worker"),
        (config(["a:1"], 0).replace('"a:1"', "1"), "Expected `str`"),
        (config(["a:1"], 0).replace("0}", '"0"}'), "Expected `int`"),
        (config(["a:1"], 0).replace("0}", "0.5}"), "Expected `int`"),
        (config(["a"], 0), "'a' is not HOST:PORT"),
        (config([""], 0), "'' is not HOST:PORT"),
        (config(["http://a:1"], 0), "'http://a:1' is not HOST:PORT"),
        (config(["a:0"], 0), "port from 1 to 65535"),
        (config(["a:65536"], 0), "port from 1 to 65535"),
        (config(["a:1", "a:1"], 0), "more than one worker has the address 'a:1'"),
    ],
)
def test_an_invalid_config_is_an_error_with_an_example(text: str, message: str) -> None:
    with pytest.raises(ClusterError, match=message) as error:
        join_cluster(text)
    assert "Expected, for example: " in str(error.value)


def test_addresses_are_names_or_ip_addresses_with_a_port() -> None:
    addresses = ["worker-0.example:2222", "10.0.0.1:1", "[::1]:65535"]
    assert [split_address(address) for address in addresses] == [
        ("worker-0.example", 2222),
        ("10.0.0.1", 1),
        ("::1", 65535),
    ]


def test_a_config_tells_which_worker_this_is() -> None:
    assert read_config(config(["a:1", "b:1"], 1)) == (1, ["a:1", "b:1"])


def test_tensorflow_gets_the_config_without_a_byte_order_mark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = config(["a:1", "b:1"], 1)
    monkeypatch.setenv(TF_CONFIG, "\ufeff" + text)
    assert read_config_variable() == (1, ["a:1", "b:1"])
    assert os.environ[TF_CONFIG] == text


@pytest.mark.parametrize("text", [None, ""])
def test_without_a_config_there_is_one_worker(text: str | None) -> None:
    cluster = join_cluster(text)
    assert (cluster.worker, cluster.workers, cluster.is_leader) == (0, 1, True)


def test_a_batch_cannot_be_shared_by_more_workers_than_it_has_examples(mnist: Dataset) -> None:
    recipe = replace(RECIPES["tutorial"], batch_size=2)
    with pytest.raises(ValueError, match="batch of 2 cannot be shared by 3"):
        train(
            *(mnist.test.pixels, mnist.test.labels, recipe, 0, lambda *_: None),
            Cluster(worker=0, workers=3),
        )


class Lost:
    """A strategy in which another worker is lost."""

    def scope(self) -> AbstractContextManager[None]:
        return nullcontext()

    def run(self, *_: object, **__: object) -> None:
        raise tf.errors.UnavailableError(None, None, "Connection reset by peer")


def test_a_lost_worker_ends_the_training_of_the_others(mnist: Dataset) -> None:
    images, recipe = mnist.test, RECIPES["tutorial"]
    with pytest.raises(ClusterError, match="lost after step 0"):
        train(images.pixels, images.labels, recipe, 0, lambda *_: None, Cluster(Lost(), 0, 2))


def test_a_port_that_is_in_use_is_reported_in_the_last_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        process = start(["--models", str(tmp_path)], config([address, "127.0.0.1:1"], 0))
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"Worker 0 cannot listen on {address}" in errors.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


# How long a process may take to end after a signal; people kill it if it takes longer.
STOPPED_SECONDS = 2.0

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send signals")


def descendants(pid: int) -> list[int]:
    """Return the process IDs of all descendants of a process."""
    found = [pid]
    table = subprocess.check_output(["ps", "-eo", "pid=,ppid="], text=True)
    pairs = [(int(line.split()[0]), int(line.split()[1])) for line in table.splitlines()]
    for parent in found:
        found += [child for child, its_parent in pairs if its_parent == parent]
    return found[1:]


def check_that_it_stops(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """Send a signal to a process; return its standard error.

    :raise AssertionError: it does not end in time and as signals do, or leaves a process running
    """
    children = descendants(process.pid)
    assert children
    sent = time.monotonic()
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert time.monotonic() - sent < STOPPED_SECONDS
    assert process.returncode in (-number, 128 + number)
    wait_until(lambda: not any(is_running(child) for child in children), 5)
    return said


@on_posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("worker", [0, 1])
def test_a_worker_that_waits_for_the_others_is_ended_by_a_signal(
    tmp_path: Path, worker: int, number: signal.Signals
) -> None:
    addresses = free_addresses(2)
    leader = int(addresses[0].rpartition(":")[2])
    with start(["--models", str(tmp_path)], config(addresses, worker)) as process:
        try:
            assert process.stderr is not None
            wait_for_line(process, "waits for the others")
            if worker == 0:
                wait_until(lambda: accepts_connections(leader))
                said = check_that_it_stops(process, number)
            else:
                # In the leader's place: whoever connects to it waits for it.
                with socket.create_server(("127.0.0.1", leader)) as listener:
                    listener.settimeout(60)
                    with listener.accept()[0]:
                        said = check_that_it_stops(process, number)
        finally:
            process.kill()
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


@on_posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_worker_that_trains_is_ended_by_a_signal_and_reports_it(
    tmp_path: Path, number: signal.Signals
) -> None:
    before = save_small_model(tmp_path, "tutorial").read_bytes()
    arguments = ["--models", str(tmp_path), "--steps", "10000000"]
    path = tmp_path / "training" / "tutorial.npz"
    # TensorFlow replaces the handler of SIGTERM for a cluster of one worker, too.
    with start(arguments, config(free_addresses(1), 0)) as process:
        try:
            wait_until(lambda: path.exists() and load_history(path).card.step > 0, 60)
            said = check_that_it_stops(process, number)
        finally:
            process.kill()
    assert said.splitlines()[-1] == "Interrupted: the model 'tutorial' is unchanged."
    assert process.returncode == 128 + number
    assert load_history(path).card.outcome == "interrupted"
    assert (tmp_path / "tutorial.npz").read_bytes() == before


@on_posix
def test_a_closed_terminal_ends_all_processes_of_a_worker_without_a_traceback(
    tmp_path: Path,
) -> None:
    arguments = ["--models", str(tmp_path), "--steps", "10000000"]
    path = tmp_path / "training" / "tutorial.npz"
    with start(arguments, config(free_addresses(1), 0)) as process:
        try:
            wait_until(lambda: path.exists() and load_history(path).card.step > 0, 60)
            os.killpg(process.pid, signal.SIGHUP)
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()
    assert said.splitlines()[-1] == "Interrupted: the model 'tutorial' is unchanged."
    assert load_history(path).card.outcome == "interrupted"


@on_posix
def test_a_worker_whose_supervisor_is_killed_ends_too(tmp_path: Path) -> None:
    with start(["--models", str(tmp_path)], config(free_addresses(2), 1)) as process:
        assert process.stderr is not None
        wait_for_line(process, "waits for the others")
        children = descendants(process.pid)
        process.kill()
    wait_until(lambda: not any(is_running(child) for child in children))


def test_a_timeout_reports_the_address_of_the_missing_worker(tmp_path: Path) -> None:
    addresses = free_addresses(2)
    arguments = ["--models", str(tmp_path), "--worker-timeout", "1.5"]
    with start(arguments, config(addresses, 0)) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    last = said.splitlines()[-1]
    assert "has waited 1.5 s" in last
    assert f"worker 1 ({addresses[1]})" in last
    assert "--worker-timeout SECONDS" in last
    assert list(tmp_path.iterdir()) == []


def test_only_addresses_that_accept_no_connection_are_unreachable() -> None:
    (silent,) = free_addresses(1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        heard = f"127.0.0.1:{listener.getsockname()[1]}"
        assert unreachable_addresses([silent, heard]) == [silent]


def test_if_all_addresses_respond_the_message_suggests_to_check_the_config() -> None:
    assert "the same cluster in TF_CONFIG" in timeout_message(0, ["a:1", "b:1"], [], 3)


def test_workers_with_different_arguments_end_instead_of_waiting_for_each_other(
    tmp_path: Path,
) -> None:
    addresses = free_addresses(2)
    settings = ["--images-per-digit", "20", "--batch-size", "25", "--worker-timeout", "10"]
    before = save_small_model(tmp_path, "tutorial").read_bytes()
    processes = [
        start(
            [*settings, "--steps", str(steps), "--models", str(tmp_path)],
            config(addresses, worker),
        )
        for worker, steps in enumerate((100, 300))
    ]
    try:
        said = [process.communicate(timeout=90)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    # The other one may report that this one is lost.
    assert any(
        "has waited 10 s for the others to do their step" in errors.splitlines()[-1]
        for errors in said
    ), said
    assert [process.returncode for process in processes] == [1, 1], said
    assert (tmp_path / "tutorial.npz").read_bytes() == before


def tell(sender: PipeConnection, stages: list[Stage], interval: float) -> None:
    """Send stages, and wait for an interval in seconds after each."""
    for stage in stages:
        sender.send(stage)
        time.sleep(interval)


@pytest.mark.parametrize(
    ("stages", "interval", "expected"),
    [
        (["waiting"], 60, ("waiting", True)),
        (["joined"], 1.5, ("joined", False)),
        (["joined", "training"], 1.5, ("training", True)),
        ([*["training"] * 20, "trained"], 0.1, ("trained", False)),
        (["trained"], 1.5, ("trained", False)),
    ],
)
def test_only_waiting_for_other_workers_is_limited_and_progress_starts_it_again(
    stages: list[Stage], interval: float, expected: tuple[Stage, bool]
) -> None:
    process, receiver = start_child(tell, stages, interval)
    try:
        assert watch_child(process, receiver, [], 1) == expected
    finally:
        process.kill()
        process.join()


def test_a_stalled_worker_says_what_to_check() -> None:
    said = stalled_message(0, ["a:1", "b:1"], ["b:1"], 3)
    assert "nothing accepts connections at worker 1 (b:1)" in said
    assert "all workers are running and have the same arguments" in said


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon", ""])
def test_a_timeout_is_a_finite_number_above_zero(seconds: str) -> None:
    with pytest.raises(SystemExit) as stop:
        parse_arguments(["--worker-timeout", seconds])
    assert stop.value.code == 2


def test_an_invalid_config_is_reported_before_anything_is_started(tmp_path: Path) -> None:
    with start(["--models", str(tmp_path)], "{") as process:
        _, said = process.communicate(timeout=20)
    assert process.returncode == 1
    assert said.startswith("Not trained: TF_CONFIG: ")
    assert len(said.splitlines()) == 1


def accepts_connections(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False
