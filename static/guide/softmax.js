/** Step 4 of the guide: how added evidence changes all probabilities. */

import { createProbability, createValueBar } from "../components/bars.js";
import { find, findAll, setText } from "../components/dom.js";
import { limitOf } from "../components/heatmap.js";
import { formatSigned } from "../language/format.js";
import { gettext } from "../language/messages.js";
import { largest, softmaxSteps } from "../numbers/regression.js";
import { MAX_ADDED_EVIDENCE } from "../state/address_parts.js";
import { createDigitButtons } from "./digit_buttons.js";

/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Change} Change */

/** @param {Change} change */
export function createSoftmax(change) {
  const section = find("#guide-4", HTMLElement);
  const showLabels = createDigitButtons(section, (followedDigit) => change({ followedDigit }));
  const slider = find("#guide-added", HTMLInputElement);
  const value = find("#guide-added-value", HTMLElement);
  const rows = findAll("#guide-softmax [data-row]", HTMLElement).map((element) => ({
    element,
    showEvidence: createValueBar(element, ".evidence"),
    showProbability: createProbability(element),
  }));
  /** @type {number[]} */
  let added = [];
  let followed = 0;

  slider.min = String(-MAX_ADDED_EVIDENCE);
  slider.max = String(MAX_ADDED_EVIDENCE);
  slider.addEventListener("input", () => {
    change({ addedEvidence: added.with(followed, slider.valueAsNumber) });
  });

  return (/** @type {Shown} */ shown) => {
    ({ addedEvidence: added, followedDigit: followed } = shown);
    showLabels(followed);
    slider.value = String(added[followed]);
    const evidence = formatSigned(added[followed], 0);
    setText(value, gettext("for {digit}: {evidence}", { digit: followed, evidence }));
    const amounts = shown.prediction?.evidence?.map((amount, digit) => amount + added[digit]);
    const probabilities = amounts && softmaxSteps(amounts).probabilities;
    const limit = limitOf([amounts ?? []]);
    rows.forEach(({ element, showEvidence, showProbability }, digit) => {
      showEvidence(
        amounts ? formatSigned(amounts[digit]) : "",
        amounts ? amounts[digit] / limit : 0,
      );
      showProbability(probabilities?.[digit]);
      element.classList.toggle("answered", amounts !== undefined && digit === largest(amounts));
    });
  };
}
