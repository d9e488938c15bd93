"""Tests of `server.regression`."""
