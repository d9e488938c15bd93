/** The model's input as 784 numbers, and how they were computed from the drawing. */

import { find, findAll, setText } from "../components/dom.js";
import { formatIntensity, formatNumber, formatSigned } from "../language/format.js";
import { joinSentences } from "../language/sentences.js";
import { gettext } from "../language/messages.js";
import { SIDE } from "../numbers/rasterizer.js";
import { describeTransformation } from "../numbers/transformations.js";
import { describePixel } from "./draw.js";
import { whenChanged } from "../state/memo.js";
import { seenPixels } from "../state/inputs.js";

/** @typedef {import("../state/state.js").Explanation} Explanation */
/** @typedef {import("../state/state.js").Shown} Shown */

/** Above this ink, white numbers have more contrast than black ones; here both have 4.5. */
const WHITE_ON = 0.575;

/** @returns {(shown: Shown) => void} */
export function createView() {
  const story = find("#pixels-story", HTMLElement);
  const at = find("#pixels-at", HTMLElement);
  const cells = findAll("#numbers td", HTMLTableCellElement);
  const weights = findAll("#pixel-terms .weight", HTMLTableCellElement);
  const terms = findAll("#pixel-terms .contribution", HTMLTableCellElement);

  const showNumbers = whenChanged((/** @type {ArrayLike<number> | undefined} */ pixels) => {
    cells.forEach((cell, pixel) => {
      const ink = pixels?.[pixel];
      setText(cell, ink === undefined ? "" : formatIntensity(ink));
      cell.style.setProperty("--ink-share", String(ink ?? 0));
      cell.classList.toggle("inked", (ink ?? 0) > WHITE_ON);
      cell.classList.toggle("blank", ink === 0);
    });
  });

  return (shown) => {
    const { explanation, learned, pixel } = shown;
    showNumbers(explanation ? seenPixels(explanation) : undefined);
    setText(story, describePlacement(shown));
    setText(
      at,
      describePixel(shown) || gettext("Point at a pixel, or choose one with the arrow keys."),
    );
    weights.forEach((cell, digit) => {
      const ink = pixel === null ? undefined : explanation?.inputs[digit][pixel];
      const weight = pixel === null ? undefined : learned?.columns[digit][pixel];
      setText(cell, weight === undefined ? "" : formatSigned(weight));
      const known = weight !== undefined && ink !== undefined;
      setText(terms[digit], known ? formatSigned(ink * weight) : "");
    });
  };
}

/**
 * @param {Shown} shown
 * @returns {string} how the drawing was normalized
 */
function describePlacement({ explanation, summary, image }) {
  if (!explanation) return gettext("Draw a digit to see the 784 numbers that the model gets.");
  const { digit, placement, transformations } = explanation;
  const source = image
    ? gettext("This is an image of MNIST.")
    : gettext(
        "Your drawing was cropped to its ink, scaled into 20 × 20 pixels and centred in 28 × 28.",
      );
  if (!placement || summary?.normalization === "none") {
    return joinSentences([
      source,
      gettext("This model uses it without normalization: 0 is paper, 1 is ink."),
    ]);
  }
  const normalized = [source, describeNormalization(placement)];
  if (summary?.transformations === "none") return joinSentences(normalized);
  return joinSentences([
    ...normalized,
    gettext("Each digit may then change it a little more. These are the numbers of the answer."),
    describeTransformation(digit, transformations[digit]),
  ]);
}

/** @param {NonNullable<Explanation["placement"]>} placement */
function describeNormalization({ centre, slant, reach }) {
  const [right, down] = centre.map((place) => formatSigned(SIDE / 2 - place));
  const degrees = formatSigned((Math.atan(slant) * 180) / Math.PI, 0);
  const [toLeft, toRight, up, below] = reach.map((side) => formatNumber(SIDE / 2 / side, 2));
  return gettext(
    "This model's normalization then moved it {right} pixels to the right and {down} down, " +
      "sheared it by {degrees}° to stand upright, and stretched it {toLeft}× to the left, " +
      "{toRight}× to the right, {up}× up and {below}× down.",
    { right, down, degrees, toLeft, toRight, up, below },
  );
}
