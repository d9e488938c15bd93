/** A small picture of a drawing. */

import { PEN_WIDTH } from "../numbers/rasterizer.js";
import { strokesToPath } from "../numbers/stroke_path.js";

/** @typedef {import("../numbers/rasterizer.js").Stroke} Stroke */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {readonly Stroke[]} strokes
 * @returns {SVGSVGElement} of the whole pad; its side is 1
 */
export function createThumbnail(strokes) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 1 1");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("thumbnail");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", strokesToPath(strokes));
  path.setAttribute("stroke-width", String(PEN_WIDTH));
  svg.append(path);
  return svg;
}
