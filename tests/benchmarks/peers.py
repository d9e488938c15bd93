"""`python -m tests.benchmarks.peers KIND`: what the demo's server is compared with.

Each is a plain Flask app behind the demo's own gateway and server, with as many threads, that takes
the same request as the live path and prints the same line as `python -m server` when it is ready.

- `constant` answers the same bytes whatever it is sent: the floor.
- `tensorflow` computes softmax(xW + b) in a `tf.function`, the shape known and traced beforehand.
- `keras` calls a `keras.Model`'s `predict` on each request.

Neither of the two normalizes the drawing or tells whether it is sure: they do less than the demo.
"""

import math
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from flask import Flask, Response, request

from server.regression.shapes import DIGITS, PIXELS, Floats
from server.storage.model_file import MODELS, load_model
from server.transport.gateway import Gateway
from server.transport.serving import serve_app
from server.web.common.drawing import JSON, parse_bytes

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
    "tensorflow": tensorflow,
    "keras": keras,
}


def _encode(probabilities: Floats) -> bytes:
    digit = int(probabilities.argmax())
    return msgspec.json.encode({"digit": digit, "probabilities": probabilities.tolist()})


def main() -> None:
    """Serve one kind until SIGTERM."""
    answer = KINDS[sys.argv[1]](MODEL)
    app = Flask(__name__)

    @app.post("/api/predict")
    def predict() -> Response:
        return Response(answer(request.get_data(cache=False)), content_type=JSON)

    # However slow it is, it is to be measured.
    gateway = Gateway(app, max_wait_seconds=math.inf)
    listener = socket.create_server(("127.0.0.1", 0))
    host, port = listener.getsockname()
    url = f"http://{host}:{port}"
    serve_app(gateway, listener, on_ready=lambda: print(f"Serving on {url}", flush=True))


if __name__ == "__main__":
    main()
