/** What changes for the time of printing and cannot be changed by a style sheet. */

import { queryMedia } from "../components/dom.js";
import { setHatching } from "../components/heatmap.js";

/** Screens and people who cannot rely on red and blue. */
const WITHOUT_HUES = "(forced-colors: active), (prefers-contrast: more), (monochrome)";

/**
 * Hatch the negative values of all heatmaps where red and blue may look the same: on paper, which
 * many printers print in grey, in projector mode, and where colours or contrast are set by the system.
 * @returns {{show: (shown: {isProjector: boolean}) => void}}
 */
export function createPrinting() {
  const root = document.documentElement;
  const withoutHues = queryMedia(WITHOUT_HUES);
  let isProjector = false;
  let isPrinting = false;

  const update = () => {
    setHatching(isPrinting || isProjector || Boolean(withoutHues?.matches));
    root.classList.toggle("projector", isProjector && !isPrinting);
  };
  withoutHues?.addEventListener("change", update);
  for (const type of ["beforeprint", "afterprint"]) {
    addEventListener(type, () => {
      isPrinting = type === "beforeprint";
      update();
    });
  }

  return {
    show(shown) {
      isProjector = shown.isProjector;
      update();
    },
  };
}
