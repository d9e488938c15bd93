"""Training, offline and in TensorFlow: MNIST in, a model file for the server out."""

import os

# TensorFlow reads this at import: without it, notes on processors and GPUs hide the progress.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# NumPy reads this at import. If TensorFlow or another program uses the processor, several NumPy
# threads are slower than one, because they wait for each other in busy loops.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
