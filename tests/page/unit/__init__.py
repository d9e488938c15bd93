"""Tests of the page's modules that know no DOM."""
