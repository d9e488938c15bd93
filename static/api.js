/** The server's answers, as the rest of the page sees them. */

import { ALL_DIGITS, DIGITS, PIXELS } from "./regression.js";

/** @typedef {import("./regression.js").Weights} Weights */

/**
 * @typedef {object} Prediction
 * @property {string} model
 * @property {number} digit
 * @property {boolean} sure
 * @property {"no ink" | "unlike" | "torn" | null} [doubt] why it is not sure
 * @property {number} [distance] from the answered digit's training images; beyond 1 is unlike them
 * @property {number[]} probabilities
 * @property {number[]} [evidence]
 * @property {number[]} [pixels] 784 that the weights were multiplied with, 0 to 1
 * @property {Placement} [placement] of them in the drawing's 28×28
 */

/**
 * From where a normalised picture was taken, in pixels of the picture as drawn: its middle shows
 * the centre, its left, right, top and bottom edges lie as far from there as they reach, and what
 * is one pixel lower was taken from `slant` pixels further right.
 * @typedef {{centre: [number, number], slant: number, reach: [number, number, number, number]}}
 *   Placement
 */

/**
 * @typedef {object} ModelSummary
 * @property {string} name
 * @property {string} recipe
 * @property {string} normalization
 * @property {number} test_accuracy
 * @property {string} digest
 */

/**
 * Real MNIST digits: some of its test images, and each digit's mean training image under each
 * normalisation. Intensities are bytes.
 * @typedef {object} SampleDigits
 * @property {{label: number, pixels: Uint8Array}[]} digits
 * @property {Record<string, Uint8Array[]>} means
 */

/** What a whole answer consists of. */
const EXPLAINED = "probabilities,evidence,pixels,placement,doubt,distance";

/** What the moving pen needs of it. */
const LIVE = "probabilities,evidence";

/** The server answered, and said what was wrong. */
export class ProblemError extends Error {
  /**
   * @param {number} status
   * @param {string} detail
   */
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>} a success
 * @throws {ProblemError} the server refused
 * @throws {TypeError} the server was not reached
 */
async function request(path, options) {
  const response = await fetch(path, options);
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new ProblemError(response.status, problem.detail ?? `status ${response.status}`);
  }
  return response;
}

/** @returns {Promise<{default: string | null, models: ModelSummary[]}>} */
export async function fetchModels() {
  return (await request("/api/models")).json();
}

/**
 * @param {Uint8Array} pixels 784 intensities, 0 = paper, 255 = ink
 * @param {string} model
 * @param {boolean} explained whether to bring all that explains it too
 * @returns {Promise<Prediction>}
 */
export async function fetchPrediction(pixels, model, explained) {
  const query = new URLSearchParams({ model });
  query.set("fields", explained ? EXPLAINED : LIVE);
  const response = await request(`/api/predict?${query}`, {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream" },
    body: /** @type {BodyInit} */ (pixels),
  });
  return response.json();
}

/**
 * @param {ModelSummary} model
 * @returns {Promise<Weights>}
 */
export async function fetchWeights(model) {
  const response = await request(`${modelPath(model.name)}/weights.bin`);
  // The server's numbers are little-endian, as are those of every machine that runs a browser.
  const numbers = new Float32Array(await response.arrayBuffer());
  return {
    columns: ALL_DIGITS.map((digit) =>
      Float32Array.from({ length: PIXELS }, (_, pixel) => numbers[pixel * DIGITS + digit]),
    ),
    bias: numbers.slice(PIXELS * DIGITS),
  };
}

/** @returns {Promise<SampleDigits>} */
export async function fetchDigits() {
  /** @type {{digits: {label: number, pixels: string}[], means: Record<string, string[]>}} */
  const found = await (await request("/api/digits")).json();
  return {
    digits: found.digits.map(({ label, pixels }) => ({ label, pixels: decode(pixels) })),
    means: Object.fromEntries(
      Object.entries(found.means).map(([name, images]) => [name, images.map(decode)]),
    ),
  };
}

/** @param {string} base64 */
function decode(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/**
 * Where a model's weights can be had as files.
 * @param {string} name
 */
export function weightFiles(name) {
  return {
    png: `${modelPath(name)}/weights.png?scale=16`,
    csv: `${modelPath(name)}/weights.csv`,
  };
}

/** @param {string} name */
function modelPath(name) {
  return `/api/models/${encodeURIComponent(name)}`;
}
