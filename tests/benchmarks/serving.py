"""Serving: live predictions against floors and peers, the whole answer, start and memory."""

import subprocess
import time
from contextlib import AbstractContextManager, ExitStack
from io import BytesIO
from statistics import median, quantiles

from werkzeug.test import EnvironBuilder

from server.web.app import create_app
from tests.benchmarks.load import (
    PATH,
    POOLED_PATH,
    TYPE,
    answer,
    connect,
    drawing,
    request_bytes,
    requests_per_second,
    stalled,
)
from tests.benchmarks.ratios import Ratio
from tests.support.serving import Running, running

CONNECTIONS = (1, 16)

# Clients that hold half a body each.
STALLED = 20

# Each server is measured for so long in each round; the rounds of all servers alternate.
SECONDS = 2
ROUNDS = 5
IDLE_SECONDS = 3

STARTS = 5
WHOLE_ANSWERS = 500

DEMO = ["-m", "server", "--port", "0"]
PEER = ["-m", "tests.benchmarks.peers"]

# What a live prediction is compared with, and what the ratio must and should be.
PEERS = {
    "constant": ("a constant from Flask", 0.7, 1.0),
    "tensorflow": ("TensorFlow in the process", 4, 10),
    "keras": ("Keras's predict", 100, 300),
}


def quiet(arguments: list[str]) -> AbstractContextManager[Running]:
    """Run a server and show nothing of what it logs, such as TensorFlow's greetings."""
    return running(arguments, subprocess.DEVNULL)


def measure() -> list[Ratio]:
    """Measure all; takes some three minutes."""
    return [*live_predictions(), pooled_model(), two_workers(), *starts(), whole_answer()]


def live_predictions() -> list[Ratio]:
    """Compare live predictions per second."""
    ratios = []
    with ExitStack() as stack:
        demo = stack.enter_context(quiet(DEMO)).url
        peers = {kind: stack.enter_context(quiet([*PEER, kind])).url for kind in PEERS}
        for connections in CONNECTIONS:
            rates = live_rates({"demo": demo, **peers}, connections)
            live = f"live, {connections} connection{'s' * (connections > 1)}"
            for kind, (name, least, aim) in PEERS.items():
                ratios.append(
                    compare(f"{live} : {name}", rates["demo"], rates[kind], "/s", least, aim)
                )
            beside = f"{live}, {STALLED} half-sent bodies : none"
            ratios.append(compare(beside, rates["stalled"], rates["demo"], "/s", 0.95, 1.0))
    return ratios


def pooled_model() -> Ratio:
    """Compare live predictions of the model whose digits transform the drawing with one without."""
    rates: dict[str, list[float]] = {}
    connections = max(CONNECTIONS)
    with quiet(DEMO) as server:
        for _ in range(ROUNDS):
            for path in (PATH, POOLED_PATH):
                rate = requests_per_second(server.url, connections, SECONDS, path)
                rates.setdefault(path, []).append(rate)
    name = f"live, {connections} connections, pooled : normalized"
    return compare(name, rates[POOLED_PATH], rates[PATH], "/s", 0.6, 0.85)


def two_workers() -> Ratio:
    """Compare two workers with one.

    Each of the two has as many connections as one has elsewhere: what a prediction costs depends on
    how many come in together.
    """
    connections = 2 * max(CONNECTIONS)
    rates: dict[str, list[float]] = {}
    with quiet(DEMO) as one, quiet([*DEMO, "--workers", "2"]) as two:
        for _ in range(ROUNDS):
            for name, server in (("one", one), ("two", two)):
                rate = requests_per_second(server.url, connections, SECONDS)
                rates.setdefault(name, []).append(rate)
    name = f"live, {connections} connections, two workers : one"
    return compare(name, rates["two"], rates["one"], "/s", 1.8, 1.9)


def live_rates(urls: dict[str, str], connections: int) -> dict[str, list[float]]:
    """Return each server's live predictions per second by round, and the demo's beside stalled.

    All are measured in turn, and all again in each round, which begins with the demo's two figures.
    """
    rates: dict[str, list[float]] = {}

    def add(name: str, url: str) -> None:
        rates.setdefault(name, []).append(requests_per_second(url, connections, SECONDS))

    for _ in range(ROUNDS):
        # Not kept: after a pause, the first figure of a machine is a lower one.
        requests_per_second(urls["demo"], connections, SECONDS)
        for name, url in urls.items():
            add(name, url)
            if name == "demo":
                with stalled(url, STALLED):
                    add("stalled", url)
        # A slow peer still answers the requests that it has when the load ends.
        time.sleep(IDLE_SECONDS)
    return rates


def starts() -> list[Ratio]:
    """Compare how soon a server answers first, and what memory it then holds."""
    figures: dict[str, list[float]] = {}
    for _ in range(STARTS):
        for kind, arguments in (("demo", DEMO), ("peer", [*PEER, "tensorflow"])):
            start = time.perf_counter()
            with quiet(arguments) as server:
                with connect(server.url) as connection:
                    answer(connection, request_bytes())
                seconds = time.perf_counter() - start
                figures.setdefault(f"{kind} s", []).append(seconds)
                figures.setdefault(f"{kind} MB", []).append(server.megabytes())
    peer = "TensorFlow in the process"
    return [
        compare(
            f"start to first answer : {peer}",
            figures["demo s"],
            figures["peer s"],
            "s",
            1 / 6,
            1 / 9,
        ),
        compare(
            f"resident memory : {peer}", figures["demo MB"], figures["peer MB"], "MB", 1 / 5, 1 / 8
        ),
    ]


def whole_answer() -> Ratio:
    """Time the answer with all fields, pictures too, from the app's call to its last byte."""
    app = create_app()
    path = PATH.partition("?")[0]
    environ = EnvironBuilder(path, method="POST", data=drawing(), content_type=TYPE).get_environ()
    times = []
    for _ in range(WHOLE_ANSWERS):
        request = environ | {"wsgi.input": BytesIO(drawing())}
        start = time.perf_counter()
        body = b"".join(app(request, lambda *_: lambda _: None))
        times.append(1000 * (time.perf_counter() - start))
    assert b"contributions" in body
    low, _, high = quantiles(times)
    return Ratio("whole answer, p50 : 1 ms", median(times), 1.0, "ms", 1.2, 0.8, (low, high))


def compare(
    name: str, ours: list[float], theirs: list[float], unit: str, least: float, aim: float
) -> Ratio:
    """Compare two rows of figures, round by round."""
    low, _, high = quantiles(our / their for our, their in zip(ours, theirs, strict=True))
    return Ratio(name, median(ours), median(theirs), unit, least, aim, (low, high))
