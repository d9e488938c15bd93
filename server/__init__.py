"""The server of the demo. It predicts with NumPy, and never imports TensorFlow."""

import os

# NumPy reads this at import. The products of a prediction are so small that several threads take
# longer for them than one, because they wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
