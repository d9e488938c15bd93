/** How the page adapts to paper, projectors and systems without colours, beyond what style sheets can do. */

import { find, queryMedia } from "../components/dom.js";
import { setHatching } from "../components/heatmap.js";

/** Screens on which, or people for whom, red and blue may look the same. */
const WITHOUT_HUES = "(forced-colors: active), (prefers-contrast: more), (monochrome)";

/**
 * Hatch the negative values of all heatmaps where red and blue may look the same: on paper, which many
 * printers print in grey, in projector mode, with the system's colours or contrast, or on request.
 * @returns {{show: (shown: {isProjector: boolean}) => void}}
 */
export function createDisplay() {
  const root = document.documentElement;
  const wanted = find("#hatch", HTMLInputElement);
  const withoutHues = queryMedia(WITHOUT_HUES);
  let isProjector = false;
  let isPrinting = false;

  const update = () => {
    const isHatched = isPrinting || isProjector || wanted.checked || Boolean(withoutHues?.matches);
    setHatching(isHatched);
    root.classList.toggle("hatched", isHatched);
    const isEnlarged = isProjector && !isPrinting;
    if (root.classList.contains("projector") === isEnlarged) return;
    root.classList.toggle("projector", isEnlarged);
    recomputeColumns();
  };
  wanted.addEventListener("change", update);
  withoutHues?.addEventListener("change", update);
  addEventListener("resize", recomputeColumns);
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

/**
 * Lay all tables out anew. In tables with a fixed layout, WebKit otherwise keeps the widths of columns
 * that depend on the window or on projector mode.
 */
function recomputeColumns() {
  const { classList } = document.documentElement;
  classList.add("recomputing");
  // Reading a size applies the styles.
  document.body.getBoundingClientRect();
  classList.remove("recomputing");
}
