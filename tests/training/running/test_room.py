"""Training with a room: what is learned, what is set aside, and what is printed and saved."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server.regression.familiarity import Familiarity
from server.regression.shapes import DIGITS
from server.storage.history import load_history
from server.storage.model_file import load_model
from tests.training.images import make_images
from training.data.mnist import Dataset, Images
from training.data.room import RoomImages
from training.data.sources import CHECKSUMS
from training.fitting import preparation
from training.fitting.familiarity import learn_variants
from training.fitting.preparation import prepare
from training.fitting.room import check_room, describe_room
from training.outputs.record import Record
from training.running import command, pipeline
from training.settings.options import chosen_recipe, parse_arguments

Run = Callable[..., tuple[Any, str]]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return Dataset(make_images(800, 1), make_images(400, 2), make_images(100, 3), dict(CHECKSUMS))


def in_another_hand(images: Images) -> Images:
    """Write the white rows of `make_images` one pixel lower, as no image of the dataset has them.

    A model that knows only the dataset guesses their labels.
    """
    pixels = np.roll(images.pixels.reshape(-1, 28, 28), 1, axis=1).reshape(-1, 784)
    return Images(pixels, images.labels)


@pytest.fixture(scope="module")
def variants(dataset: Dataset) -> Familiarity:
    return learn_variants(dataset.train)


@pytest.fixture
def run(
    dataset: Dataset,
    variants: Familiarity,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
) -> Run:
    """Run the command with a room; return the last line of its output as JSON, and all of it."""
    # Learning variants takes longer than these trainings.
    monkeypatch.setattr(preparation, "learn_variants", lambda *_: variants)
    monkeypatch.setattr(pipeline, "animate", lambda _history: b"animated")

    def run(room: RoomImages | None, *arguments: str) -> tuple[Any, str]:
        basic = ["--models", str(tmp_path), "--recipe", "tutorial"]
        if "--stream" not in arguments:
            basic += ["--steps", "60"]
        options = parse_arguments([*basic, *arguments])
        recipe = chosen_recipe(options)
        command.run(
            options,
            recipe,
            lambda: prepare(dataset, recipe, options.seed, room),
            lambda: variants,
        )
        output = capsys.readouterr().out
        return json.loads(output.splitlines()[-1]), output

    return run


@pytest.fixture(scope="module")
def room() -> RoomImages:
    return RoomImages(in_another_hand(make_images(200, 4)), in_another_hand(make_images(50, 5)))


def mislabel(images: Images, count: int) -> Images:
    labels = images.labels.copy()
    labels[:count] = (labels[:count] + 3) % DIGITS
    return Images(images.pixels, labels)


def test_the_model_learns_the_hand_of_the_room(run: Run, room: RoomImages, tmp_path: Path) -> None:
    result, output = run(room)
    assert result["room_drawings"] == 250
    assert result["room_accuracy"] > result["room_accuracy_before"] + 0.2
    assert result["test_accuracy"] > 0.9
    model = load_model(tmp_path / "tutorial.npz")
    evidence = model.regression.evidence(room.held_out.intensities)
    assert result["room_accuracy"] == np.mean(evidence.argmax(axis=1) == room.held_out.labels)
    assert model.card.room_drawings == 250
    assert model.card.room_accuracy == result["room_accuracy"]
    assert model.card.room_accuracy_before == result["room_accuracy_before"]
    assert "Room: 250 drawings. 50 are held out, to measure; the training uses 200 of" in output
    before, after = result["room_accuracy_before"], result["room_accuracy"]
    assert f"held-out drawings   {before:.4f} without the room, {after:.4f} with it" in output
    assert "MNIST test images" in output


def test_before_is_the_same_training_without_the_room(
    run: Run, room: RoomImages, tmp_path: Path
) -> None:
    result, _ = run(room, "--seed", "5")
    without, _ = run(None, "--seed", "5", "--name", "without")
    assert not [key for key in without if key.startswith("room")]
    model = load_model(tmp_path / "without.npz")
    assert model.card.room_drawings is None
    evidence = model.regression.evidence(room.held_out.intensities)
    assert result["room_accuracy_before"] == np.mean(
        evidence.argmax(axis=1) == room.held_out.labels
    )


def test_the_training_view_sees_the_comparison(
    run: Run, room: RoomImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phases = []
    monkeypatch.setattr(Record, "set_phase", lambda _record, phase: phases.append(phase))
    run(room)
    assert phases == ["training", "evaluating", "comparing", "evaluating"]
    # The history is that of the model that is saved.
    history = load_history(tmp_path / "history" / "tutorial.npz")
    assert np.array_equal(history.last_weights, load_model(tmp_path / "tutorial.npz").weights)


def test_false_labels_are_set_aside_and_others_are_not(
    dataset: Dataset, variants: Familiarity
) -> None:
    images = RoomImages(mislabel(make_images(200, 4), 60), mislabel(make_images(50, 5), 5))
    room = check_room(images, "none", variants, dataset.validation)
    assert room.is_plausible[:60].mean() < 0.05
    assert room.is_plausible[60:].mean() > 0.95
    assert room.is_held_out_plausible.sum() == pytest.approx(45, abs=2)
    assert "Set aside: " in "".join(describe_room(room))


def test_false_labels_do_not_ruin_the_model(run: Run, room: RoomImages) -> None:
    honest, _ = run(RoomImages(make_images(200, 4), room.held_out))
    joked, output = run(RoomImages(mislabel(make_images(200, 4), 60), room.held_out))
    assert joked["test_accuracy"] >= honest["test_accuracy"] - 0.02
    assert "Set aside: 60, because" in output


NO_IMAGES = make_images(0, 0)


def test_a_room_without_a_held_out_drawing_has_no_accuracy(run: Run, room: RoomImages) -> None:
    result, output = run(RoomImages(room.train, NO_IMAGES))
    assert result["room_drawings"] == 200
    assert result["room_accuracy"] is None
    assert result["room_accuracy_before"] is None
    assert "No drawing of the room is held out" in output


def test_a_room_that_is_all_held_out_or_set_aside_changes_nothing(
    run: Run, room: RoomImages, tmp_path: Path
) -> None:
    run(None, "--name", "without")
    for images in (NO_IMAGES, mislabel(make_images(9, 4), 9)):
        result, output = run(RoomImages(images, room.held_out), "--name", "with")
        assert "the model is the same as without the room" in output
        assert result["room_accuracy"] == result["room_accuracy_before"]
        weights = [load_model(tmp_path / f"{name}.npz").weights for name in ("with", "without")]
        assert np.array_equal(*weights)


@pytest.mark.parametrize(
    ("count", "message"),
    [
        pytest.param(1, "All of them are of the digit 3", id="one drawing"),
        pytest.param(20, "All of them are of the digit 3", id="one digit"),
        pytest.param(40, "Fewer than 50 drawings change", id="few"),
    ],
)
def test_a_small_room_is_used_and_the_output_says_what_to_expect(
    run: Run, count: int, message: str
) -> None:
    images = make_images(400, 4)
    if count < 40:
        images = images.select(images.labels == 3)
    result, output = run(RoomImages(images.select(slice(count)), make_images(5, 5)))
    assert message in output
    assert result["test_accuracy"] > 0.9


@pytest.mark.parametrize("options", [["--batch-size", "all"], ["--stream", "3000"]])
def test_a_room_can_be_used_with_other_options(
    run: Run, room: RoomImages, options: list[str]
) -> None:
    result, _ = run(room, *options)
    assert result["room_drawings"] == 250


def test_with_augmentation_the_rooms_images_are_not_normalized_yet(
    dataset: Dataset, room: RoomImages
) -> None:
    recipe = chosen_recipe(parse_arguments(["--recipe", "normalized", "--stream", "3000"]))
    recipe = replace(recipe, synthetic=20)
    prepared = prepare(dataset, recipe, 0, room)
    assert prepared.room is not None
    added = prepared.training_images.select(slice(prepared.other_count, None))
    originals = {pixels.tobytes() for pixels in room.train.pixels}
    assert len(added.labels) > 0
    assert {pixels.tobytes() for pixels in added.pixels} <= originals
    assert len(prepared.other_images.labels) == len(dataset.train.labels) + 20
    # What is familiar is normalized in any case.
    assert np.array_equal(prepared.familiar.labels, prepared.training_images.labels)
    familiar = prepared.familiar.select(slice(prepared.other_count, None))
    assert {pixels.tobytes() for pixels in familiar.pixels} <= {
        pixels.tobytes() for pixels in prepared.room.train.pixels
    }
