"""`python -m tests.benchmarks.fit FILE`: a script that trains the tutorial's model with `fit`.

MNIST, a thousand steps, three accuracies, W and b in a file. It keeps no history, learns nothing
that tells a digit from what is none, and makes neither report nor animation: it does less than
`python -m training --recipe tutorial`.
"""

import sys
from pathlib import Path

import numpy as np

from tests.benchmarks.loops import fit
from training.data.mnist import load_mnist


def main() -> None:
    """Train, evaluate and save."""
    dataset = load_mnist()
    model = fit(dataset.train)
    for part in (dataset.train, dataset.validation, dataset.test):
        _, accuracy = model.evaluate(part.intensities, part.labels, verbose=0)
        print(f"accuracy {accuracy:.4f}")
    weights, bias = model.get_weights()
    np.savez(Path(sys.argv[1]), weights=weights, bias=bias)


if __name__ == "__main__":
    main()
