"""Tests of `training.outputs`."""
