/** Saving a part of the page as a PNG. */

import { queryMedia } from "../components/dom.js";
import { IS_RIGHT_TO_LEFT } from "../language/locale.js";
import { gettext } from "../language/messages.js";

/** Pixels of the picture per CSS pixel. */
const SCALE = 2;

/** Time in which a person must choose where to save the picture, ms. */
const SAVING_MS = 60_000;

/** Margin around the element, in CSS px. */
const MARGIN = 24;

const XHTML = "http://www.w3.org/1999/xhtml";
const SVG = "http://www.w3.org/2000/svg";

/**
 * Draw an element as it is on screen: a copy with the page's style sheets, inside an SVG.
 * @param {HTMLElement} element
 * @returns {Promise<Blob>} a PNG
 * @throws {Error} the browser cannot draw it
 */
export async function toPicture(element) {
  const { width, height } = sizeOf(element);
  const image = new Image();
  const svg = toSvg(element, width, height);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil((width + 2 * MARGIN) * SCALE);
  canvas.height = Math.ceil((height + 2 * MARGIN) * SCALE);
  const context = canvas.getContext("2d");
  if (!context) throw new Error(gettext("This browser cannot draw pictures."));
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(SCALE, SCALE);
  context.drawImage(image, MARGIN, MARGIN);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve));
  if (!blob) throw new Error(gettext("This browser could not create the picture."));
  return /** @type {Blob} */ (blob);
}

/**
 * @param {HTMLElement} element
 * @returns {{width: number, height: number}} its size in CSS px, with all scrollable content but that
 *   of charts' tables, which would push down what is below them
 */
function sizeOf(element) {
  const box = element.getBoundingClientRect();
  const { left, right, top } = box;
  let { width, height } = box;
  for (const area of element.querySelectorAll(".scrolled:not(.data *), .side")) {
    if (!area.checkVisibility()) continue;
    const start = area.getBoundingClientRect();
    const before = IS_RIGHT_TO_LEFT ? right - start.right : start.left - left;
    width = Math.max(width, before + area.scrollWidth);
    height = Math.max(height, start.top - top + area.scrollHeight);
  }
  return { width, height };
}

/**
 * @param {HTMLElement} element
 * @param {number} width of the picture
 * @param {number} height
 */
function toSvg(element, width, height) {
  const { documentElement: root } = document;
  const scheme = queryMedia("(prefers-color-scheme: dark)")?.matches ? "dark" : "light";
  const style = document.createElementNS(SVG, "style");
  style.textContent = styleText();
  const serializer = new XMLSerializer();
  // Written as text, since the content security policy forbids style attributes in the document. At
  // least as wide as the window, so that the same media queries apply.
  return `<svg xmlns="${SVG}" width="${Math.max(innerWidth, width)}" height="${height}"
      class="${root.className}"
      style="font-size: ${getComputedStyle(root).fontSize}; color-scheme: ${scheme}">
    ${serializer.serializeToString(style)}
    <foreignObject width="100%" height="100%">
      <body xmlns="${XHTML}" lang="${root.lang}" dir="${root.dir}"
          style="margin: 0; padding: 0; max-width: none; width: ${element.offsetWidth}px">
        ${serializer.serializeToString(copy(element))}
      </body>
    </foreignObject>
  </svg>`;
}

/** @returns {string} all rules of the page's style sheets */
function styleText() {
  const sheets = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
  return sheets.map((rule) => rule.cssText).join("\n");
}

/**
 * @param {HTMLElement} element
 * @returns {HTMLElement} a copy in which images that need no server replace canvases and other images,
 *   and attributes hold the values of form controls
 */
function copy(element) {
  const clone = /** @type {HTMLElement} */ (element.cloneNode(true));
  clone.classList.add("saved");
  // The picture shows where the animation of the drawing ends.
  delete clone.dataset.flight;
  const twins = [...clone.querySelectorAll("*")];
  for (const [index, node] of element.querySelectorAll("*").entries()) {
    const twin = twins[index];
    if (node.matches(".flight")) {
      twin.remove();
    } else if (node instanceof HTMLCanvasElement) {
      const image = document.createElement("img");
      for (const { name, value } of node.attributes) image.setAttribute(name, value);
      image.removeAttribute("width");
      image.removeAttribute("height");
      image.src = node.toDataURL();
      twin.replaceWith(image);
    } else if (node instanceof HTMLImageElement) {
      /** @type {HTMLImageElement} */ (twin).src = toDataUrl(node);
    } else if (node instanceof HTMLElement && node.matches(".paper")) {
      // Its size depends on the window's height, which the picture does not have.
      /** @type {HTMLElement} */ (twin).style.maxWidth = `${node.offsetWidth}px`;
    } else if (node instanceof HTMLOptionElement) {
      twin.toggleAttribute("selected", node.selected);
    } else if (node instanceof HTMLInputElement) {
      twin.setAttribute("value", node.value);
      twin.toggleAttribute("checked", node.checked);
    }
  }
  return clone;
}

/**
 * @param {HTMLImageElement} image
 * @returns {string} its content; empty if it is not loaded or not shown
 */
function toDataUrl(image) {
  const canvas = document.createElement("canvas");
  canvas.width = image.clientWidth * SCALE;
  canvas.height = image.clientHeight * SCALE;
  if (!image.naturalWidth || !canvas.width) return "";
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL();
}

/**
 * @param {Blob} blob
 * @param {string} name of the file
 */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // Safari needs the URL until the person has confirmed the download.
  setTimeout(() => URL.revokeObjectURL(link.href), SAVING_MS);
}
