"""The prediction for one drawing, with all that the page shows of it."""

from typing import Literal

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType

from server.regression.familiarity import features
from server.regression.heatmap import PALETTE, data_uri, greyscale, shades_of
from server.regression.model import Model
from server.regression.normalization import Placement
from server.regression.png import encode_png
from server.regression.regression import softmax
from server.regression.shapes import SIDE, Floats
from server.regression.transformations import Transformation

# The minimum probability of a sure answer. With a higher one, fewer real digits would be probable
# enough. To keep the fraction of sure answers, the limit of the distance would have to be higher,
# and more drawings that are not digits would be within it.
SURE_PROBABILITY = 0.4

# Why an answer is not sure.
Doubt = Literal["no ink", "unlike", "torn"]


class Prediction(msgspec.Struct, kw_only=True):
    """The prediction for one drawing: `model`, `digit`, `sure` and the requested fields.

    `doubt` is the reason why the answer is not sure, null if it is: there is "no ink"; the drawing
    is "unlike" the predicted digit's training images; or the probability is "torn" between digits.
    `digest` identifies the model's content.
    `distance` is the drawing's distance from those images; beyond 1 it is unlike them.
    `probabilities`, `evidence` and `bias` have one number per digit. `pixels` are the 784 of the
    normalized drawing, and `placement` is where in the drawing they were sampled from.
    `transformations` has one per digit: what is done to these pixels before they are multiplied by
    its weights. `input` is a PNG data URI (ink white) of the pixels as the predicted digit
    transforms them. `contributions` has one PNG per digit: transformed pixel × weight, red against
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
    transformations: list[Transformation] | UnsetType = UNSET
    input: str | UnsetType = UNSET
    contributions: list[str] | UnsetType = UNSET


OPTIONAL_FIELDS = frozenset(Prediction.__struct_fields__) - {"model", "digit", "sure"}

# Encoding their eleven PNGs takes about as long as computing all other fields.
IMAGE_FIELDS = frozenset({"input", "contributions"})


def predict(model: Model, pixels: Floats, fields: frozenset[str] = OPTIONAL_FIELDS) -> Prediction:
    """Return the prediction for pixels (784,) in [0, 1], with the given OPTIONAL_FIELDS.

    Other fields are not computed, because half of the time is spent on IMAGE_FIELDS.
    """
    return predict_all(model, pixels[np.newaxis], fields)[0]


def predict_all(model: Model, pixels: Floats, fields: frozenset[str]) -> list[Prediction]:
    """Return the predictions for pixels (n, 784) of several drawings, each as `predict` does.

    One batch is faster than n calls, because most of a single prediction is NumPy's call overhead.
    """
    normalized = model.normalize(pixels)
    regression = model.regression
    evidence = regression.evidence(normalized)
    digits = evidence.argmax(axis=1).tolist()
    distances = model.familiarity.distances_one_by_one(features(normalized), digits)
    has_ink = (pixels.max(axis=1) > 0).tolist()
    all_probabilities, all_evidence = softmax(evidence).tolist(), evidence.tolist()
    predictions = []
    for row, (digit, distance) in enumerate(zip(digits, distances, strict=True)):
        probabilities = all_probabilities[row]
        doubt: Doubt | None = None
        if not has_ink[row]:
            doubt = "no ink"
        elif distance > 1:
            doubt = "unlike"
        elif probabilities[digit] < SURE_PROBABILITY:
            doubt = "torn"
        prediction = Prediction(model=model.name, digit=digit, sure=doubt is None)
        if "digest" in fields:
            prediction.digest = model.digest
        if "doubt" in fields:
            prediction.doubt = doubt
        if "distance" in fields:
            prediction.distance = distance
        if "probabilities" in fields:
            prediction.probabilities = probabilities
        if "evidence" in fields:
            prediction.evidence = all_evidence[row]
        if "bias" in fields:
            prediction.bias = model.bias.tolist()
        if "pixels" in fields:
            prediction.pixels = normalized[row].tolist()
        if "placement" in fields:
            prediction.placement = model.placement(pixels[row])
        if "transformations" in fields:
            prediction.transformations = [
                regression.transformation_set.transformations[number]
                for number in regression.chosen(normalized[row])
            ]
        if fields & IMAGE_FIELDS:
            inputs = regression.inputs(normalized[row])
            if "input" in fields:
                prediction.input = data_uri(greyscale(inputs[digit].reshape(SIDE, SIDE)))
            if "contributions" in fields:
                prediction.contributions = draw_contributions(inputs * regression.weights.T)
        predictions.append(prediction)
    return predictions


def draw_contributions(contributions: Floats) -> list[str]:
    """Return contributions (10, 784) as PNG data URIs on one scale."""
    limit = float(np.abs(contributions).max())
    shades = shades_of(contributions.reshape(-1, SIDE, SIDE), limit)
    return [data_uri(encode_png(one, PALETTE)) for one in shades]
