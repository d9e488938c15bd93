/** The answer in words and the two pictures of the drawing, which every view shows. */

import { find, setChoices, setHidden, setText } from "../components/dom.js";
import { compareEvidence } from "../numbers/explain.js";
import { formatNumber, formatPercent, formatSigned } from "../language/format.js";
import { joinSentences } from "../language/sentences.js";
import { paintInk } from "../components/heatmap.js";
import { gettext } from "../language/messages.js";
import { SIDE, toInk } from "../numbers/rasterizer.js";
import { runnerUp } from "../numbers/regression.js";
import { describeTransformation } from "../numbers/transformations.js";
import { whenChanged } from "../state/memo.js";
import { seenPixels } from "../state/inputs.js";

/** @typedef {import("../state/state.js").Shown} Shown */

/** @type {Record<string, string>} Descriptions of the server's normalizations. */
const NORMALIZATIONS = {
  none: gettext("No normalization: the same picture."),
  moments: gettext("Straightened and stretched to a standard size."),
};

/** The side of a pad on which there is room for a message, px. */
const MIN_PAD = 50;

/**
 * @returns {{show: (shown: Shown) => void, showBusy: () => void}} `showBusy` shows that an answer to
 *   the current drawing is awaited
 */
export function createAnswer() {
  const select = find("#model", HTMLSelectElement);
  const hint = find("#hint", HTMLElement);
  const problem = find("#problem", HTMLElement);
  const paper = find(".paper", HTMLElement);
  const answer = find("#answer", HTMLOutputElement);
  const digit = find("#answer-digit", HTMLElement);
  const words = find("#answer-words", HTMLElement);
  const why = find("#answer-why", HTMLElement);
  const sent = find("#sent", HTMLCanvasElement);
  const seen = find("#seen", HTMLCanvasElement);
  const normalization = find("#normalization", HTMLElement);
  const replay = find("#replay", HTMLButtonElement);
  const main = find("main", HTMLElement);

  const showSent = whenChanged((/** @type {Uint8Array} */ pixels, /** @type {string} */ colour) => {
    paintInk(sent, toInk(pixels), colour);
  });
  const showSeen = whenChanged(
    (/** @type {ArrayLike<number>} */ pixels, /** @type {string} */ colour) => {
      paintInk(seen, pixels, colour);
    },
  );
  const explain = whenChanged(
    (/** @type {Shown["explanation"]} */ explanation, /** @type {Shown["learned"]} */ learned) =>
      setText(why, describeLead(explanation, learned)),
  );

  const showBusy = () => {
    answer.ariaBusy = "true";
  };

  /** @param {Shown} shown */
  const show = (shown) => {
    const { prediction, explanation, picture } = shown;
    const choices = shown.models.map(({ name, test_accuracy }) => {
      const percent = formatPercent(test_accuracy);
      return {
        value: name,
        text: gettext("{model}: {percent} on MNIST", { model: name, percent }),
      };
    });
    setChoices(select, choices, shown.model);
    setHidden(hint, picture !== null);
    setText(problem, Object.values(shown.problems).find(Boolean) || shown.notice);
    if (problem.textContent) place(problem, paper);

    answer.ariaBusy = String(shown.isBusy);
    answer.dataset.digit = prediction ? String(prediction.digit) : "";
    answer.dataset.sure = String(prediction?.sure ?? false);
    setText(digit, prediction ? String(prediction.digit) : "");
    setText(words, describe(shown));
    explain(shown.isFresh ? explanation : null, shown.learned);

    // The explanation arrives when the pen is lifted. Until then the last one stays, dimmed.
    main.dataset.fresh = String(shown.isFresh);
    setHidden(sent, !picture);
    if (picture) showSent(picture.pixels, shown.inkColour);
    setHidden(seen, !explanation);
    if (explanation) showSeen(seenPixels(explanation), shown.inkColour);
    setText(normalization, describePreparation(shown));
    replay.disabled = !shown.isFresh;

    main.classList.toggle("has-pixel", shown.pixel !== null);
    if (shown.pixel !== null) {
      main.style.setProperty("--pixel-row", String(Math.floor(shown.pixel / SIDE)));
      main.style.setProperty("--pixel-column", String(shown.pixel % SIDE));
    }
  };

  return { show, showBusy };
}

/**
 * @param {Shown} shown
 * @returns {string} how the drawing became the pixels that the predicted digit weighed
 */
function describePreparation({ explanation, summary }) {
  const normalization = NORMALIZATIONS[summary?.normalization ?? ""] ?? "";
  if (!explanation || summary?.transformations === "none") return normalization;
  const { digit, transformations } = explanation;
  const transformation = describeTransformation(digit, transformations[digit]);
  return joinSentences([normalization, transformation]);
}

/**
 * @param {Shown} shown
 * @returns {string} the answer in words
 */
function describe({ prediction, picture }) {
  if (!prediction) {
    return picture
      ? gettext("Reading…")
      : gettext("Draw a digit: the model says which one it is, and shows why");
  }
  const { digit, sure, probabilities, doubt } = prediction;
  const percent = formatPercent(probabilities[digit]);
  if (sure) return gettext("with a probability of {percent}", { percent });
  if (doubt === "unlike") {
    return gettext("Not sure: this does not look like the {digit}s the model learned from", {
      digit,
    });
  }
  if (doubt === "torn") {
    const other = runnerUp(probabilities, digit);
    const otherPercent = formatPercent(probabilities[other]);
    return gettext("Not sure: {digit} has {percent}, {other} has {otherPercent}", {
      digit,
      percent,
      other,
      otherPercent,
    });
  }
  return gettext("Not sure yet");
}

/**
 * @param {Shown["explanation"]} explanation
 * @param {Shown["learned"]} learned
 * @returns {string} why this digit has more evidence than the runner-up
 */
function describeLead(explanation, learned) {
  if (!explanation || !learned) return "";
  const { digit, evidence, inputs, doubt, distance = 0 } = explanation;
  const other = runnerUp(evidence, digit);
  const { lead, parts } = compareEvidence(inputs, learned, digit, other);
  const [best, worst] = [parts[0], parts[parts.length - 1]];
  const sentences = [
    gettext("{digit} leads {other} by {lead} of evidence.", {
      digit,
      other,
      lead: formatNumber(lead, 2),
    }),
    gettext("Most for it: {source}, {amount}.", {
      source: best.source,
      amount: formatSigned(best.amount),
    }),
  ];
  if (worst.amount < 0) {
    sentences.push(
      gettext("Most against: {source}, {amount}.", {
        source: worst.source,
        amount: formatSigned(worst.amount),
      }),
    );
  }
  if (doubt === "unlike") {
    sentences.push(
      gettext("Distance {distance}, limit 1.", { distance: formatNumber(distance, 2) }),
    );
  }
  return joinSentences(sentences);
}

/**
 * Put a message over the pad, or at the bottom of the window in views without a pad.
 * @param {HTMLElement} message
 * @param {HTMLElement} paper of which some views leave a point
 */
function place(message, paper) {
  const parent = paper.offsetWidth > MIN_PAD ? paper : document.body;
  if (message.parentElement !== parent) parent.append(message);
}
