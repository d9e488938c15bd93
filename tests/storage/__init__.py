"""Tests of `server.storage`."""
