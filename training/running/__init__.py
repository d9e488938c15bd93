"""Running a training: the command, its processes and its signals."""
