"""Tests of the room: its file, its limits and its addresses."""
