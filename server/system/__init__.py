"""The operating system: files that are replaced atomically, child processes, and limits."""
