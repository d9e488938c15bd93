"""Ctrl-C and SIGTERM during a training."""

import os
import signal
import subprocess
import sys
import time

import pytest

from server.system.signals import SIGNALS
from tests.support.serving import ROOT
from training.running.stopping import Stopped, stop_on_signals

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send signals")

# Like TensorFlow, pbkdf2_hmac runs in C without the interpreter lock, here for minutes.
BLOCKED = """
import hashlib
from training.running.stopping import stop_on_signals

def speak():
    print("last words", flush=True)

with stop_on_signals(speak):
    print("begun", flush=True)
    {work}
"""


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_raises_in_the_main_thread_and_handlers_are_restored(
    number: signal.Signals,
) -> None:
    before = signal.getsignal(number)

    def stop_itself() -> None:
        with stop_on_signals(lambda: None):
            os.kill(os.getpid(), number)
            time.sleep(20)

    with pytest.raises(Stopped) as stop:
        stop_itself()
    assert stop.value.number == number
    assert signal.getsignal(number) is before


def test_a_signal_that_the_process_was_started_to_ignore_is_ignored() -> None:
    # As `nohup` does.
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_on_signals(lambda: None):
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(0.1)
    finally:
        signal.signal(signal.SIGHUP, previous)


def test_a_second_signal_does_not_interrupt_cleaning_up() -> None:
    tidied = []

    def stop_twice() -> None:
        with stop_on_signals(lambda: None):
            try:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(20)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(0.1)
                tidied.append(True)

    with pytest.raises(Stopped):
        stop_twice()
    assert tidied == [True]


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(
    "work",
    [
        pytest.param('hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)', id="in C"),
        pytest.param("while True:\n        try: input()\n        except: pass", id="deaf"),
    ],
)
def test_a_main_thread_that_does_not_stop_is_ended_by_force(
    number: signal.Signals, work: str
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BLOCKED.format(work=work)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(0.1)
        sent = time.monotonic()
        process.send_signal(number)
        said = process.stdout.read()
        process.wait(20)
    assert time.monotonic() - sent < 2
    assert said == "last words\n"
    assert process.returncode == 128 + number
