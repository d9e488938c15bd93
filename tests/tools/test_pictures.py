"""The README's pictures, and how they are written."""

import io

import numpy as np
from PIL import Image, ImageSequence

from tests.pictures.files import animated_webp, reduce_colours, still_png
from tests.support.serving import ROOT

WHITE = (255, 255, 255)
INK = (28, 30, 33)


def test_the_readme_shows_both_pictures_and_says_how_they_are_made() -> None:
    readme = (ROOT / "README.md").read_text()
    for words in ("(static/screenshot.png)", 'src="static/demo.webp"', "python -m tests.pictures"):
        assert words in readme


def test_the_still_picture_is_small_and_sharp() -> None:
    path = ROOT / "static" / "screenshot.png"
    assert path.stat().st_size < 150_000
    with Image.open(path) as picture:
        assert picture.size == (1800, 1350)


def test_the_animation_is_under_a_megabyte_and_repeated() -> None:
    path = ROOT / "static" / "demo.webp"
    assert path.stat().st_size < 1_000_000
    durations = []
    with Image.open(path) as picture:
        assert picture.size == (1200, 900)
        assert picture.info["loop"] == 0
        for frame in ImageSequence.Iterator(picture):
            frame.load()
            durations.append(frame.info["duration"])
    assert len(durations) > 60
    assert 10_000 < sum(durations) < 20_000


def test_frames_keep_their_order_their_durations_and_their_common_colours() -> None:
    frames = [Image.new("RGB", (40, 30), WHITE) for _ in range(3)]
    for index, frame in enumerate(frames):
        frame.paste(INK, (10 * index, 0, 10 * index + 10, 30))
    picture = Image.open(io.BytesIO(animated_webp(frames, [80, 240, 1600])))
    shown = []
    for frame, expected in zip(ImageSequence.Iterator(picture), frames, strict=True):
        assert np.array_equal(np.asarray(frame.convert("RGB")), np.asarray(expected))
        shown.append(frame.info["duration"])
    assert shown == [80, 240, 1600]


def test_only_rare_colours_are_rounded() -> None:
    frame = Image.new("RGB", (100, 100), INK)
    frame.putpixel((7, 3), (201, 3, 254))
    (reduced,) = reduce_colours([frame])
    assert reduced.getpixel((0, 0)) == INK
    assert reduced.getpixel((7, 3)) == (200, 4, 255)


def test_a_still_picture_has_at_most_256_colours() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    picture = Image.open(io.BytesIO(still_png(Image.fromarray(noise))))
    assert picture.size == (40, 30)
    assert len(picture.convert("RGB").getcolors(1 << 24)) <= 256
