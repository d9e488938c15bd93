"""A directory of models, watched."""

import os
from pathlib import Path

import pytest

from server.storage.model_store import DEFAULT_MODEL, ModelStore
from tests.support.factories import save_small_model


def favourite(store: ModelStore, name: str) -> int:
    model = store.find(name)
    assert model is not None
    return int(model.bias.argmax())


def test_a_replaced_model_is_taken_up(models: Path) -> None:
    store = ModelStore(models)
    assert favourite(store, "small") == 0
    save_small_model(models, favourite=7)
    assert favourite(store, "small") == 7


def test_a_model_is_taken_up_though_the_clock_was_set_back(models: Path) -> None:
    store = ModelStore(models)
    for number, favoured in enumerate((7, 3, 5)):
        path = save_small_model(models, favourite=favoured)
        hour = 3_600 * (400_000 - number)
        os.utime(path, (hour, hour))
        assert favourite(store, "small") == favoured


def test_a_new_model_is_taken_up_and_one_that_is_gone_is_dropped(models: Path) -> None:
    store = ModelStore(models)
    path = save_small_model(models, "another")
    assert list(store.models) == ["another", "small"]
    path.unlink()
    assert list(store.models) == ["small"]


def test_a_broken_model_is_logged_once_and_the_old_one_goes_on(
    models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = ModelStore(models)
    (models / "small.npz").write_bytes(b"broken")
    assert favourite(store, "small") == 0
    assert favourite(store, "small") == 0
    (record,) = caplog.records
    assert "small.npz: not a valid .npz file" in record.getMessage()
    assert "previous one kept" in record.getMessage()
    save_small_model(models, favourite=3)
    assert favourite(store, "small") == 3


def test_a_recent_scan_is_reused_only_where_that_is_accepted(models: Path) -> None:
    store = ModelStore(models, max_scan_age=60)
    save_small_model(models, favourite=7)
    recent = store.find_recent("small")
    assert recent is not None
    assert recent.bias.argmax() == 0
    assert favourite(store, "small") == 7


def test_the_default_model_comes_first(models: Path) -> None:
    save_small_model(models, "a-first-name")
    save_small_model(models, DEFAULT_MODEL)
    store = ModelStore(models)
    assert next(iter(store.models)) == DEFAULT_MODEL
    assert store.find() is store.find(DEFAULT_MODEL)


@pytest.mark.parametrize("directory", ["missing", "."])
def test_a_directory_without_models_has_none(tmp_path: Path, directory: str) -> None:
    assert ModelStore(tmp_path / directory).find() is None
