/** The guide: seven steps from a picture to three models that have learned, each to be tried. */

import { find, findAll } from "../components/dom.js";
import { createGallery } from "../components/gallery.js";
import { createDescent } from "../guide/descent.js";
import { createLabel } from "../guide/label.js";
import { createLoss } from "../guide/loss.js";
import { createModels } from "../guide/models.js";
import { createPicture } from "../guide/picture.js";
import { createSoftmax } from "../guide/softmax.js";
import { createSum } from "../guide/sum.js";

/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../state/state.js").Shown} Shown */

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
    createModels(),
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
    on.disabled = step === steps.length;
    steps[step - 1](shown);
  };
}
