/** Step 5 of the guide: the cross-entropy of the answer for a label. */

import { createChart, placeLine } from "../components/chart.js";
import { find, setText } from "../components/dom.js";
import { linearTicks } from "../numbers/axis.js";
import { formatPercent } from "../numbers/format.js";
import { crossEntropy } from "../numbers/regression.js";
import { createDigitButtons } from "./digit_buttons.js";

/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Change} Change */

/** The range of the chart. The loss of a probability close to 0 is above it. */
const RANGE = { least: 0, most: 7 };

/** The probabilities at which the loss is drawn: the first one has the loss at the chart's top. */
const PROBABILITIES = [
  Math.exp(-RANGE.most),
  ...Array.from({ length: 200 }, (_, i) => (i + 1) / 200),
];

/** @param {Change} change */
export function createLoss(change) {
  const section = find("#guide-5", HTMLElement);
  const showLabels = createDigitButtons(section, (label) => change({ label }));
  const root = find("#guide-loss", HTMLElement);
  const now = find(".now", SVGLineElement, root);
  const words = find("#guide-loss-words", HTMLElement);

  const losses = PROBABILITIES.map((probability) => -Math.log(probability));
  createChart(root).show({
    places: PROBABILITIES,
    series: [{ className: "chosen", values: losses }],
    range: RANGE,
    xTicks: linearTicks(0, 1, (share) => String(Math.round(100 * share))),
    yTicks: linearTicks(RANGE.least, RANGE.most, String),
    describe: (index) =>
      `Probability ${formatPercent(PROBABILITIES[index])}: a loss of ${losses[index].toFixed(2)}`,
    headers: ["Probability of the true digit", "Loss"],
    toCells: (index) => [formatPercent(PROBABILITIES[index]), losses[index].toFixed(2)],
  });

  return (/** @type {Shown} */ { prediction, label }) => {
    const truth = label ?? prediction?.digit ?? null;
    showLabels(truth);
    const known = prediction?.evidence && truth !== null;
    now.classList.toggle("away", !known);
    if (!known || !prediction?.evidence) {
      return setText(words, "Draw a digit or choose a sample digit.");
    }
    const probability = prediction.probabilities[truth];
    const loss = crossEntropy(prediction.evidence, truth);
    placeLine(now, "x", probability);
    const beyond = loss > RANGE.most ? ", beyond the chart's top" : "";
    setText(
      words,
      `Label ${truth}: the model gave it a probability of ${formatPercent(probability)}, so the loss is −ln of that, ${loss.toFixed(2)}${beyond}.`,
    );
  };
}
