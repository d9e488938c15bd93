"""Tests of `training.running`."""
