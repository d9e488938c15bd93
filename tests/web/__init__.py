"""Tests of `server.web`."""
