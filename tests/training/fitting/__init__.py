"""Tests of `training.fitting`."""
