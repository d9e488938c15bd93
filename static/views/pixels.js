/** The model's input as 784 numbers, and how they were computed from the drawing. */

import { find, findAll, setText } from "../components/dom.js";
import { formatIntensity, formatSigned } from "../numbers/format.js";
import { SIDE } from "../numbers/rasterizer.js";
import { describeTransformation } from "../numbers/transformations.js";
import { describePixel } from "./draw.js";
import { whenChanged } from "../state/memo.js";
import { seenPixels } from "../state/inputs.js";

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
    setText(at, describePixel(shown) || "Point at a pixel, or choose one with the arrow keys.");
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
  if (!explanation) return "Draw a digit to see the 784 numbers that the model gets.";
  const source = image
    ? "This is an image of MNIST."
    : "Your drawing was cropped to its ink, scaled into 20 × 20 pixels and centred in 28 × 28.";
  const placement = explanation.placement;
  if (!placement || summary?.normalization === "none") {
    return `${source} This model uses it without normalization: 0 is paper, 1 is ink.`;
  }
  const { centre, slant, reach } = placement;
  const [right, down] = centre.map((place) => SIDE / 2 - place);
  const degrees = (Math.atan(slant) * 180) / Math.PI;
  const [left, rightwards, top, bottom] = reach.map((side) => `${(SIDE / 2 / side).toFixed(2)}×`);
  const normalized =
    `${source} This model's normalization then moved it ${formatSigned(right)} pixels to the right ` +
    `and ${formatSigned(down)} down, sheared it by ${formatSigned(degrees, 0)}° to stand upright, and ` +
    `stretched it ${left} to the left, ${rightwards} to the right, ${top} up and ${bottom} down.`;
  if (summary?.transformations === "none") return normalized;
  const { digit, transformations } = explanation;
  return (
    `${normalized} Before its weights, each digit may change it a little more. These are the numbers ` +
    `of the answer: ${describeTransformation(digit, transformations[digit])}`
  );
}
