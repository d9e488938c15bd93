/** Step 5 of the guide: the cross-entropy of the answer for a label. */

import { linePath, scaleY } from "../numbers/axis.js";
import { find, findAll, setText } from "../components/dom.js";
import { formatPercent } from "../numbers/format.js";
import { crossEntropy } from "../numbers/regression.js";
import { createDigitButtons } from "./digit_buttons.js";

/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Change} Change */

/** The chart's viewBox and range. */
const LOSS = { width: 400, height: 200, least: 0, most: 7 };

/** The loss of a smaller probability is above the chart. */
const MIN_PROBABILITY = Math.exp(-LOSS.most);

/** @param {Change} change */
export function createLoss(change) {
  const section = find("#guide-5", HTMLElement);
  const showLabels = createDigitButtons(section, (label) => change({ label }));
  const [, line, now] = findAll("#guide-loss path", SVGPathElement);
  const point = find("#guide-loss circle", SVGCircleElement);
  const words = find("#guide-loss-words", HTMLElement);

  const probabilities = Array.from({ length: 401 }, (_, index) => index / 400);
  line.setAttribute(
    "d",
    linePath(
      probabilities.map((p) => -Math.log(p)),
      LOSS,
    ),
  );
  const toY = scaleY(LOSS.height, LOSS.least, LOSS.most);

  return (/** @type {Shown} */ { prediction, label }) => {
    const truth = label ?? prediction?.digit ?? null;
    showLabels(truth);
    const known = prediction?.evidence && truth !== null;
    now.classList.toggle("away", !known);
    point.classList.toggle("away", !known);
    if (!known || !prediction?.evidence) {
      return setText(words, "Draw a digit or choose a sample digit.");
    }
    const probability = prediction.probabilities[truth];
    const loss = crossEntropy(prediction.evidence, truth);
    const x = probability * LOSS.width;
    now.setAttribute("d", `M${x} ${LOSS.height}V${toY(loss)}`);
    point.setAttribute("cx", String(x));
    point.setAttribute("cy", String(toY(loss)));
    const beyond = probability < MIN_PROBABILITY ? ", beyond the chart's top" : "";
    setText(
      words,
      `Label ${truth}: the model gave it a probability of ${formatPercent(probability)}, so the loss is −ln of that, ${loss.toFixed(2)}${beyond}.`,
    );
  };
}
