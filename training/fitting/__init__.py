"""Fitting a softmax regression to the data, and its evaluation.

`preparation`, `familiarity` and `evaluation` use only NumPy: a child process prepares the data
while the main process imports TensorFlow. `batches`, `regression` and `distribution` use
TensorFlow.
"""
