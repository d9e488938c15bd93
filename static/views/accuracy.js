/** The model's results on MNIST's test images, and the images that it misreads. */

import { createChart } from "../components/chart.js";
import { createConfusion } from "../components/confusion.js";
import { find, setText } from "../components/dom.js";
import { linearTicks } from "../numbers/axis.js";
import { formatCount, formatNumber, formatPercent } from "../language/format.js";
import { gettext, ngettext } from "../language/messages.js";
import { paintInk } from "../components/heatmap.js";
import { SIDE, toInk } from "../numbers/rasterizer.js";
import { ALL_DIGITS } from "../numbers/regression.js";
import { FIRST_EXAMPLES } from "../state/state.js";
import { whenChanged } from "../state/memo.js";

/** @typedef {import("../network/api.js").Example} Example */
/** @typedef {import("../state/state.js").Evaluation} Evaluation */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Change} Change */

/** Radii of the reliability diagram's dots, in rem: the larger a bin, the larger its dot. */
const LEAST_RADIUS = 0.15;
const MOST_RADIUS = 0.75;

/**
 * @param {Change} change
 * @returns {(shown: Shown) => void}
 */
export function createView(change) {
  const words = find("#accuracy-words", HTMLElement);
  const rates = find("#rates", HTMLInputElement);
  const all = find("#all-mistakes", HTMLButtonElement);
  const title = find("#examples-title", HTMLElement);
  const more = find("#more-examples", HTMLButtonElement);
  const showConfusion = createConfusion(
    find("#confusion", HTMLTableElement),
    describeCell,
    (confusionCell) => change({ confusionCell, examples: FIRST_EXAMPLES }),
  );
  const showReliability = createReliability();
  const showExamples = createExamples(change);
  let examples = FIRST_EXAMPLES;

  rates.addEventListener("change", () => change({ isInRates: rates.checked }));
  all.addEventListener("click", () => change({ confusionCell: null, examples: FIRST_EXAMPLES }));
  more.addEventListener("click", () => change({ examples: examples + FIRST_EXAMPLES }));

  return (shown) => {
    const { summary, confusionCell: cell } = shown;
    examples = shown.examples;
    const evaluation = summary && shown.evaluations.get(summary.digest);
    setText(words, describe(shown, evaluation));
    rates.checked = shown.isInRates;
    all.disabled = cell === null;
    showConfusion(evaluation?.confusion, cell, shown.isInRates);
    showReliability(evaluation);
    const chosen = evaluation ? choose(evaluation, cell) : [];
    setText(title, describeExamples(evaluation, cell, chosen.length));
    more.hidden = chosen.length <= examples;
    showExamples(evaluation, cell, examples, shown.inkColour);
  };
}

/**
 * @param {Evaluation} evaluation
 * @param {[number, number] | null} cell
 * @returns {Example[]} the images shown: all mistakes, or those of one cell
 */
function choose({ misread, read }, cell) {
  if (!cell) return misread;
  const [label, digit] = cell;
  return (label === digit ? read : misread).filter((example) => {
    return example.label === label && example.digit === digit;
  });
}

function createReliability() {
  const chart = createChart(find("#reliability", HTMLElement));
  const words = find("#reliability-words", HTMLElement);
  const ticks = linearTicks(0, 1, (fraction) => String(Math.round(100 * fraction)));

  return whenChanged((/** @type {Evaluation | undefined} */ evaluation) => {
    const bins = (evaluation?.reliability ?? []).flatMap(({ count, probability, right }) =>
      probability === null || right === null ? [] : [{ count, probability, right }],
    );
    const most = Math.max(1, ...bins.map(({ count }) => count));
    chart.show({
      places: bins.map(({ probability }) => probability),
      series: [{ className: "chosen", values: bins.map(({ right }) => right) }],
      range: { least: 0, most: 1 },
      xTicks: ticks,
      yTicks: ticks,
      radii: bins.map(({ count }) => {
        return LEAST_RADIUS + (MOST_RADIUS - LEAST_RADIUS) * Math.sqrt(count / most);
      }),
      describe(position) {
        const { count, probability, right } = bins[position];
        return ngettext(
          "{count} prediction with about {probability}: {right} correct",
          "{count} predictions with about {probability}: {right} correct",
          count,
          { probability: formatPercent(probability), right: formatPercent(right) },
        );
      },
      headers: [
        gettext("Mean predicted probability"),
        gettext("Fraction correct"),
        gettext("Predictions"),
      ],
      toCells(position) {
        const { count, probability, right } = bins[position];
        return [formatPercent(probability), formatPercent(right), formatCount(count)];
      },
    });
    setText(words, evaluation ? describeCalibration(evaluation) : "");
  });
}

/** @param {Evaluation} evaluation */
function describeCalibration({ calibration_error }) {
  return gettext(
    "On the diagonal, the fraction of correct predictions equals their probability. " +
      "The mean distance from it, the expected calibration error, is {error}.",
    { error: formatPercent(calibration_error) },
  );
}

/** @param {Change} change */
function createExamples(change) {
  const list = find("#examples", HTMLOListElement);

  return whenChanged(
    (
      /** @type {Evaluation | undefined} */ evaluation,
      /** @type {[number, number] | null} */ cell,
      /** @type {number} */ count,
      /** @type {string} */ colour,
    ) => {
      const chosen = evaluation ? choose(evaluation, cell).slice(0, count) : [];
      list.replaceChildren(
        ...chosen.map((example) => {
          const { label, pixels } = example;
          const canvas = document.createElement("canvas");
          canvas.width = canvas.height = SIDE;
          paintInk(canvas, toInk(pixels), colour);
          const caption = document.createElement("span");
          caption.textContent = captionOf(example);
          const button = document.createElement("button");
          button.type = "button";
          button.ariaLabel = describeExample(example);
          button.append(canvas, caption);
          button.addEventListener("click", () => {
            change({ image: pixels, strokes: [], label, view: "draw" });
          });
          const item = document.createElement("li");
          item.append(button);
          return item;
        }),
      );
    },
  );
}

/** @param {Example} example */
function captionOf({ label, digit, probability }) {
  const percent = formatPercent(probability, 0);
  return gettext("{label} → {digit}, {percent}", { label, digit, percent });
}

/** @param {Example} example */
function describeExample({ label, digit, probability, index }) {
  return gettext(
    "Test image {index}: a {label}, read as {digit} with {percent}. Explain this image",
    { label, digit, index, percent: formatPercent(probability) },
  );
}

/**
 * @param {Shown} shown
 * @param {Evaluation | undefined} evaluation
 */
function describe({ summary }, evaluation) {
  if (!summary) return "";
  if (!summary.evaluation) {
    return gettext("There is no evaluation of {name}: its training did not save one.", {
      name: summary.name,
    });
  }
  if (!evaluation) return gettext("Loading…");
  const { total, right } = countRight(evaluation);
  return ngettext(
    "{name} reads {right} of MNIST's {count} test image correctly: {accuracy}, " +
      "with a mean loss of {loss}.",
    "{name} reads {right} of MNIST's {count} test images correctly: {accuracy}, " +
      "with a mean loss of {loss}.",
    total,
    {
      name: summary.name,
      right: formatCount(right),
      accuracy: formatPercent(evaluation.accuracy, 2),
      loss: formatNumber(evaluation.loss, 3),
    },
  );
}

/** @param {Evaluation} evaluation */
function countRight({ confusion }) {
  return {
    total: confusion.flat().reduce((sum, count) => sum + count, 0),
    right: ALL_DIGITS.reduce((sum, digit) => sum + confusion[digit][digit], 0),
  };
}

/**
 * @param {number} count of test images
 * @param {{label: number, digit: number, percent: string}} values
 */
function describeCell(count, values) {
  return ngettext(
    "{count} image of {label} read as {digit}, {percent}",
    "{count} images of {label} read as {digit}, {percent}",
    count,
    values,
  );
}

/**
 * @param {Evaluation | undefined} evaluation
 * @param {[number, number] | null} cell
 * @param {number} loaded how many of the images the page has
 * @returns {string} the title of the images
 */
function describeExamples(evaluation, cell, loaded) {
  if (!evaluation) return gettext("Mistakes");
  if (!cell) {
    const { total, right } = countRight(evaluation);
    return describeMistakes(total - right, loaded);
  }
  const [label, digit] = cell;
  const count = evaluation.confusion[label][digit];
  return label === digit
    ? describeRead(count, loaded, label)
    : describeMisread(count, loaded, label, digit);
}

/** @param {number} count @param {number} loaded */
function describeMistakes(count, loaded) {
  if (loaded < count) {
    return ngettext(
      "{loaded} of {count} mistake, largest loss first: press one to see why",
      "{loaded} of {count} mistakes, largest loss first: press one to see why",
      count,
      { loaded: formatCount(loaded) },
    );
  }
  return ngettext(
    "{count} mistake, largest loss first: press one to see why",
    "{count} mistakes, largest loss first: press one to see why",
    count,
  );
}

/** @param {number} count @param {number} loaded @param {number} label */
function describeRead(count, loaded, label) {
  if (loaded < count) {
    return ngettext(
      "{loaded} of {count} image of {label} read correctly",
      "{loaded} of {count} images of {label} read correctly",
      count,
      { loaded: formatCount(loaded), label },
    );
  }
  return ngettext(
    "{count} image of {label} read correctly",
    "{count} images of {label} read correctly",
    count,
    { label },
  );
}

/** @param {number} count @param {number} loaded @param {number} label @param {number} digit */
function describeMisread(count, loaded, label, digit) {
  if (loaded < count) {
    return ngettext(
      "{loaded} of {count} image of {label} read as {digit}",
      "{loaded} of {count} images of {label} read as {digit}",
      count,
      { loaded: formatCount(loaded), label, digit },
    );
  }
  return ngettext(
    "{count} image of {label} read as {digit}",
    "{count} images of {label} read as {digit}",
    count,
    { label, digit },
  );
}
