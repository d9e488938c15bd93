"""The SavedModel gives the server's answers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from server.regression.model import Model
from server.regression.regression import softmax
from server.regression.shapes import DIGITS, PIXELS, SIDE, Floats
from server.storage.model_file import MODELS, load_model
from training.data.mnist import load_mnist
from training.data.sources import DataError
from training.outputs import export, tensorflow_normalization
from training.outputs.export import TOLERANCE, export_model


@pytest.fixture(scope="module", params=["tutorial", "normalized", "pooled"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Export a model of the demo; return it and the signature that is loaded back."""
    model = load_model(MODELS / f"{request.param}.npz")
    directory = tmp_path_factory.mktemp("export") / request.param
    export_model(model, directory)
    # The loaded object must live as long as its signature is used.
    loaded = tf.saved_model.load(str(directory))
    return model, loaded, loaded.signatures["serving_default"]


def odd_drawings() -> dict[str, Floats]:
    random = np.random.default_rng(0)
    noise = random.random((200, PIXELS))
    corner = np.zeros((4, PIXELS))
    corner[range(4), [0, SIDE - 1, PIXELS - SIDE, PIXELS - 1]] = 1
    bar = np.zeros((2, SIDE, SIDE))
    bar[0, 14] = bar[1, :, 3] = 1
    drawings = {
        "paper": np.zeros((1, PIXELS)),
        "all ink": np.ones((1, PIXELS)),
        "a pixel in each corner": corner,
        "bars": bar.reshape(2, PIXELS),
        "noise": noise,
        "specks": noise * (random.random(noise.shape) < 0.02),
        "next to no ink": noise[:20] * 1e-6,
    }
    return {name: images.astype(np.float32) for name, images in drawings.items()}


def differences(exported: Any, pixels: Floats) -> Any:
    model, _, signature = exported
    answer = signature(pixels=tf.constant(pixels))
    expected = softmax(model.regression.evidence(model.normalize(pixels)))
    return np.abs(answer["probabilities"].numpy() - expected).max(axis=1)


@pytest.mark.parametrize("drawing", odd_drawings())
def test_odd_drawings_have_the_servers_probabilities(exported: Any, drawing: str) -> None:
    assert differences(exported, odd_drawings()[drawing]).max() < TOLERANCE


def test_mnists_test_images_have_the_servers_answers(exported: Any) -> None:
    try:
        pixels = load_mnist().test.intensities[:3_000]
    except DataError as error:
        pytest.skip(str(error))
    found = differences(exported, pixels)
    assert found.max() < TOLERANCE
    # Rounding to another byte value is rare.
    assert np.mean(found > 1e-5) < 0.005
    model, _, signature = exported
    digits = signature(pixels=tf.constant(pixels))["digit"].numpy()
    expected = model.regression.evidence(model.normalize(pixels)).argmax(axis=1)
    assert np.mean(digits != expected) < 0.001


def test_an_answer_for_one_drawing_has_all_outputs(exported: Any) -> None:
    model, _, signature = exported
    pixels = odd_drawings()["specks"][:1]
    answer = {key: value.numpy() for key, value in signature(pixels=tf.constant(pixels)).items()}
    assert answer["probabilities"].shape == answer["evidence"].shape == (1, DIGITS)
    assert np.allclose(answer["normalized"], model.normalize(pixels), atol=1.01 / 255)
    assert answer["digit"].tolist() == [answer["evidence"].argmax()]


def test_every_normalization_of_the_server_can_be_exported() -> None:
    from server.regression.normalization import NORMALIZATIONS

    assert tensorflow_normalization.NORMALIZATIONS.keys() == NORMALIZATIONS.keys()


def test_a_directory_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    model: Model = load_model(MODELS / "tutorial.npz")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        export_model(model, tmp_path / "file" / "below")
    with pytest.raises(OSError, match="this is a file"):
        export_model(model, tmp_path / "file")


def test_an_export_replaces_only_an_export_of_the_same_model(tmp_path: Path) -> None:
    tutorial, normalized = (
        load_model(MODELS / f"{name}.npz") for name in ("tutorial", "normalized")
    )
    directory = tmp_path / "export"
    export_model(tutorial, directory)
    (directory / "saved_model.pb").write_bytes(b"old")
    export_model(tutorial, directory)
    tf.saved_model.load(str(directory))
    with pytest.raises(FileExistsError, match="has the model 'tutorial'"):
        export_model(normalized, directory)
    (tmp_path / "mine.txt").write_text("not a SavedModel")
    with pytest.raises(FileExistsError, match="has other files"):
        export_model(tutorial, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export", "mine.txt"]


def test_an_export_that_failed_on_a_mount_point_is_replaced_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_model(MODELS / "tutorial.npz")
    directory = tmp_path / "mounted"
    directory.mkdir()
    save = tf.saved_model.save

    def fill_the_disk(_module: object, path: str, **_: object) -> None:
        (Path(path) / "variables").mkdir()
        raise tf.errors.ResourceExhaustedError(None, None, "variables; No space left on device")

    monkeypatch.setattr(Path, "is_mount", lambda self: self == directory)
    monkeypatch.setattr(tf.saved_model, "save", fill_the_disk)
    with pytest.raises(OSError, match="No space left"):
        export_model(model, directory)
    monkeypatch.setattr(tf.saved_model, "save", save)
    export_model(model, directory)
    tf.saved_model.load(str(directory))


def test_a_failed_export_keeps_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_model(MODELS / "tutorial.npz")
    export_model(model, tmp_path / "export")

    def disk_full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "sync_tree", disk_full)
    with pytest.raises(OSError, match="No space left"):
        export_model(model, tmp_path / "export")
    tf.saved_model.load(str(tmp_path / "export"))
    assert [path.name for path in tmp_path.iterdir()] == ["export"]
