/** Step 7 of the guide: three models on one drawing, each of which adds something to the one before. */

import { find, findAll, setHidden, setText } from "../components/dom.js";
import { inkOutline, limitOf, paintHeatmap, paintInk } from "../components/heatmap.js";
import { formatPercent } from "../language/format.js";
import { gettext } from "../language/messages.js";
import { PIXELS, evidence, largest, softmaxSteps } from "../numbers/regression.js";
import { inputsUnder } from "../state/inputs.js";
import { whenChanged } from "../state/memo.js";
import { recipeModels } from "../state/state.js";

/** @typedef {import("../state/state.js").ModelSummary} ModelSummary */
/** @typedef {import("../state/state.js").Shown} Shown */

export function createModels() {
  const words = find("#guide-models-words", HTMLElement);
  const rows = findAll("#guide-models tbody tr", HTMLElement).map(createRow);

  return (/** @type {Shown} */ shown) => {
    const models = recipeModels(shown);
    setText(words, describeModels(shown));
    rows.forEach((row, place) => row.show(shown, models[place]));
  };
}

/** @param {HTMLElement} element a row of the table */
function createRow(element) {
  const name = find(".name", HTMLElement, element);
  const accuracy = find(".accuracy", HTMLElement, element);
  const input = find(".input", HTMLCanvasElement, element);
  const heatmap = find(".heatmap", HTMLCanvasElement, element);
  const outline = find(".outline path", SVGPathElement, element);
  const reading = find(".reading", HTMLElement, element);

  const showInput = whenChanged(
    (/** @type {ArrayLike<number> | undefined} */ pixels, /** @type {string} */ colour) => {
      paintInk(input, pixels ?? new Float32Array(PIXELS), colour);
      outline.setAttribute("d", pixels ? inkOutline(pixels) : "");
    },
  );
  const showWeights = whenChanged((/** @type {Float32Array | undefined} */ weights) => {
    if (weights) paintHeatmap(heatmap, weights, limitOf([weights]));
  });

  return {
    /** @param {Shown} shown @param {ModelSummary | undefined} model */
    show(shown, model) {
      setHidden(element, !model);
      if (!model) return;
      const digit = shown.explanation?.digit ?? shown.followedDigit;
      const weights = shown.weights.get(model.digest);
      const inputs = inputsUnder(shown, model, weights);
      setText(name, model.name);
      setText(
        accuracy,
        gettext("{percent} on MNIST", { percent: formatPercent(model.test_accuracy) }),
      );
      showInput(inputs?.[digit], shown.inkColour);
      showWeights(weights?.columns[digit]);
      if (!weights || !inputs) return setText(reading, "");
      const { probabilities } = softmaxSteps(evidence(inputs, weights));
      setText(reading, describeAnswer(probabilities));
    },
  };
}

/** @param {number[]} probabilities */
function describeAnswer(probabilities) {
  const digit = largest(probabilities);
  return gettext("{digit}, with {percent}", {
    digit,
    percent: formatPercent(probabilities[digit]),
  });
}

/** @param {Shown} shown */
function describeModels({ explanation, model }) {
  if (!explanation) return gettext("Draw a digit or choose a sample digit.");
  return gettext(
    "The pictures and the weights are those of {digit}, the answer of the model {model}.",
    { digit: explanation.digit, model },
  );
}
