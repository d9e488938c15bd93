"""`python -m tests.benchmarks.peers KIND`: what the demo's server is compared with.

Each is a plain Flask app under waitress, with as many threads, that takes the same request as the
live path and prints the same line as `python -m server` when it is ready.

- `constant` answers the same bytes whatever it is sent: the floor.
- `constant-at-once` does so where it has just read, as the demo does: the lowest floor.
- `tensorflow` computes softmax(xW + b) in a `tf.function`, the shape known and traced beforehand.
- `keras` calls a `keras.Model`'s `predict` on each request.

Neither of the two normalises the drawing or tells whether it is sure: they do less than the demo.
"""

import logging
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from flask import Flask, Response, request
from waitress import create_server

from server.channel import serve_quick_answers_at_once
from server.drawing import JSON, parse_bytes
from server.model import MODELS, load_model
from server.serving import THREADS
from server.shapes import DIGITS, PIXELS, Floats

# A live answer's length, near enough.
ANSWER = b'{"model":"normalized","digit":0,"sure":true}'.ljust(560)

MODEL = MODELS / "normalized.npz"


def constant(_path: Path) -> Callable[[bytes], bytes]:
    """Answer the same whatever is asked."""
    return lambda _body: ANSWER


def tensorflow(path: Path) -> Callable[[bytes], bytes]:
    """Predict with TensorFlow in this process."""
    import tensorflow as tf

    model = load_model(path)
    weights, bias = tf.constant(model.weights), tf.constant(model.bias)

    @tf.function(input_signature=[tf.TensorSpec((1, PIXELS), tf.float32)])  # type: ignore[untyped-decorator]  # ships no types
    def probabilities(pixels: tf.Tensor) -> tf.Tensor:
        return tf.nn.softmax(pixels @ weights + bias)

    def answer(body: bytes) -> bytes:
        return _encode(probabilities(parse_bytes(body)[np.newaxis]).numpy()[0])

    answer(bytes(PIXELS))
    return answer


def keras(path: Path) -> Callable[[bytes], bytes]:
    """Predict with a Keras model's `predict`."""
    import keras as keras_library

    model = load_model(path)
    layer = keras_library.layers.Dense(DIGITS, activation="softmax")
    network = keras_library.Sequential([keras_library.Input((PIXELS,)), layer])
    layer.set_weights([model.weights, model.bias])

    def answer(body: bytes) -> bytes:
        return _encode(network.predict(parse_bytes(body)[np.newaxis], verbose=0)[0])

    answer(bytes(PIXELS))
    return answer


KINDS = {
    "constant": constant,
    "constant-at-once": constant,
    "tensorflow": tensorflow,
    "keras": keras,
}


def _encode(probabilities: Floats) -> bytes:
    digit = int(probabilities.argmax())
    return msgspec.json.encode({"digit": digit, "probabilities": probabilities.tolist()})


def main() -> None:
    """Serve one kind until SIGTERM."""
    kind = sys.argv[1]
    answer = KINDS[kind](MODEL)
    app = Flask(__name__)

    @app.post("/api/predict")
    def predict() -> Response:
        return Response(answer(request.get_data(cache=False)), content_type=JSON)

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    listener = socket.create_server(("127.0.0.1", 0))
    server = create_server(
        app, sockets=[listener], threads=THREADS, asyncore_use_poll=True, ident=None
    )
    if kind == "constant-at-once":
        serve_quick_answers_at_once(server)
    print(f"Serving on http://127.0.0.1:{server.effective_port}", flush=True)
    server.run()


if __name__ == "__main__":
    main()
