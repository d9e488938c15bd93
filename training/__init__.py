"""Training, offline and in TensorFlow: MNIST in, a model file for the server out."""

import os

# TensorFlow reads it when it is imported: its notes on processors and GPUs would bury the progress.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# So does NumPy. While TensorFlow computes, or another program does, NumPy's threads would wait for
# one another in busy loops, and cost more than they bring.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
