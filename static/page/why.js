/**
 * Why the model gave this answer, before any table: the weights of the answer and of the runner-up, lit
 * up where the drawing has ink.
 */

import { find, findAll, setHidden, setText } from "../components/dom.js";
import { inkOutline, limitOf, paintHeatmap } from "../components/heatmap.js";
import { formatSigned } from "../language/format.js";
import { gettext } from "../language/messages.js";
import { contributions, runnerUp } from "../numbers/regression.js";
import { whenChanged } from "../state/memo.js";

/** @typedef {import("../state/state.js").Explanation} Explanation */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../numbers/regression.js").Weights} Weights */

/** @returns {(shown: Shown) => void} */
export function createWhy() {
  const section = find("#why", HTMLElement);
  const title = find("#why-title", HTMLElement);
  const maps = findAll("#why figure", HTMLElement).map((figure) => ({
    weights: find(".unlit", HTMLCanvasElement, figure),
    ink: find(".lit", HTMLCanvasElement, figure),
    outline: find("path", SVGPathElement, figure),
    caption: find("figcaption", HTMLElement, figure),
  }));

  const explain = whenChanged(
    (/** @type {Explanation} */ { digit, evidence, inputs }, /** @type {Weights} */ learned) => {
      const other = runnerUp(evidence, digit);
      setText(title, gettext("Why {digit}, and not {other}?", { digit, other }));
      const shown = [digit, other];
      const weightLimit = limitOf(learned.columns);
      const terms = shown.map((one) => contributions(inputs[one], learned.columns[one]));
      const termLimit = limitOf(terms);
      shown.forEach((one, place) => {
        const { weights, ink, outline, caption } = maps[place];
        paintHeatmap(weights, learned.columns[one], weightLimit);
        paintHeatmap(ink, terms[place], termLimit);
        outline.setAttribute("d", inkOutline(inputs[one]));
        ink.ariaLabel = gettext("Your ink on the weights of {digit}", { digit: one });
        const amount = formatSigned(evidence[one]);
        setText(caption, gettext("{digit} gets {amount}", { digit: one, amount }));
      });
    },
  );

  return ({ explanation, learned }) => {
    setHidden(section, !explanation || !learned);
    if (explanation && learned) explain(explanation, learned);
  };
}
