/** The server's answers, as the rest of the page sees them. */

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
 * @property {string} [input] PNG data URI
 * @property {string[]} [contributions] PNG data URIs
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
 * @typedef {object} Weights of one model
 * @property {number[][]} weights (784, 10)
 * @property {number[]} bias (10)
 */

/** What a whole answer consists of. */
const EXPLAINED = "probabilities,evidence,pixels,input,contributions,doubt,distance";

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
 * @returns {Promise<any>} the answer's JSON
 * @throws {ProblemError} the server refused
 * @throws {TypeError} the server was not reached
 */
async function request(path, options) {
  const response = await fetch(path, options);
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new ProblemError(response.status, problem.detail ?? `status ${response.status}`);
  }
  return response.json();
}

/** @returns {Promise<{default: string | null, models: ModelSummary[]}>} */
export function fetchModels() {
  return request("/api/models");
}

/**
 * @param {Uint8Array} pixels 784 intensities, 0 = paper, 255 = ink
 * @param {string} model
 * @param {boolean} explained whether to bring evidence and pictures, or probabilities alone
 * @returns {Promise<Prediction>}
 */
export function fetchPrediction(pixels, model, explained) {
  const query = new URLSearchParams({ model });
  query.set("fields", explained ? EXPLAINED : "probabilities");
  return request(`/api/predict?${query}`, {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream" },
    body: /** @type {BodyInit} */ (pixels),
  });
}

/**
 * @param {ModelSummary} model
 * @returns {Promise<Weights>}
 */
export function fetchWeights(model) {
  return request(`/api/models/${encodeURIComponent(model.name)}/weights`);
}

/**
 * All ten heatmaps in one picture, side by side.
 * @param {ModelSummary} model
 */
export function weightsUrl(model) {
  return `/api/models/${encodeURIComponent(model.name)}/weights.png`;
}
