/** Everything that the page shows beside the pad, from one state. */

import { weightsUrl } from "./api.js";
import { compareEvidence, runnerUp } from "./explain.js";
import { SIDE } from "./pixels.js";

/** @typedef {import("./api.js").Prediction} Prediction */
/** @typedef {import("./api.js").ModelSummary} ModelSummary */
/** @typedef {import("./api.js").Weights} Weights */

/**
 * @typedef {object} Shown
 * @property {readonly ModelSummary[]} models
 * @property {string} model the chosen one's name
 * @property {Uint8Array | null} pixels the drawing's 784 intensities; null without ink
 * @property {boolean} busy whether the drawing has changed since the prediction was made
 * @property {Prediction | null} prediction
 * @property {Weights | null} weights the chosen model's, once they are here
 * @property {number | null} pixel the one that is looked at, row-major
 * @property {string} problem what keeps answers away, in words
 * @property {string} notice what of the address could not be shown, in words
 */

/** @type {Record<string, string>} What each of the server's normalisations does, in words. */
const NORMALIZATIONS = {
  none: "The same: this model takes it as it is",
  moments: "Set upright, then left, right, top and bottom stretched until the ink spreads alike",
};

/**
 * Find the page's elements, and return the function that shows a state in them.
 * @returns {(shown: Shown) => void}
 */
export function createView() {
  const select = find("#model", HTMLSelectElement);
  const hint = find("#hint", HTMLElement);
  const problem = find("#problem", HTMLElement);
  const answer = find("#answer", HTMLOutputElement);
  const answerDigit = find("#answer-digit", HTMLElement);
  const answerWords = find("#answer-words", HTMLElement);
  const answerWhy = find("#answer-why", HTMLElement);
  const main = find("main", HTMLElement);
  const pixelWords = find("#pixel", HTMLElement);
  const sent = find("#sent", HTMLCanvasElement);
  const seen = find("#seen", HTMLImageElement);
  const normalization = find("#normalization", HTMLElement);
  const table = find("#rows", HTMLTableElement);
  const rows = [...table.querySelectorAll("tr[data-class]")].map(createRow);

  return (shown) => {
    const { prediction, pixels } = shown;
    const model = shown.models.find(({ name }) => name === shown.model);
    showModels(select, shown.models, shown.model);
    hint.hidden = pixels !== null;
    setText(problem, shown.problem || shown.notice);

    answer.ariaBusy = String(shown.busy);
    answer.dataset.digit = prediction ? String(prediction.digit) : "";
    answer.dataset.sure = String(prediction?.sure ?? false);
    setText(answerDigit, prediction ? String(prediction.digit) : "");
    setText(answerWords, describe(shown));
    setText(answerWhy, explain(shown));

    // Pictures come with the lifted pen. Until then the last ones stay, dimmed, and nothing jumps.
    table.dataset.explained = String(Boolean(prediction?.contributions));
    showPixels(sent, pixels);
    showImage(seen, prediction, prediction?.input, "The 28 by 28 picture that the model saw");
    setText(normalization, NORMALIZATIONS[model?.normalization ?? ""] ?? "");

    showPlace(main, shown.pixel);
    setText(pixelWords, describePixel(shown));

    for (const row of rows) row(shown, model);
  };
}

/**
 * @param {Element} element a row of the table
 * @param {number} digit
 * @returns {(shown: Shown, model: ModelSummary | undefined) => void}
 */
function createRow(element, digit) {
  const row = /** @type {HTMLElement} */ (element);
  const fill = find(".fill", HTMLElement, row);
  const percent = find(".percent", HTMLElement, row);
  const evidence = find(".evidence", HTMLElement, row);
  const weights = find(".weights", HTMLImageElement, row);
  const contributions = find(".contributions", HTMLImageElement, row);
  const weight = find(".weight", HTMLElement, row);
  const contribution = find(".contribution", HTMLElement, row);

  return (shown, model) => {
    const { prediction } = shown;
    const probability = prediction?.probabilities[digit];
    row.dataset.probability = probability === undefined ? "" : String(probability);
    row.classList.toggle("answered", prediction?.digit === digit);
    fill.style.setProperty("--probability", String(probability ?? 0));
    setText(percent, probability === undefined ? "" : formatPercent(probability));
    const amount = prediction?.evidence?.[digit];
    if (amount !== undefined || !prediction) {
      setText(evidence, amount === undefined ? "" : formatSigned(amount));
    }
    if (model) {
      const url = weightsUrl(model);
      if (weights.getAttribute("src") !== url) weights.src = url;
      weights.hidden = false;
    }
    const words = amount === undefined ? "" : `, evidence ${formatSigned(amount)}`;
    const picture = prediction?.contributions?.[digit];
    showImage(contributions, prediction, picture, `Your ink times the weights of ${digit}${words}`);
    const { pixel, weights: learned } = shown;
    const here = pixel === null ? undefined : learned?.weights[pixel][digit];
    setText(weight, here === undefined ? "" : formatSigned(here));
    const ink = pixel === null ? undefined : prediction?.pixels?.[pixel];
    const term = here === undefined || ink === undefined ? "" : formatSigned(ink * here);
    setText(contribution, term);
  };
}

/**
 * Show a picture that is there, keep the last one while it is on its way, hide it without a
 * prediction.
 * @param {HTMLImageElement} image
 * @param {Prediction | null} prediction
 * @param {string | undefined} source
 * @param {string} words
 */
function showImage(image, prediction, source, words) {
  if (source) {
    image.src = source;
    image.alt = words;
  }
  image.hidden = !prediction || !image.hasAttribute("src");
  if (!prediction) image.removeAttribute("src");
}

/**
 * @param {HTMLCanvasElement} canvas SIDE × SIDE
 * @param {Uint8Array | null} pixels
 */
function showPixels(canvas, pixels) {
  canvas.hidden = !pixels;
  if (!pixels) return;
  const image = new ImageData(SIDE, SIDE);
  pixels.forEach((intensity, index) => image.data.fill(intensity, 4 * index, 4 * index + 3));
  for (let index = 3; index < image.data.length; index += 4) image.data[index] = 255;
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}

/**
 * @param {HTMLSelectElement} select
 * @param {readonly ModelSummary[]} models
 * @param {string} chosen
 */
function showModels(select, models, chosen) {
  const known = [...select.options].map((option) => option.value);
  if (models.map(({ name }) => name).join() !== known.join()) {
    select.replaceChildren(
      ...models.map(({ name, test_accuracy }) => {
        return new Option(`${name}: ${formatPercent(test_accuracy)} on MNIST`, name);
      }),
    );
  }
  select.value = chosen;
}

/**
 * @param {Shown} shown
 * @returns {string} the answer in words
 */
function describe({ prediction, pixels }) {
  if (!prediction) return pixels ? "Reading…" : "Waiting for ink";
  const { digit, sure, probabilities, doubt, distance = 0 } = prediction;
  if (sure) return `with a probability of ${formatPercent(probabilities[digit])}`;
  if (doubt === "unlike") {
    return `Not sure: this lies ${distance.toFixed(2)} times as far from every ${digit} it learned
      from as it accepts`;
  }
  if (doubt === "torn") {
    const second = runnerUp(probabilities, digit);
    return `Not sure: ${digit} has ${formatPercent(probabilities[digit])}, and ${second} has
      ${formatPercent(probabilities[second])}`;
  }
  return "Not sure yet";
}

/**
 * @param {Shown} shown
 * @returns {string} why it is this digit and not the next one, in a sentence made from the numbers
 */
function explain({ prediction, weights }) {
  if (!prediction?.evidence || !prediction.pixels || !weights) return "";
  const { digit, evidence, pixels } = prediction;
  const other = runnerUp(evidence, digit);
  const { lead, parts } = compareEvidence(pixels, weights, digit, other);
  const [best, worst] = [parts[0], parts[parts.length - 1]];
  const sentences = [
    `${digit} leads ${other} by ${lead.toFixed(2)} of evidence.`,
    `Most for it: ${best.source}, ${formatSigned(best.amount)}.`,
  ];
  if (worst.amount < 0) {
    sentences.push(`Most against: ${worst.source}, ${formatSigned(worst.amount)}.`);
  }
  return sentences.join(" ");
}

/**
 * @param {HTMLElement} root whose pictures all mark the pixel
 * @param {number | null} pixel
 */
function showPlace(root, pixel) {
  root.classList.toggle("has-pixel", pixel !== null);
  if (pixel === null) return;
  root.style.setProperty("--pixel-row", String(Math.floor(pixel / SIDE)));
  root.style.setProperty("--pixel-column", String(pixel % SIDE));
}

/**
 * @param {Shown} shown
 * @returns {string} where the pixel lies, counted from 1, and how much ink it has
 */
function describePixel({ pixel, prediction }) {
  if (pixel === null) return "";
  const ink = prediction?.pixels?.[pixel];
  const place = `Row ${Math.floor(pixel / SIDE) + 1}, column ${(pixel % SIDE) + 1}`;
  return ink === undefined ? place : `${place}: x = ${ink.toFixed(2)}`;
}

/** @param {number} fraction */
function formatPercent(fraction) {
  return `${(fraction * 100).toFixed(1)} %`;
}

/** @param {number} number */
function formatSigned(number) {
  return `${number < 0 ? "−" : "+"}${Math.abs(number).toFixed(2)}`;
}

/**
 * A live region that is written the same words again is read out again.
 * @param {HTMLElement} element
 * @param {string} text
 */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @template {HTMLElement} T
 * @param {string} selector
 * @param {new () => T} kind
 * @param {ParentNode} [root]
 * @returns {T}
 */
export function find(selector, kind, root = document) {
  const element = root.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`The page has no ${selector}`);
  return element;
}
