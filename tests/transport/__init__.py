"""Tests of `server.transport`."""
