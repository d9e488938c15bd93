/** W being learned: the curves, the heatmaps at any recorded step, and a training as it goes on. */

import { linePath } from "../components/chart.js";
import { find, findAll, remembered, setChoices, setText, whenChanged } from "../components/dom.js";
import { formatPercent, formatSigned } from "../numbers/format.js";
import { limitOf, paintHeatmap } from "../components/heatmap.js";
import { evidence, largest, softmaxSteps } from "../numbers/regression.js";
import { findNamedRun, inkAfter } from "../state/state.js";

/** @typedef {import("../numbers/regression.js").Weights} Weights */
/** @typedef {import("../state/state.js").Frames} Frames */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Training} Training */
/** @typedef {import("../state/state.js").Update} Update */

/** How long the replay rests on a step, ms. */
const STEP_MS = 150;

/** The charts' viewBox. */
const CHART = { width: 600, height: 180 };

/** The loss of guessing among ten, which every training from zeros begins with. */
const GUESSING = Math.log(10);

/** How many colours the style has for curves to be told apart by. */
const SERIES = 6;

const SVG = "http://www.w3.org/2000/svg";

/** @type {Record<Training["state"], string>} */
const STATES = {
  running: "is under way",
  finished: "finished",
  diverged: "diverged and left no model",
  interrupted: "was interrupted and left no model",
  failed: "failed and left no model",
  died: "died without a word and left no model",
};

/** @type {Record<Training["phase"], string>} */
const PHASES = { preparing: "preparing", training: "training", evaluating: "evaluating" };

/**
 * @param {Update} update
 * @returns {(shown: Shown) => void}
 */
export function createTrainingView(update) {
  const run = find("#run", HTMLSelectElement);
  const state = find("#run-state", HTMLElement);
  const settings = find("#run-settings", HTMLElement);
  const news = find("#run-news", HTMLElement);
  const play = find("#play", HTMLButtonElement);
  const at = find("#at", HTMLInputElement);
  const oneScale = find("#one-scale", HTMLInputElement);
  const words = find("#at-words", HTMLElement);
  const rows = findAll("#view-training .learned li", HTMLElement).map(createRow);
  const showLoss = createCurve("loss");
  const showAccuracy = createCurve("accuracy");
  const showCompared = createCompared(update);
  /** @type {Shown | null} */
  let current = null;
  let turning = 0;

  run.addEventListener("change", () => update({ run: run.value, at: null, playing: false }));
  at.addEventListener("input", () => update({ at: at.valueAsNumber, playing: false }));
  oneScale.addEventListener("change", () => update({ oneScale: oneScale.checked }));
  play.addEventListener("click", () => {
    const isAtEnd = current?.at === null || current?.at === Number(at.max);
    update({ playing: !current?.playing, ...(isAtEnd && !current?.playing ? { at: 0 } : {}) });
  });

  /** Go on to the next step, until the last. */
  const turn = () => {
    turning = 0;
    if (!current?.playing || current.view !== "training") return;
    const next = (current.at ?? Number(at.max)) + 1;
    if (next < Number(at.max)) update({ at: next });
    else update({ at: null, playing: false });
  };

  const chooseOthers = remembered(
    (
      /** @type {Training | undefined} */ training,
      /** @type {readonly Training[]} */ runs,
      /** @type {readonly string[]} */ compared,
    ) => {
      const chosen = compared.map((name) => findNamedRun(runs, name));
      return runs.filter((other) => other !== training && chosen.includes(other));
    },
  );
  const weightsAt = remembered(
    (/** @type {Frames | undefined} */ frames, /** @type {number} */ position) =>
      frames && position >= 0 ? frames.at(position) : null,
  );
  const paint = whenChanged(
    (/** @type {Weights | null} */ weights, /** @type {number} */ limit) => {
      rows.forEach((row, digit) => row.paint(weights?.columns[digit], limit));
    },
  );

  return (shown) => {
    current = shown;
    const { training, runs } = shown;
    setChoices(
      run,
      runs.map((one) => ({ value: one.run, text: nameOf(one) })),
      training?.run ?? "",
    );
    setText(state, describeState(training));
    setText(settings, training ? describeSettings(training) : "");
    const isLive = training?.state === "running";
    const last = (training?.curves.steps.length ?? 0) - 1;
    setText(news, training && !isLive ? `${training.name} ${STATES[training.state]}` : "");
    const position = isLive ? last : Math.min(shown.at ?? last, last);
    at.max = String(Math.max(0, last));
    at.value = String(Math.max(0, position));
    at.disabled = play.disabled = isLive || last < 1;
    setText(play, shown.playing ? "Pause" : "Play");
    play.ariaPressed = String(shown.playing);
    oneScale.checked = shown.oneScale;

    const others = chooseOthers(training, runs, shown.compared);
    showLoss(training, others, runs, position);
    showAccuracy(training, others, runs, position);
    showCompared(shown);

    const frames = training && shown.frames.get(training.digest);
    const own = shown.live && shown.live.run === training?.run ? shown.live.weights : null;
    const weights = isLive ? own : weightsAt(frames, position);
    const limit = weights ? limitOf(weights.columns) : 0;
    const scale = shown.oneScale && frames ? frames.limit : limit;
    paint(weights, scale);
    const ink = inkAfter(shown, training?.normalization);
    const amounts = weights && ink ? evidence(ink, weights) : null;
    const probabilities = amounts && softmaxSteps(amounts).probabilities;
    rows.forEach((row, digit) => row.show(probabilities, digit));
    setText(words, describeStep(training, position, scale, probabilities));

    if (!shown.playing) {
      clearTimeout(turning);
      turning = 0;
    } else if (!turning) {
      turning = setTimeout(turn, STEP_MS);
    }
  };
}

/** @param {HTMLElement} element a digit's heatmap and how probable it is */
function createRow(element) {
  const canvas = find("canvas", HTMLCanvasElement, element);
  const percent = find(".percent", HTMLElement, element);
  const fill = find(".fill", HTMLElement, element);

  return {
    /** @param {Float32Array | undefined} weights @param {number} limit */
    paint(weights, limit) {
      canvas.classList.toggle("empty", !weights);
      if (weights) paintHeatmap(canvas, weights, limit);
    },

    /** @param {number[] | null} probabilities @param {number} digit */
    show(probabilities, digit) {
      setText(percent, probabilities ? formatPercent(probabilities[digit]) : "");
      fill.style.setProperty("--share", String(probabilities?.[digit] ?? 0));
      element.classList.toggle(
        "answered",
        probabilities !== null && digit === largest(probabilities),
      );
    },
  };
}

/**
 * Curves over the steps. Steps are spread as their logarithms are, since most is learned early.
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
 * @returns {{least: number, most: number}} what the chart shows: a loss up to twice that of guessing
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
 * @returns {string} the class that gives its curves a colour, the same in both charts
 */
function seriesOf(training, runs) {
  return `series-${runs.indexOf(training) % SERIES}`;
}

/**
 * Boxes to choose the trainings whose curves are shown too.
 * @param {Update} update
 * @returns {(shown: Shown) => void}
 */
function createCompared(update) {
  const root = find("#compared", HTMLFieldSetElement);
  const row = find(".choices-row", HTMLElement, root);
  /** @type {HTMLInputElement[]} */
  let boxes = [];

  const fill = whenChanged(
    (
      /** @type {string} */ _listed,
      /** @type {Training[]} */ others,
      /** @type {readonly Training[]} */ runs,
    ) => {
      boxes = others.map(({ run }) => {
        const box = document.createElement("input");
        box.type = "checkbox";
        box.value = run;
        box.addEventListener("change", () => {
          update({ compared: boxes.filter(({ checked }) => checked).map(({ value }) => value) });
        });
        return box;
      });
      row.replaceChildren(
        ...boxes.map((box, index) => {
          const label = document.createElement("label");
          label.className = "check";
          const line = document.createElement("span");
          line.className = `series ${seriesOf(others[index], runs)}`;
          label.append(box, line, nameOf(others[index]));
          return label;
        }),
      );
    },
  );

  return ({ runs, training, compared }) => {
    const others = runs.filter((one) => one !== training);
    root.hidden = others.length === 0;
    const listed = others.map((one) => `${one.run} ${nameOf(one)} ${seriesOf(one, runs)}`);
    fill(listed.join("\n"), others, runs);
    const chosen = compared.map((name) => findNamedRun(runs, name)?.run);
    for (const box of boxes) box.checked = chosen.includes(box.value);
  };
}

/** @param {Training} training */
function nameOf({ name, state }) {
  return state === "finished" ? name : `${name} (${state})`;
}

/** @param {Training | undefined} training */
function describeState(training) {
  if (!training) return "No training is remembered here; python -m training makes one.";
  const { name, state, phase, step, steps, seconds, reason } = training;
  if (state === "running") {
    return `${name} ${STATES.running}, ${PHASES[phase]}: step ${step} of ${steps}, ${seconds.toFixed(0)} s.`;
  }
  const end = `${name} ${STATES[state]}, after ${step} of ${steps} steps and ${seconds.toFixed(0)} s.`;
  return reason ? `${end} ${reason}` : end;
}

/** @param {Training} training */
function describeSettings(training) {
  const { optimizer, learning_rate, batch_size, init, has_bias, images_per_digit, augmented } =
    training;
  const parts = [
    `recipe ${training.recipe}`,
    `optimizer ${optimizer}`,
    learning_rate === null ? "its own learning rate" : `learning rate ${learning_rate}`,
    `batches of ${batch_size}`,
    init === "zeros" ? "W begins at zeros" : "W begins at random",
  ];
  if (!has_bias) parts.push("no bias");
  if (images_per_digit !== null) parts.push(`${images_per_digit} images a digit`);
  if (augmented) parts.push("each image changed by chance");
  if (training.temperature !== 1) {
    const by = training.temperature.toFixed(3);
    parts.push(`all W and b divided by ${by} in the end, curves and losses from before that`);
  }
  return `${parts.join(", ")}.`;
}

/**
 * @param {Training | undefined} training
 * @param {number} position
 * @param {number} limit of the heatmaps
 * @param {number[] | null} probabilities of the drawing at that step
 */
function describeStep(training, position, limit, probabilities) {
  const step = training?.curves.steps[position];
  if (!training || step === undefined) return "";
  const loss = training.curves.validation_loss[position];
  const accuracy = training.curves.validation_accuracy[position];
  const parts = [
    `Step ${step}: on validation images a loss of ${loss.toFixed(3)} and ${formatPercent(accuracy)} right.`,
    `Colour scale from ${formatSigned(-limit, 3)} (against) to ${formatSigned(limit, 3)} (for).`,
  ];
  if (probabilities) {
    const digit = largest(probabilities);
    parts.push(`It reads your drawing as ${digit}, with ${formatPercent(probabilities[digit])}.`);
  }
  return parts.join(" ");
}
