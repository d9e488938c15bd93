"""`python -m training`."""

import signal

# TensorFlow takes seconds to import. Until `main` begins, Ctrl-C ends the process without a word.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from training.command import main  # noqa: E402, the line above must come first

main()
