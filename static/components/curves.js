/** The learning curves of trainings: loss and accuracy by step. */

import { nameOf, findNamedRun } from "../state/state.js";
import { memoized, whenChanged } from "../state/memo.js";
import { formatCount, formatNumber, formatPercent } from "../language/format.js";
import { formatList } from "../language/sentences.js";
import { gettext } from "../language/messages.js";
import { linearTicks, placeOfStep, stepTicks, valueOnLine } from "../numbers/axis.js";
import { createChart, placeLine } from "./chart.js";
import { find } from "./dom.js";

/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Training} Training */

/** The loss of guessing among ten digits. Every training that starts from zeros begins with it. */
const GUESSING = Math.log(10);

/** How many colours the style sheet has for curves. */
const SERIES = 6;

/** How the numbers on the vertical axis are written, and the values of the read-out. */
const TICKS = {
  loss: (/** @type {number} */ value) => formatNumber(value, 1),
  accuracy: (/** @type {number} */ value) => String(Math.round(100 * value)),
};
const VALUES = {
  loss: (/** @type {number} */ value) => formatNumber(value, 3),
  accuracy: (/** @type {number} */ value) => formatPercent(value),
};

/**
 * @param {Change} change
 * @returns {(shown: Shown, position: number) => void} takes the replayed step's position too
 */
export function createCurves(change) {
  const showLoss = createCurve("loss");
  const showAccuracy = createCurve("accuracy");
  const showCheckboxes = createCheckboxes(change);

  const findCompared = memoized(
    (
      /** @type {Training | undefined} */ training,
      /** @type {readonly Training[]} */ runs,
      /** @type {readonly string[]} */ names,
    ) => {
      const compared = names.map((name) => findNamedRun(runs, name));
      return runs.filter((other) => other !== training && compared.includes(other));
    },
  );

  return (shown, position) => {
    const { training, runs, comparedRuns } = shown;
    const compared = findCompared(training, runs, comparedRuns);
    showLoss(training, compared, runs, position);
    showAccuracy(training, compared, runs, position);
    showCheckboxes(shown);
  };
}

/**
 * One figure's curves. The axis of the steps is logarithmic, since most is learned early.
 * @param {"loss" | "accuracy"} figure
 */
function createCurve(figure) {
  const root = find(`#curve-${figure}`, HTMLElement);
  const now = find(".now", SVGLineElement, root);
  const chart = createChart(root);

  const draw = whenChanged(
    (
      /** @type {Training | undefined} */ training,
      /** @type {readonly Training[]} */ compared,
      /** @type {readonly Training[]} */ runs,
    ) => {
      const all = training ? [training, ...compared] : compared;
      const steps = stepsOf(all);
      const last = lastStepOf(all);
      const range = rangeOf(figure, all);
      const lines = [
        ...compared.map((one) => ({
          name: nameOf(one),
          className: `other ${seriesOf(one, runs)}`,
          values: valuesAt(steps, one, one.curves[`validation_${figure}`]),
        })),
        ...(training ? ownLines(figure, steps, training) : []),
      ];
      // The table and the read-out begin with the training itself, which is drawn on top.
      const named = [...lines.slice(compared.length), ...lines.slice(0, compared.length)];
      const places = steps.map((step) => placeOfStep(step, last));
      chart.show({
        places,
        series: lines,
        range,
        xTicks: stepTicks(last),
        yTicks: linearTicks(range.least, range.most, TICKS[figure]),
        describe(position) {
          const parts = named.flatMap(({ name, values }) => {
            const number = valueOnLine(places, values, position);
            if (number === null) return [];
            const value = VALUES[figure](number);
            // Trainings of different lengths record different steps.
            return values[position] === null
              ? gettext("{name} about {value}", { name, value })
              : gettext("{name} {value}", { name, value });
          });
          const step = formatCount(steps[position]);
          return gettext("Step {step}: {values}", { step, values: formatList(parts) });
        },
        headers: [gettext("Step"), ...named.map(({ name }) => name)],
        toCells: (position) => [
          formatCount(steps[position]),
          ...named.map(({ values: { [position]: value } }) =>
            value === null ? "–" : VALUES[figure](value),
          ),
        ],
      });
    },
  );

  const showNow = whenChanged(
    (/** @type {number | undefined} */ step, /** @type {number} */ last) => {
      now.classList.toggle("away", step === undefined);
      if (step !== undefined) placeLine(now, "x", placeOfStep(step, last));
    },
  );

  /**
   * @param {Training | undefined} training
   * @param {readonly Training[]} compared
   * @param {readonly Training[]} runs
   * @param {number} position of the replayed step
   */
  return (training, compared, runs, position) => {
    draw(training, compared, runs);
    const all = training ? [training, ...compared] : compared;
    showNow(training?.curves.steps[position], lastStepOf(all));
  };
}

/**
 * @param {"loss" | "accuracy"} figure
 * @param {readonly number[]} steps
 * @param {Training} training
 */
function ownLines(figure, steps, training) {
  const { curves } = training;
  return [
    {
      name: gettext("training"),
      className: "train",
      values: valuesAt(steps, training, curves[`train_${figure}`]),
    },
    {
      name: gettext("validation"),
      className: "chosen",
      values: valuesAt(steps, training, curves[`validation_${figure}`]),
    },
  ];
}

/** @param {readonly Training[]} all @returns {number[]} the steps that any of them recorded, sorted */
function stepsOf(all) {
  const steps = new Set(all.flatMap(({ curves }) => curves.steps));
  return [...steps].sort((one, other) => one - other);
}

/** @param {readonly Training[]} all @returns {number} the end of the axis */
function lastStepOf(all) {
  return Math.max(1, ...all.map(({ steps }) => steps));
}

/**
 * @param {readonly number[]} steps
 * @param {Training} training
 * @param {readonly number[]} values at the training's own steps
 * @returns {(number | null)[]} at all steps; null where the training recorded nothing
 */
function valuesAt(steps, { curves }, values) {
  const byStep = new Map(curves.steps.map((step, index) => [step, values[index]]));
  return steps.map((step) => byStep.get(step) ?? null);
}

/**
 * @param {"loss" | "accuracy"} figure
 * @param {readonly Training[]} all
 * @returns {{least: number, most: number}} the chart's range, with losses up to twice that of guessing
 */
function rangeOf(figure, all) {
  if (figure === "accuracy") return { least: 0, most: 1 };
  const losses = all.flatMap(({ curves }) => [...curves.train_loss, ...curves.validation_loss]);
  return { least: 0, most: Math.min(2 * GUESSING, Math.max(GUESSING, ...losses)) };
}

/**
 * @param {Training} training
 * @param {readonly Training[]} runs
 * @returns {string} the CSS class with its curves' colour, the same in both charts
 */
function seriesOf(training, runs) {
  return `series-${runs.indexOf(training) % SERIES}`;
}

/**
 * Checkboxes that choose the trainings whose curves are shown too.
 * @param {Change} change
 * @returns {(shown: Shown) => void}
 */
function createCheckboxes(change) {
  const root = find("#compared", HTMLFieldSetElement);
  const row = find(".choices-row", HTMLElement, root);
  /** @type {HTMLInputElement[]} */
  let boxes = [];

  const changeCompared = () => {
    change({ comparedRuns: boxes.filter(({ checked }) => checked).map(({ value }) => value) });
  };

  // Rebuilding the boxes would take the focus from them, so compare what they show, as JSON.
  const fill = whenChanged((/** @type {string} */ json) => {
    /** @type {{run: string, name: string, series: string}[]} */
    const choices = JSON.parse(json);
    boxes = choices.map(({ run }) => {
      const box = document.createElement("input");
      box.type = "checkbox";
      box.value = run;
      box.addEventListener("change", changeCompared);
      return box;
    });
    const labels = choices.map(({ name, series }, index) => {
      const label = document.createElement("label");
      label.className = "check";
      const line = document.createElement("span");
      line.className = `series ${series}`;
      label.append(boxes[index], line, name);
      return label;
    });
    row.replaceChildren(...labels);
  });

  return ({ runs, training, comparedRuns }) => {
    const others = runs.filter((one) => one !== training);
    root.hidden = others.length === 0;
    const choices = others.map((one) => {
      return { run: one.run, name: nameOf(one), series: seriesOf(one, runs) };
    });
    fill(JSON.stringify(choices));
    const chosen = comparedRuns.map((name) => findNamedRun(runs, name)?.run);
    for (const box of boxes) box.checked = chosen.includes(box.value);
  };
}
