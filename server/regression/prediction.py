"""What the server answers about one drawing."""

from typing import Literal

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType

from server.regression.familiarity import features
from server.regression.heatmap import data_uri, heatmap, picture
from server.regression.model import Model, softmax
from server.regression.normalization import Placement
from server.regression.shapes import SIDE, Floats

# Below it the answer is a guess between digits. A higher bound spends more of the digits that may
# be refused on telling them apart, and leaves fewer for refusing what is no digit.
SURE_PROBABILITY = 0.4

# Why an answer is not sure.
Doubt = Literal["no ink", "unlike", "torn"]


class Prediction(msgspec.Struct, kw_only=True):
    """The answer for one drawing: all fields, or `model`, `digit`, `sure` and those asked for.

    `doubt` says why the answer is not sure, and is null where it is: there is "no ink"; the drawing
    is "unlike" the answered digit's training images; or the probability is "torn" between digits.
    `digest` is the model's, which is another when the model is.
    `distance` is how far it lies from those images; what lies beyond 1 is unlike them.
    `probabilities`, `evidence` and `bias` have one number a digit. `pixels` are the 784 that W was
    multiplied with, `placement` says where in the drawing they were taken from, `input` is a PNG
    data URI of them (ink white). `contributions` has one PNG a digit: pixel × weight, red against
    it, blue for it, on one scale.
    """

    model: str
    digit: int
    sure: bool
    digest: str | UnsetType = UNSET
    doubt: Doubt | UnsetType | None = UNSET
    distance: float | UnsetType = UNSET
    probabilities: list[float] | UnsetType = UNSET
    evidence: list[float] | UnsetType = UNSET
    bias: list[float] | UnsetType = UNSET
    pixels: list[float] | UnsetType = UNSET
    placement: Placement | UnsetType = UNSET
    input: str | UnsetType = UNSET
    contributions: list[str] | UnsetType = UNSET


OPTIONAL_FIELDS = frozenset(Prediction.__struct_fields__) - {"model", "digit", "sure"}

# Encoding a PNG takes several times as long as the rest of an answer.
IMAGE_FIELDS = frozenset({"input", "contributions"})


def predict(model: Model, pixels: Floats, fields: frozenset[str] = OPTIONAL_FIELDS) -> Prediction:
    """Answer for pixels (784,) in [0, 1] with those of OPTIONAL_FIELDS that are asked for.

    Nothing else is computed: pictures cost a hundred times what the model costs.
    """
    return predict_all(model, pixels[np.newaxis], fields)[0]


def predict_all(model: Model, pixels: Floats, fields: frozenset[str]) -> list[Prediction]:
    """Answer the same for pixels (n, 784) of several drawings, each as if it were the only one.

    Most of what a single one costs is calling NumPy, which several share.
    """
    seen = model.normalize(pixels)
    evidence = model.evidence(seen)
    probabilities = softmax(evidence)
    found = features(seen)
    answers = []
    for row, digit in enumerate(evidence.argmax(axis=1).tolist()):
        distance = float(model.familiarity.distances(found[row], digit))
        doubt: Doubt | None = None
        if not pixels[row].any():
            doubt = "no ink"
        elif distance > 1:
            doubt = "unlike"
        elif probabilities[row, digit] < SURE_PROBABILITY:
            doubt = "torn"
        answer = Prediction(model=model.name, digit=digit, sure=doubt is None)
        if "digest" in fields:
            answer.digest = model.digest
        if "doubt" in fields:
            answer.doubt = doubt
        if "distance" in fields:
            answer.distance = distance
        if "probabilities" in fields:
            answer.probabilities = probabilities[row].tolist()
        if "evidence" in fields:
            answer.evidence = evidence[row].tolist()
        if "bias" in fields:
            answer.bias = model.bias.tolist()
        if "pixels" in fields:
            answer.pixels = seen[row].tolist()
        if "placement" in fields:
            answer.placement = model.placement(pixels[row])
        if "input" in fields:
            answer.input = data_uri(picture(seen[row].reshape(SIDE, SIDE)))
        if "contributions" in fields:
            contributions = model.contributions(seen[row]).reshape(-1, SIDE, SIDE)
            limit = float(np.abs(contributions).max())
            answer.contributions = [data_uri(heatmap(values, limit)) for values in contributions]
        answers.append(answer)
    return answers
