"""What is fast and how fast, measured against floors and peers in one run; no tests."""
