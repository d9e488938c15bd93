"""Sockets and processes: connections, limits, workers, and the path past Flask."""
