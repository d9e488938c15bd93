/** The softmax, step by step: from ten evidences to ten probabilities. */

import { MAX_ADDED_EVIDENCE } from "../state/address_parts.js";
import { find, findAll, setText } from "../components/dom.js";
import { formatNumber, formatPercent, formatSigned, formatSmall } from "../language/format.js";
import { joinSentences } from "../language/sentences.js";
import { gettext } from "../language/messages.js";
import { limitOf } from "../components/heatmap.js";
import { crossEntropy, largest, softmaxSteps } from "../numbers/regression.js";
import { createValueBar } from "../components/bars.js";

/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Change} Change */

/**
 * @param {Change} change
 * @returns {(shown: Shown) => void}
 */
export function createView(change) {
  const temperature = find("#temperature", HTMLInputElement);
  const temperatureValue = find("#temperature-value", HTMLElement);
  const shiftedTitle = find("#steps .shifted-title", HTMLElement);
  const total = find("#steps-total", HTMLElement);
  const one = find("#steps-one", HTMLElement);
  const odds = find("#odds", HTMLElement);
  const rows = findAll("#steps [data-row]", HTMLElement).map(createRow);
  /** @type {number[]} */
  let added = [];

  temperature.addEventListener("input", () => {
    change({ temperature: readTemperature(temperature) });
  });
  find("#softmax-reset", HTMLButtonElement).addEventListener("click", () => {
    change({ temperature: 1, addedEvidence: added.map(() => 0) });
  });
  rows.forEach(({ buttons }, digit) => {
    for (const button of buttons) {
      button.addEventListener("click", () => {
        const units = added[digit] + Number(button.value);
        change({
          addedEvidence: added.with(
            digit,
            Math.max(-MAX_ADDED_EVIDENCE, Math.min(MAX_ADDED_EVIDENCE, units)),
          ),
        });
      });
    }
  });

  return (shown) => {
    added = shown.addedEvidence;
    // The slider rounds: it is moved only if the temperature is another one.
    if (readTemperature(temperature) !== shown.temperature) {
      temperature.value = String(Math.log10(shown.temperature));
    }
    const divisor = formatNumber(shown.temperature, 2);
    setText(temperatureValue, divisor);
    setText(
      shiftedTitle,
      shown.temperature === 1
        ? gettext("minus the maximum")
        : gettext("minus the maximum, ÷ {temperature}", { temperature: divisor }),
    );
    const evidence = shown.prediction?.evidence?.map((amount, digit) => amount + added[digit]);
    if (!evidence) {
      rows.forEach((row) => row.clear());
      setText(total, "");
      setText(one, "");
      setText(
        odds,
        gettext(
          "Draw a digit or choose a sample digit to see how its evidence becomes probabilities.",
        ),
      );
      return;
    }
    const steps = softmaxSteps(evidence, shown.temperature);
    const limit = limitOf([evidence]);
    const depth = limitOf([steps.shifted]);
    rows.forEach((row, digit) => row.show(evidence, steps, digit, { limit, depth }, shown));
    setText(total, `Σ ${formatSmall(steps.total)}`);
    setText(one, `Σ ${formatPercent(steps.probabilities.reduce((sum, p) => sum + p, 0))}`);
    setText(odds, describeOdds(shown, steps.probabilities));
  };
}

/**
 * @param {HTMLInputElement} slider of the temperature's logarithm
 * @returns {number} the temperature, rounded to two places
 */
function readTemperature(slider) {
  return Number((10 ** slider.valueAsNumber).toFixed(2));
}

/** @param {HTMLElement} element a row of the table */
function createRow(element) {
  const showEvidence = createValueBar(element, ".evidence");
  const showShifted = createValueBar(element, ".shifted");
  const showExponential = createValueBar(element, ".exponential");
  const showChance = createValueBar(element, ".chance");
  const loss = find(".loss", HTMLElement, element);

  return {
    buttons: findAll(".add", HTMLButtonElement, element),

    clear() {
      for (const show of [showEvidence, showShifted, showExponential, showChance]) show("", 0);
      setText(loss, "");
      element.classList.remove("answered");
    },

    /**
     * @param {number[]} evidence
     * @param {ReturnType<typeof softmaxSteps>} steps
     * @param {number} digit
     * @param {{limit: number, depth: number}} scales the largest absolute evidence, and the distance
     *   between the smallest and the largest
     * @param {Shown} shown
     */
    show(
      evidence,
      { shifted, exponentials, probabilities },
      digit,
      { limit, depth },
      { temperature },
    ) {
      showEvidence(formatSigned(evidence[digit]), evidence[digit] / limit);
      const below = shifted[digit] ? formatSigned(shifted[digit]) : formatNumber(0, 2);
      showShifted(below, shifted[digit] / depth);
      showExponential(formatSmall(exponentials[digit]), exponentials[digit]);
      showChance(formatPercent(probabilities[digit]), probabilities[digit]);
      setText(loss, formatNumber(crossEntropy(evidence, digit, temperature), 2));
      element.classList.toggle("answered", shifted[digit] === 0);
    },
  };
}

/**
 * @param {Shown} shown
 * @param {number[]} probabilities the current ones
 * @returns {string} the effect of one more unit of evidence
 */
function describeOdds({ addedEvidence: added, temperature, prediction }, probabilities) {
  const rule = describeRule(temperature);
  // The digit with the largest change.
  const digit = largest(added.map(Math.abs));
  const units = added[digit];
  const evidence = prediction?.evidence;
  if (!units || !evidence) return joinSentences([rule, gettext("Try it with +1 and −1.")]);
  const without = evidence.map((amount, other) => amount + (other === digit ? 0 : added[other]));
  const before = oddsOf(softmaxSteps(without, temperature).probabilities, digit);
  const after = oddsOf(probabilities, digit);
  const effect = gettext(
    "{units} took the odds of {digit} from {before} to {after} against all others: " +
      "{factor} times as much.",
    {
      units: formatSigned(units, 0),
      digit,
      before: formatSmall(before),
      after: formatSmall(after),
      factor: formatSmall(after / before),
    },
  );
  return joinSentences([rule, effect]);
}

/** @param {number} temperature */
function describeRule(temperature) {
  const factor = Math.exp(1 / temperature);
  return temperature === 1
    ? gettext("One more unit of evidence multiplies a digit's odds by e = {factor}.", {
        factor: formatNumber(factor, 3),
      })
    : gettext(
        "At this temperature one more unit of evidence multiplies a digit's odds by " +
          "e^(1/{temperature}) = {factor}.",
        { temperature: formatNumber(temperature, 2), factor: formatSmall(factor) },
      );
}

/**
 * @param {number[]} probabilities
 * @param {number} digit
 * @returns {number} the digit's probability divided by that of all others
 */
function oddsOf(probabilities, digit) {
  const others = probabilities.reduce((sum, p, other) => (other === digit ? sum : sum + p), 0);
  return probabilities[digit] / others;
}
