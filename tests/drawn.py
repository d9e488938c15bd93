"""`python -m tests.drawn FILE`: how well the demo reads people's pen strokes.

Each drawing is replayed, as pointer events, on the real page in headless Chromium, and the real
server answers. It measures; it is no test.

Each line of the file, gzipped or not, is a drawing, x and y as fractions of the pad's side:
{"label": 5, "hand": NAME, "strokes": [[[x, y], …], …]}.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from tqdm import tqdm

from tests.browser import launch_browser
from tests.support.digits import read_drawings
from tests.support.serving import serve

BATCH = 50

# Draws every drawing of a batch in turn; returns [digit, sure] of each.
REPLAY = """
async (drawings) => {
  const pad = document.querySelector("canvas#pad");
  const clear = document.querySelector("button#clear");
  const answer = document.querySelector("output#answer");
  const box = pad.getBoundingClientRect();

  const send = (type, [x, y]) =>
    pad.dispatchEvent(new PointerEvent(type, {
      pointerId: 1, pointerType: "pen", isPrimary: true, button: 0, buttons: 1, bubbles: true,
      clientX: box.left + x * box.width, clientY: box.top + y * box.height,
    }));

  const answered = () => new Promise((resolve) => {
    const check = () => {
      if (answer.ariaBusy !== "false") return;
      observer.disconnect();
      resolve();
    };
    const observer = new MutationObserver(check);
    observer.observe(answer, { attributes: true });
    check();
  });

  const answers = [];
  for (const strokes of drawings) {
    clear.click();
    for (const stroke of strokes) {
      send("pointerdown", stroke[0]);
      for (const point of stroke.slice(1)) send("pointermove", point);
      send("pointerup", stroke.at(-1));
    }
    await answered();
    answers.push([answer.dataset.digit, answer.dataset.sure === "true"]);
  }
  return answers;
}
"""


def main() -> None:
    """Replay a file's drawings and print how many were read right."""
    arguments = parse_arguments()
    drawings = read_drawings(arguments.file, arguments.limit)
    if not drawings:
        sys.exit(f"{arguments.file} has no drawings")
    strokes = [drawing["strokes"] for drawing in drawings]
    model, answers = ask_page(strokes, arguments.model, arguments.models)
    print(json.dumps(summarize(model, drawings, answers)))


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.drawn", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.jsonl[.gz]")
    parser.add_argument("--limit", type=int, help="replay only so many drawings")
    add_model_options(parser)
    return parser.parse_args()


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Let the command choose the model that is measured."""
    parser.add_argument("--model", help="the model to ask; the default one unless given")
    parser.add_argument("--models", help="directory of model files; the demo's unless given")


def ask_page(
    drawings: Sequence[Any], model: str | None, models: str | None
) -> tuple[str, list[tuple[str, bool]]]:
    """Replay drawings through the demo; return the model's name and what `replay` does."""
    options = ["--models", models] if models else []
    with serve(*options) as url, launch_browser() as browser:
        page = browser.new_page()
        page.goto(url)
        page.wait_for_selector("#model option", state="attached")
        if model:
            page.select_option("#model", model)
        return page.input_value("#model"), replay(page, drawings)


def replay(page: Page, drawings: Sequence[Any]) -> list[tuple[str, bool]]:
    """Draw each drawing on the page and return the digit shown, and whether it was sure."""
    answers: list[tuple[str, bool]] = []
    with tqdm(total=len(drawings), unit="drawing") as progress:
        for start in range(0, len(drawings), BATCH):
            batch = drawings[start : start + BATCH]
            answers += [(digit, sure) for digit, sure in page.evaluate(REPLAY, batch)]
            progress.update(len(batch))
    return answers


def summarize(
    model: str, drawings: list[dict[str, Any]], answers: list[tuple[str, bool]]
) -> dict[str, Any]:
    """Return the fraction read right, over all and by hand and label, and the fraction sure."""
    right = [
        digit == str(drawing["label"])
        for drawing, (digit, _) in zip(drawings, answers, strict=True)
    ]

    def rates(key: str) -> dict[str, float]:
        groups = defaultdict(list)
        for drawing, is_right in zip(drawings, right, strict=True):
            groups[str(drawing[key])].append(is_right)
        return {name: mean(groups[name]) for name in sorted(groups)}

    return {
        "model": model,
        "drawings": len(drawings),
        "accuracy": mean(right),
        "sure": mean([sure for _, sure in answers]),
        "per_hand": rates("hand"),
        "per_label": rates("label"),
    }


def mean(values: list[bool]) -> float:
    """Return the fraction that is true, to four places."""
    return round(sum(values) / len(values), 4)


if __name__ == "__main__":
    main()
