/** Step 2 of the guide: the label as ten numbers. */

import { find, findAll, setText } from "../components/dom.js";
import { formatPercent } from "../language/format.js";
import { gettext } from "../language/messages.js";
import { createDigitButtons } from "./digit_buttons.js";

/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Change} Change */

/** @param {Change} change */
export function createLabel(change) {
  const section = find("#guide-2", HTMLElement);
  const showLabels = createDigitButtons(section, (label) => change({ label }));
  const cells = findAll(".hot", HTMLElement, section);
  const words = find("#guide-label-words", HTMLElement);

  return (/** @type {Shown} */ { label, prediction }) => {
    showLabels(label);
    cells.forEach((cell, digit) => {
      setText(cell, label === null ? "" : String(Number(digit === label)));
      cell.classList.toggle("on", digit === label);
    });
    setText(words, describeLabel(label, prediction));
  };
}

/**
 * @param {number | null} label
 * @param {Shown["prediction"]} prediction
 */
function describeLabel(label, prediction) {
  if (label === null) return gettext("Choose the label. Sample digits are already labelled.");
  if (!prediction) return gettext("The label of a {label}. Draw one, and compare.", { label });
  return gettext(
    "The answer that the label asks for is {certain} for {label}; the model gives {given}.",
    {
      label,
      certain: formatPercent(1, 0),
      given: formatPercent(prediction.probabilities[label]),
    },
  );
}
