/** Step 5 of the guide: the cross-entropy of the answer for a label. */

import { createChart, placeLine } from "../components/chart.js";
import { find, setText } from "../components/dom.js";
import { linearTicks } from "../numbers/axis.js";
import { formatCount, formatNumber, formatPercent } from "../language/format.js";
import { gettext } from "../language/messages.js";
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
    yTicks: linearTicks(RANGE.least, RANGE.most, formatCount),
    describe: (index) =>
      gettext("Probability {probability}: a loss of {loss}", {
        probability: formatPercent(PROBABILITIES[index]),
        loss: formatNumber(losses[index], 2),
      }),
    headers: [gettext("Probability of the true digit"), gettext("Loss")],
    toCells: (index) => [formatPercent(PROBABILITIES[index]), formatNumber(losses[index], 2)],
  });

  return (/** @type {Shown} */ { prediction, label }) => {
    const truth = label ?? prediction?.digit ?? null;
    showLabels(truth);
    const known = prediction?.evidence && truth !== null;
    now.classList.toggle("away", !known);
    if (!known || !prediction?.evidence) {
      return setText(words, gettext("Draw a digit or choose a sample digit."));
    }
    const probability = prediction.probabilities[truth];
    const loss = crossEntropy(prediction.evidence, truth);
    placeLine(now, "x", probability);
    setText(words, describeLoss(truth, probability, loss));
  };
}

/** @param {number} label @param {number} probability that the model gave it @param {number} loss */
function describeLoss(label, probability, loss) {
  const values = {
    label,
    probability: formatPercent(probability),
    loss: formatNumber(loss, 2),
  };
  return loss > RANGE.most
    ? gettext(
        "Label {label}: the model gave it a probability of {probability}, " +
          "so the loss is −ln of that, {loss}, beyond the chart's top.",
        values,
      )
    : gettext(
        "Label {label}: the model gave it a probability of {probability}, " +
          "so the loss is −ln of that, {loss}.",
        values,
      );
}
