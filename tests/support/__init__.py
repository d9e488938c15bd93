"""What several tests and tools share: the running server, pen strokes, requests, limits."""
