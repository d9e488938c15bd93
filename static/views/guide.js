/** The way from a picture to a model that has learned, in six steps to try. */

import { GUIDE_STEPS, MAX_ADDED_EVIDENCE } from "../state/address_parts.js";
import { linePath, scaleY } from "../components/chart.js";
import { find, findAll, setText } from "../components/dom.js";
import { formatPercent, formatPlace, formatSigned } from "../numbers/format.js";
import { limitOf, paintHeatmap, paintInk } from "../components/heatmap.js";
import { SIDE, toInk } from "../numbers/rasterizer.js";
import {
  ALL_DIGITS,
  DIGITS,
  PIXELS,
  contributions,
  crossEntropy,
  descend,
  evidence,
  largest,
  softmaxSteps,
  zeroWeights,
} from "../numbers/regression.js";
import { createProbability, createValueBar } from "../components/bars.js";
import { createGallery } from "../components/gallery.js";
import { memoized, whenChanged } from "../state/memo.js";

/** @typedef {import("../state/state.js").Explanation} Explanation */
/** @typedef {import("../state/state.js").Learner} Learner */
/** @typedef {import("../state/state.js").SampleDigits} SampleDigits */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../numbers/regression.js").Weights} Weights */

/** The charts' viewBoxes. */
const SUMS = { width: 784, height: 200 };
const LOSS = { width: 400, height: 200, least: 0, most: 7 };
const LOSSES = { width: 784, height: 120, least: 0, most: Math.log(10) };

/** Steps of descent that fill the chart at first. */
const FIRST_STEPS = 50;

/** Below it a probability's loss is beyond the chart. */
const LEAST_PROBABILITY = Math.exp(-LOSS.most);

/**
 * @param {Change} change
 * @returns {(shown: Shown) => void}
 */
export function createView(change) {
  const turns = findAll("#guide-steps button", HTMLButtonElement);
  const sections = findAll("#view-guide .step", HTMLElement);
  const back = find("#guide-back", HTMLButtonElement);
  const on = find("#guide-on", HTMLButtonElement);
  const showGallery = createGallery(find("#guide-digits", HTMLElement), 1, change);
  const steps = [
    createPicture(change),
    createLabel(change),
    createSum(change),
    createSoftmax(change),
    createLoss(change),
    createDescent(change),
  ];
  let step = 1;

  for (const button of turns) {
    button.addEventListener("click", () => change({ guideStep: Number(button.value) }));
  }
  back.addEventListener("click", () => change({ guideStep: step - 1 }));
  on.addEventListener("click", () => change({ guideStep: step + 1 }));

  return (shown) => {
    step = shown.guideStep;
    showGallery(shown);
    turns.forEach((button, index) => {
      if (index + 1 === step) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    });
    sections.forEach((section, index) => {
      section.hidden = index + 1 !== step;
    });
    back.disabled = step === 1;
    on.disabled = step === GUIDE_STEPS;
    steps[step - 1](shown);
  };
}

/**
 * Step 1: the picture, and the same numbers in one row.
 * @param {Change} change
 */
function createPicture(change) {
  const picture = find("#guide-picture", HTMLCanvasElement);
  const strip = find("#guide-strip", HTMLCanvasElement);
  const mark = find("#guide-strip-mark", HTMLElement);
  const slider = find("#guide-pixel", HTMLInputElement);
  const words = find("#guide-pixel-words", HTMLElement);

  slider.addEventListener("input", () => change({ pixel: slider.valueAsNumber }));
  const paint = whenChanged(
    (/** @type {number[] | undefined} */ pixels, /** @type {string} */ colour) => {
      const ink = pixels ?? new Float32Array(PIXELS);
      paintInk(picture, ink, colour);
      paintInk(strip, ink, colour);
    },
  );

  return (/** @type {Shown} */ { explanation, pixel, inkColour }) => {
    paint(explanation?.pixels, inkColour);
    const chosen = pixel ?? 0;
    slider.value = String(chosen);
    mark.style.left = `${(100 * (chosen + 0.5)) / PIXELS}%`;
    const ink = explanation ? `: ${explanation.pixels[chosen].toFixed(2)}` : "";
    setText(
      words,
      `Number ${chosen + 1} of 784 is ${formatPlace(chosen, SIDE).toLowerCase()}${ink}`,
    );
  };
}

/**
 * Step 2: what the picture is in truth, as ten numbers.
 * @param {Change} change
 */
function createLabel(change) {
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
  if (label === null) return "Choose the label. A digit of MNIST brings its own.";
  if (!prediction) return `The label of a ${label}. Draw one, and compare.`;
  const given = formatPercent(prediction.probabilities[label]);
  return `The answer that the label asks for is 100 % for ${label}; the model gives ${given}.`;
}

/**
 * Step 3: pixel times weight, summed from the first to the last.
 * @param {Change} change
 */
function createSum(change) {
  const section = find("#guide-3", HTMLElement);
  const showLabels = createDigitButtons(section, (followedDigit) => change({ followedDigit }));
  const map = find("#guide-sum-map", HTMLCanvasElement);
  const [axis, ...rest] = findAll("#guide-sums path", SVGPathElement);
  const lines = rest.slice(0, DIGITS);
  const [chosen, now] = rest.slice(DIGITS);
  const slider = find("#guide-count", HTMLInputElement);
  const words = find("#guide-sum-words", HTMLElement);

  slider.addEventListener("input", () => change({ summedPixels: slider.valueAsNumber }));
  const sumUp = memoized(
    (/** @type {Explanation | null} */ explanation, /** @type {Weights | undefined} */ learned) => {
      if (!explanation || !learned) return null;
      const terms = learned.columns.map((weights) => contributions(explanation.pixels, weights));
      return { terms, sums: terms.map(runningSums), limit: limitOf(terms) };
    },
  );
  const drawLines = whenChanged((/** @type {ReturnType<typeof sumUp>} */ found) => {
    const range = rangeOf(found?.sums ?? []);
    lines.forEach((line, digit) => {
      line.setAttribute("d", found ? linePath(found.sums[digit], { ...SUMS, ...range }) : "");
    });
    const zero = scaleY(SUMS.height, range.least, range.most)(0);
    axis.setAttribute("d", `M0 ${zero}H${SUMS.width}`);
  });

  return (
    /** @type {Shown} */ { explanation, learned, followedDigit: followed, summedPixels: count },
  ) => {
    showLabels(followed);
    slider.value = String(count);
    const found = sumUp(explanation, learned);
    drawLines(found);
    now.setAttribute("d", `M${count} 0V${SUMS.height}`);
    const terms = found?.terms[followed] ?? new Float64Array(PIXELS);
    paintHeatmap(
      map,
      terms.map((term, pixel) => (pixel < count ? term : 0)),
      found?.limit ?? 1,
    );
    chosen.setAttribute("d", lines[followed].getAttribute("d") ?? "");
    if (!found || !learned) return setText(words, "Draw a digit, or take one of MNIST's.");
    const bias = learned.bias[followed];
    const sum = found.sums[followed][count];
    const so = `The first ${count} pixels add up to ${formatSigned(sum)} for ${followed}.`;
    const all = `With the bias ${formatSigned(bias)} that is the evidence, ${formatSigned(sum + bias)}.`;
    setText(words, count === PIXELS ? `${so} ${all}` : so);
  };
}

/**
 * @param {Float64Array} terms
 * @returns {Float64Array} the sum of the first 0, 1, … and all of them
 */
function runningSums(terms) {
  const sums = new Float64Array(terms.length + 1);
  terms.forEach((term, index) => {
    sums[index + 1] = sums[index] + term;
  });
  return sums;
}

/**
 * @param {readonly Float64Array[]} lines
 * @returns {{least: number, most: number}} what all of them lie within, and 0
 */
function rangeOf(lines) {
  const ends = lines.flatMap((line) => [Math.min(...line), Math.max(...line)]);
  return { least: Math.min(0, ...ends), most: Math.max(1, ...ends) };
}

/**
 * Step 4: more evidence for one digit, and what all probabilities make of it.
 * @param {Change} change
 */
function createSoftmax(change) {
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
    setText(value, `for ${followed}: ${formatSigned(added[followed], 0)}`);
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

/**
 * Step 5: what the answer costs, if the truth is what is chosen.
 * @param {Change} change
 */
function createLoss(change) {
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
      return setText(words, "Draw a digit, or take one of MNIST's.");
    }
    const probability = prediction.probabilities[truth];
    const loss = crossEntropy(prediction.evidence, truth);
    const x = probability * LOSS.width;
    now.setAttribute("d", `M${x} ${LOSS.height}V${toY(loss)}`);
    point.setAttribute("cx", String(x));
    point.setAttribute("cy", String(toY(loss)));
    const beyond = probability < LEAST_PROBABILITY ? ", beyond the chart's top" : "";
    setText(
      words,
      `If it is a ${truth}: the model gave that ${formatPercent(probability)}, and −ln of it is a loss of ${loss.toFixed(2)}${beyond}.`,
    );
  };
}

/**
 * Step 6: W and b learned from the gallery's digits, a step at a time.
 * @param {Change} change
 */
function createDescent(change) {
  const section = find("#guide-6", HTMLElement);
  const buttons = findAll(".descend", HTMLButtonElement, section);
  const rate = find("#guide-rate", HTMLSelectElement);
  const words = find("#guide-descent-words", HTMLElement);
  const [, line] = findAll("#guide-losses path", SVGPathElement);
  const canvases = findAll(".weight-row canvas", HTMLCanvasElement, section);
  /** @type {Shown | null} */
  let current = null;

  const toExamples = memoized((/** @type {SampleDigits | null} */ samples) =>
    (samples?.digits ?? []).map(({ label, pixels }) => ({ label, pixels: toInk(pixels) })),
  );

  for (const button of buttons) {
    button.addEventListener("click", () => {
      if (!current?.sampleDigits) return;
      const examples = toExamples(current.sampleDigits);
      let { weights, losses } = current.learner;
      for (let step = 0; step < Number(button.value); step++) {
        losses = [...losses, meanLoss(weights, examples)];
        weights = descend(weights, examples, current.learningRate);
      }
      change({ learner: { weights, losses } });
    });
  }
  find("#guide-restart", HTMLButtonElement).addEventListener("click", () => {
    change({ learner: { weights: zeroWeights(), losses: [] } });
  });
  rate.addEventListener("change", () => change({ learningRate: Number(rate.value) }));

  const show = whenChanged(
    (/** @type {Learner} */ { weights, losses }, /** @type {SampleDigits | null} */ samples) => {
      const limit = limitOf(weights.columns);
      canvases.forEach((canvas, digit) => paintHeatmap(canvas, weights.columns[digit], limit));
      const all = samples ? [...losses, meanLoss(weights, toExamples(samples))] : losses;
      const most = Math.max(LOSSES.most, ...all);
      const count = Math.max(FIRST_STEPS, all.length);
      line.setAttribute("d", linePath(all, { ...LOSSES, most, count }));
    },
  );

  return (/** @type {Shown} */ shown) => {
    current = shown;
    for (const button of buttons) button.disabled = !shown.sampleDigits;
    rate.value = String(shown.learningRate);
    show(shown.learner, shown.sampleDigits);
    setText(words, describeDescent(shown, toExamples(shown.sampleDigits)));
  };
}

/**
 * @param {Weights} weights
 * @param {{label: number, pixels: Float32Array}[]} examples
 */
function meanLoss(weights, examples) {
  const losses = examples.map(({ label, pixels }) =>
    crossEntropy(evidence(pixels, weights), label),
  );
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/**
 * @param {Shown} shown
 * @param {{label: number, pixels: Float32Array}[]} examples
 */
function describeDescent({ learner: { weights, losses }, picture }, examples) {
  if (!examples.length) return "The digits are on their way…";
  const right = examples.filter(({ label, pixels }) => {
    return losses.length > 0 && largest(evidence(pixels, weights)) === label;
  }).length;
  const steps = losses.length === 1 ? "one step" : `${losses.length} steps`;
  const done = `After ${steps} the mean loss is ${meanLoss(weights, examples).toFixed(3)}`;
  const score = losses.length
    ? `, and ${right} of ${examples.length} are read right.`
    : ": that of guessing.";
  if (!picture) return `${done}${score}`;
  const { probabilities } = softmaxSteps(evidence(toInk(picture.pixels), weights));
  const answer = largest(probabilities);
  const own = losses.length
    ? ` It would read your drawing as ${answer}, with ${formatPercent(probabilities[answer])}.`
    : "";
  return `${done}${score}${own}`;
}

/**
 * A row of buttons, one a digit.
 * @param {HTMLElement} section
 * @param {(digit: number) => void} choose
 * @returns {(chosen: number | null) => void}
 */
function createDigitButtons(section, choose) {
  const buttons = findAll(".labels button", HTMLButtonElement, section);
  for (const digit of ALL_DIGITS) buttons[digit].addEventListener("click", () => choose(digit));
  return (chosen) => {
    buttons.forEach((button, digit) => {
      button.ariaPressed = String(digit === chosen);
    });
  };
}
