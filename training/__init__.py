"""Training, offline and in TensorFlow: MNIST in, a model file for the server out."""

import os

# TensorFlow reads this at import: without it, notes on processors and GPUs hide the progress.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# NumPy reads this at import. If TensorFlow or another program uses the processor, several NumPy
# threads are slower than one, because they wait for each other in busy loops.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# The C library of Linux reads these when the processes that compute with NumPy start. By default it
# returns memory to the system after every other operation, and getting it back takes longer than
# the operation.
os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(32 * 1024**2))
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(64 * 1024**2))
