/** The learning curves of trainings: loss and accuracy by step. */

import { nameOf, findNamedRun } from "../state/state.js";
import { memoized, whenChanged } from "../state/memo.js";
import { linePath } from "./chart.js";
import { find, setText } from "./dom.js";

/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Training} Training */

/** The charts' viewBox. */
const CHART = { width: 600, height: 180 };

/** The loss of guessing among ten digits. Every training that starts from zeros begins with it. */
const GUESSING = Math.log(10);

/** How many colours the style sheet has for curves. */
const SERIES = 6;

const SVG = "http://www.w3.org/2000/svg";

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
  const least = find(".least", HTMLElement, root);
  const most = find(".most", HTMLElement, root);
  const last = find(".last", HTMLElement, root);
  const others = find(".others", SVGGElement, root);
  const train = find(".train", SVGPathElement, root);
  const validation = find(".chosen", SVGPathElement, root);
  const now = find(".now", SVGPathElement, root);

  /**
   * @param {Training | undefined} training
   * @param {readonly Training[]} compared
   * @param {readonly Training[]} runs
   * @param {number} position
   */
  const draw = (training, compared, runs, position) => {
    const all = training ? [training, ...compared] : compared;
    const steps = Math.max(1, ...all.map((one) => one.steps));
    const range = rangeOf(figure, all);
    const chart = { ...CHART, ...range };
    /** @param {number} step */
    const toX = (step) => (Math.log1p(step) / Math.log1p(steps)) * CHART.width;
    /** @param {Training} one @param {number[]} values */
    const toPath = (one, values) => linePath(values, chart, one.curves.steps.map(toX));

    setText(least, describeFigure(figure, range.least));
    setText(most, describeFigure(figure, range.most));
    setText(last, `step ${steps.toLocaleString("en")}`);
    train.setAttribute("d", training ? toPath(training, training.curves[`train_${figure}`]) : "");
    validation.setAttribute(
      "d",
      training ? toPath(training, training.curves[`validation_${figure}`]) : "",
    );
    others.replaceChildren(
      ...compared.map((one) => {
        const path = document.createElementNS(SVG, "path");
        path.setAttribute("class", `line ${seriesOf(one, runs)}`);
        path.setAttribute("d", toPath(one, one.curves[`validation_${figure}`]));
        const title = document.createElementNS(SVG, "title");
        title.textContent = nameOf(one);
        path.append(title);
        return path;
      }),
    );
    const step = training?.curves.steps[position];
    now.setAttribute("d", step === undefined ? "" : `M${toX(step)} 0V${CHART.height}`);
  };
  return whenChanged(draw);
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
 * @param {"loss" | "accuracy"} figure
 * @param {number} value
 */
function describeFigure(figure, value) {
  return figure === "loss" ? value.toFixed(2) : `${Math.round(100 * value)} %`;
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
