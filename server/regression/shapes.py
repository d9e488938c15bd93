"""Image size, number of digits, and the array type that all packages share."""

import numpy as np
from numpy.typing import NDArray

SIDE = 28
PIXELS = SIDE * SIDE
DIGITS = 10

Floats = NDArray[np.float32]
