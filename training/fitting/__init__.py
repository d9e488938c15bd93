"""Fitting: the softmax regression in TensorFlow, its calibration and its evaluation."""
