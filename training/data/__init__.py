"""The training data: MNIST, found or downloaded and verified, and synthetic digits."""
