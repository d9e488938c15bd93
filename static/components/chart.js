/** A chart with numbered axes, a read-out at the pointer or by arrow keys, and its data as a table. */

import { linePath, nearestIndex, placeBetween, valueOnLine } from "../numbers/axis.js";
import { gettext } from "../language/messages.js";
import { find, setText } from "./dom.js";

/** @typedef {import("../numbers/axis.js").Tick} Tick */

/**
 * @typedef {object} Series a value at each position of the horizontal axis
 * @property {string} className its colour
 * @property {readonly (number | null)[]} values null where it has none
 */

/**
 * @typedef {object} ChartContent
 * @property {readonly number[]} places of the positions that have values, from 0 (left) to 1, sorted
 * @property {readonly Series[]} series
 * @property {{least: number, most: number}} range of the vertical axis
 * @property {readonly Tick[]} xTicks
 * @property {readonly Tick[]} yTicks
 * @property {readonly number[]} [radii] of a dot at each value of the first series, in rem
 * @property {(position: number) => string} describe the values at a position, for the read-out
 * @property {readonly string[]} headers of the table
 * @property {(position: number) => string[]} toCells a row of the table
 */

/** The viewBox of the lines. It is stretched to the chart's size; nothing but lines is in it. */
const LINES = { width: 600, height: 180 };

/** The radius of the dots at the values that are read out, in rem. */
const MARKER_RADIUS = 0.3;

/** How many positions a page key moves. */
const PAGE = 10;

/** The read-out of more series than these may need a second line. */
const MOST_SERIES_IN_LINE = 2;

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {HTMLElement} root has the elements of templates/chart.html
 */
export function createChart(root) {
  const svg = find("svg.chart", SVGSVGElement, root);
  const grid = find(".grid", SVGGElement, svg);
  const lines = find(".lines", SVGGElement, svg);
  const dots = find(".dots", SVGGElement, svg);
  const xTicks = find(".x-ticks", HTMLElement, root);
  const yTicks = find(".y-ticks", HTMLElement, root);
  const showTable = createTable(root);
  const showReadOut = createReadOut(root, svg);

  return {
    /** @param {ChartContent} content */
    show(content) {
      const { places, series, range, radii } = content;
      const { least, most } = range;
      xTicks.replaceChildren(...content.xTicks.map(({ place, text }) => tick("left", place, text)));
      yTicks.replaceChildren(
        ...content.yTicks.map(({ place, text }) => tick("top", 1 - place, text)),
      );
      grid.replaceChildren(
        ...content.xTicks.map(({ place }) => gridLine("x", place)),
        ...content.yTicks.map(({ place }) => gridLine("y", 1 - place)),
      );
      lines.replaceChildren(
        ...series.map(({ className, values }) => {
          const known = values.flatMap((value, index) => (value === null ? [] : [index]));
          const d = linePath(
            known.map((index) => Number(values[index])),
            { ...LINES, least, most },
            known.map((index) => places[index]),
          );
          return createSvg("path", { class: `line ${className}`, d });
        }),
      );
      dots.replaceChildren(
        ...(radii ?? []).map((radius, position) =>
          dot(places[position], series[0].values[position] ?? least, range, radius),
        ),
      );
      showTable(content);
      showReadOut(content);
    },
  };
}

/**
 * The line and the words at the position that the pointer or the arrow keys have reached. For screen
 * readers the plot is a slider, whose value they read when it changes.
 * @param {HTMLElement} root
 * @param {SVGSVGElement} svg
 * @returns {(content: ChartContent) => void}
 */
function createReadOut(root, svg) {
  const plot = find(".plot", HTMLElement, root);
  const line = find(".pointer", SVGLineElement, svg);
  const markers = find(".markers", SVGGElement, svg);
  const words = find(".read-out", HTMLElement, root);
  const hint = words.textContent ?? "";
  /** @type {ChartContent | null} */
  let content = null;
  /** @type {number | null} */
  let chosen = null;

  const show = () => {
    const count = content?.places.length ?? 0;
    if (chosen !== null && chosen >= count) chosen = null;
    if (document.activeElement === plot && count) chosen ??= count - 1;
    const current = chosen ?? count - 1;
    plot.ariaValueMax = String(Math.max(0, count - 1));
    plot.ariaValueNow = String(Math.max(0, current));
    plot.ariaValueText = content && count ? content.describe(current) : gettext("no values");
    line.classList.toggle("away", chosen === null);
    words.classList.toggle("idle", chosen === null);
    words.classList.toggle("long", (content?.series.length ?? 0) > MOST_SERIES_IN_LINE);
    if (!content || chosen === null) {
      markers.replaceChildren();
      setText(words, count ? hint : "");
      return;
    }
    const position = chosen;
    const { places, series, range } = content;
    placeLine(line, "x", places[position]);
    markers.replaceChildren(
      ...series.flatMap(({ className, values }) => {
        const value = valueOnLine(places, values, position);
        if (value === null) return [];
        const marker = dot(places[position], value, range, MARKER_RADIUS);
        marker.setAttribute("class", className);
        return [marker];
      }),
    );
    setText(words, content.describe(position));
  };

  /** @param {number | null} position */
  const choose = (position) => {
    if (position === chosen) return;
    chosen = position;
    show();
  };

  /** @param {PointerEvent} event */
  const follow = ({ clientX }) => {
    const { left, width } = svg.getBoundingClientRect();
    if (!content || !content.places.length || !width) return;
    choose(nearestIndex(content.places, (clientX - left) / width));
  };
  plot.addEventListener("pointerdown", follow);
  plot.addEventListener("pointermove", follow);
  // A finger that is lifted leaves too; what it has reached stays until the plot loses the focus.
  plot.addEventListener("pointerleave", ({ pointerType }) => {
    if (pointerType === "mouse" && document.activeElement !== plot) choose(null);
  });
  plot.addEventListener("blur", () => choose(null));
  plot.addEventListener("focus", show);
  plot.addEventListener("keydown", (event) => {
    const last = (content?.places.length ?? 0) - 1;
    if (last < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const next = positionAfter(event.key, chosen ?? last, last);
    if (next === null) return;
    event.preventDefault();
    choose(Math.min(last, Math.max(0, next)));
  });

  return (shown) => {
    content = shown;
    show();
  };
}

/**
 * @param {string} key
 * @param {number} position
 * @param {number} last
 * @returns {number | null} the position that the key leads to; null for other keys
 */
function positionAfter(key, position, last) {
  switch (key) {
    case "ArrowLeft":
    case "ArrowDown":
      return position - 1;
    case "ArrowRight":
    case "ArrowUp":
      return position + 1;
    case "PageDown":
      return position - PAGE;
    case "PageUp":
      return position + PAGE;
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}

/**
 * The table is filled only while it is open.
 * @param {HTMLElement} root
 * @returns {(content: ChartContent) => void}
 */
function createTable(root) {
  const details = find("details", HTMLDetailsElement, root);
  const head = find("thead tr", HTMLTableRowElement, details);
  const body = find("tbody", HTMLTableSectionElement, details);
  /** @type {ChartContent | null} */
  let content = null;

  const fill = () => {
    if (!content || !details.open) return;
    const { headers, places, toCells } = content;
    head.replaceChildren(...headers.map((text) => cell("th", "col", text)));
    body.replaceChildren(
      ...places.map((_, position) => {
        const row = document.createElement("tr");
        const [first, ...rest] = toCells(position);
        row.append(cell("th", "row", first), ...rest.map((text) => cell("td", "", text)));
        return row;
      }),
    );
  };
  details.addEventListener("toggle", fill);

  return (shown) => {
    content = shown;
    fill();
  };
}

/** @param {"th" | "td"} tag @param {string} scope @param {string} text */
function cell(tag, scope, text) {
  const element = document.createElement(tag);
  if (scope) element.scope = scope;
  element.textContent = text;
  return element;
}

/** @param {"left" | "top"} side @param {number} share @param {string} text */
function tick(side, share, text) {
  const element = document.createElement("span");
  element.style.setProperty(side, `${100 * share}%`);
  element.textContent = text;
  return element;
}

/** @param {"x" | "y"} axis that it crosses @param {number} share */
function gridLine(axis, share) {
  const across = axis === "x" ? "y" : "x";
  const line = createSvg("line", { [`${across}1`]: "0", [`${across}2`]: "100%" });
  placeLine(line, axis, share);
  return line;
}

/**
 * @param {number} share of the chart's width
 * @param {number} value
 * @param {{least: number, most: number}} range
 * @param {number} radius in rem
 */
function dot(share, value, { least, most }, radius) {
  return createSvg("circle", {
    cx: `${100 * share}%`,
    cy: `${100 * (1 - placeBetween(value, least, most))}%`,
    r: `${radius}rem`,
  });
}

/**
 * Move a vertical line ("x") or a horizontal one ("y").
 * @param {SVGElement} line
 * @param {"x" | "y"} axis
 * @param {number} share of the chart's width or height
 */
export function placeLine(line, axis, share) {
  for (const end of ["1", "2"]) line.setAttribute(axis + end, `${100 * share}%`);
}

/** @param {string} name @param {Record<string, string>} attributes */
function createSvg(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
