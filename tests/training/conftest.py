"""MNIST, for the tests that train on it."""

import pytest

from training.data.mnist import Dataset, load_mnist
from training.data.sources import DataError


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    """Fetch the real MNIST; a machine that cannot have it skips what needs it."""
    try:
        return load_mnist()
    except DataError as error:
        pytest.skip(str(error))
