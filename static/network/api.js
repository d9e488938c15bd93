/** The HTTP API: one function for each request that the page sends. */

import { ALL_DIGITS, DIGITS, PIXELS } from "../numbers/regression.js";
import { transformPixels } from "../numbers/transformations.js";
import { BYTES_TYPE, request, requestObject, withTimeout } from "./http.js";
import { createLiveSocket } from "./live_socket.js";

/** @typedef {import("../numbers/regression.js").Weights} Weights */
/** @typedef {import("../numbers/transformations.js").Transformation} Transformation */

/**
 * @typedef {object} Prediction
 * @property {string} model
 * @property {number} digit
 * @property {boolean} sure
 * @property {string} [digest] the model's
 * @property {"no ink" | "unlike" | "torn" | null} [doubt] why the model is not sure
 * @property {number} [distance] from the training images of the predicted digit; above 1
 *   the drawing does not look like them
 * @property {number[]} probabilities
 * @property {number[]} [evidence]
 * @property {number[]} [pixels] x: 784 numbers from 0 to 1
 * @property {Placement} [placement] of these pixels in the drawing's 28×28
 * @property {Transformation[]} [transformations] what each digit does to these pixels
 * @property {ArrayLike<number>[]} [inputs] the pixels as each digit transforms them
 */

/**
 * The part of the drawing's 28×28 pixels that the normalized picture shows, in these pixels: its
 * centre, the distances from there to its left, right, top and bottom edges, and its shear: a row
 * that is one pixel lower is taken from `slant` pixels further right.
 * @typedef {{centre: [number, number], slant: number, reach: [number, number, number, number]}}
 *   Placement
 */

/**
 * @typedef {object} ModelSummary
 * @property {string} name
 * @property {string} recipe
 * @property {string} normalization
 * @property {string} transformations names those from which each digit chooses
 * @property {number} test_accuracy
 * @property {string} digest
 * @property {boolean} evaluation whether its test results were recorded
 */

/**
 * Real MNIST digits: some of its test images, and the mean training image of each digit under each
 * normalization. Intensities are bytes.
 * @typedef {object} SampleDigits
 * @property {{label: number, pixels: Uint8Array}[]} digits
 * @property {Record<string, Uint8Array[]>} means
 */

/**
 * @typedef {object} Curves loss (nats) and accuracy at each recorded step
 * @property {number[]} steps
 * @property {number[]} train_loss
 * @property {number[]} train_accuracy
 * @property {number[]} validation_loss
 * @property {number[]} validation_accuracy
 */

/**
 * @typedef {object} Training running or ended
 * @property {string} name
 * @property {string} run identifies it among trainings of the same name
 * @property {"running" | "finished" | "diverged" | "interrupted" | "failed" | "died"} state
 * @property {"preparing" | "training" | "comparing" | "evaluating"} phase
 * @property {number} step the last completed one
 * @property {number} steps
 * @property {number} seconds
 * @property {string | null} reason why it left no model
 * @property {string} recipe
 * @property {string} normalization
 * @property {string} transformations
 * @property {string} optimizer
 * @property {number | null} learning_rate
 * @property {number | "all"} batch_size
 * @property {string} init
 * @property {boolean} has_bias
 * @property {number | null} images_per_digit
 * @property {boolean} augmented
 * @property {number} temperature
 * @property {Curves} curves
 * @property {string} digest changes with every property
 */

/**
 * W and b at each recorded step.
 * @typedef {{at: (position: number) => Weights, limit: number}} Frames
 */

/**
 * @typedef {object} Example a test image
 * @property {number} index
 * @property {number} label
 * @property {number} digit the prediction
 * @property {number} probability of the prediction
 * @property {number} loss
 * @property {Uint8Array} pixels as drawn
 */

/**
 * @typedef {object} Evaluation of a model on MNIST's test images
 * @property {number} accuracy
 * @property {number[]} digit_accuracy
 * @property {number} calibration_error
 * @property {number} loss
 * @property {number[][]} confusion a row for each label, a column for each predicted digit
 * @property {{count: number, probability: number | null, right: number | null}[]} reliability
 * @property {Example[]} misread sorted by loss, largest first
 * @property {Example[]} read some that were read correctly
 */

/** The fields of a complete answer. */
const EXPLAINED = "digest,probabilities,evidence,pixels,placement,transformations,doubt,distance";

/** The fields that are needed while the pen moves. */
const LIVE = "digest,probabilities,evidence";

/**
 * The API's URL is relative to the page, which a reverse proxy may serve under a prefix. Not its path
 * only: of a page at "//", that would be another host's URL.
 */
export const API = new URL("api", document.baseURI).href;

const askSocket = createLiveSocket();

/** @returns {Promise<{default: string | null, models: ModelSummary[]}>} */
export function fetchModels() {
  return requestObject(`${API}/models`, ["models"], withTimeout());
}

/**
 * @param {Uint8Array} pixels 784 intensities, 0 = paper, 255 = ink
 * @param {ModelSummary} model
 * @param {boolean} isExplained whether to request everything that explains the prediction
 * @returns {Promise<Prediction>}
 */
export async function fetchPrediction(pixels, model, isExplained) {
  if (isExplained) {
    const found = await fetchAnswer(pixels, model, EXPLAINED);
    return { ...found, inputs: transformPixels(found.pixels ?? [], found.transformations ?? []) };
  }
  const answer = await askSocket(`${API}/live?${writeQuery(model, LIVE)}`, pixels);
  return answer === null ? fetchAnswer(pixels, model, LIVE) : JSON.parse(answer);
}

/**
 * @param {ModelSummary} model its digest tells a server process that knows an older one to reload it
 * @param {string} fields
 */
function writeQuery({ name, digest }, fields) {
  return new URLSearchParams({ model: name, fields, v: digest });
}

/**
 * @param {Uint8Array} pixels
 * @param {ModelSummary} model
 * @param {string} fields
 * @returns {Promise<Prediction>}
 */
function fetchAnswer(pixels, model, fields) {
  return requestObject(`${API}/predict?${writeQuery(model, fields)}`, fields.split(","), {
    ...withTimeout(),
    method: "POST",
    headers: { "Content-Type": BYTES_TYPE },
    body: /** @type {BodyInit} */ (pixels),
  });
}

/**
 * @param {ModelSummary} model
 * @returns {Promise<Weights>}
 */
export async function fetchWeights(model) {
  const response = await request(
    `${modelPath(model.name)}/weights.bin?v=${model.digest}`,
    BYTES_TYPE,
  );
  // Both the response and every platform that runs browsers are little-endian.
  const numbers = new Float32Array(await response.arrayBuffer());
  return toWeights(numbers, 1, numbers.slice(PIXELS * DIGITS));
}

/** @returns {Promise<SampleDigits>} */
export async function fetchDigits() {
  /** @type {{digits: {label: number, pixels: string}[], means: Record<string, string[]>}} */
  const found = await requestObject(`${API}/digits`, ["digits", "means"]);
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
 * @param {Uint8Array} pixels 784 intensities, 0 = paper, 255 = ink
 * @param {ModelSummary} model
 * @returns {Promise<number[]>} x: the pixels as this model's normalization leaves them
 */
export async function fetchNormalizedInk(pixels, model) {
  const { pixels: normalized } = await fetchAnswer(pixels, model, "pixels");
  return normalized ?? [];
}

/** @returns {Promise<Record<string, Transformation[]>>} the sets from which digits choose, by name */
export async function fetchTransformations() {
  return (await requestObject(`${API}/transformations`, ["sets"])).sets;
}

/** @returns {Promise<Training[]>} those running on the server's machine, and the last ended ones */
export async function fetchTrainings() {
  return (await requestObject(`${API}/training`, ["trainings"], withTimeout())).trainings;
}

/** @returns {Promise<Training[]>} all recorded ones */
export async function fetchHistories() {
  return (await requestObject(`${API}/histories`, ["trainings"])).trainings;
}

/**
 * @param {Training} training a running one
 * @returns {Promise<Weights>} its current W and b
 */
export async function fetchLiveWeights({ name }) {
  const response = await request(`${API}/training/${encodeURIComponent(name)}/weights`, BYTES_TYPE);
  const buffer = await response.arrayBuffer();
  const floats = new Float32Array(buffer, 0, 1 + DIGITS);
  const frame = new Int8Array(buffer, floats.byteLength);
  return toWeights(frame, floats[0], floats.slice(1));
}

/**
 * @param {Training} training
 * @returns {Promise<Frames>}
 */
export async function fetchFrames({ run, digest }) {
  const response = await request(
    `${API}/histories/${encodeURIComponent(run)}/weights?v=${digest}`,
    BYTES_TYPE,
  );
  const buffer = await response.arrayBuffer();
  const size = PIXELS * DIGITS;
  const last = 4 * size;
  const count = (buffer.byteLength - last) / (4 + 4 * DIGITS + size);
  const scales = new Float32Array(buffer, 0, count);
  const biases = new Float32Array(buffer, 4 * count, DIGITS * count);
  const lastWeights = new Float32Array(buffer, 4 * (1 + DIGITS) * count, size);
  const frames = new Int8Array(buffer, 4 * (1 + DIGITS) * count + last);
  return {
    limit: Math.max(...scales.map((scale) => 127 * scale)),
    at(position) {
      const bias = biases.slice(position * DIGITS, (position + 1) * DIGITS);
      // The last step has the model's exact weights, the others are quantized to 8 bits.
      if (position === count - 1) return toWeights(lastWeights, 1, bias);
      const frame = frames.subarray(position * size, (position + 1) * size);
      return toWeights(frame, scales[position], bias);
    },
  };
}

/**
 * @param {ModelSummary} model
 * @returns {Promise<Evaluation>}
 */
export async function fetchEvaluation(model) {
  const found = await requestObject(`${modelPath(model.name)}/evaluation`, ["misread", "read"]);
  /** @param {{pixels: string}} example */
  const toExample = (example) => ({ ...example, pixels: decode(example.pixels) });
  return { ...found, misread: found.misread.map(toExample), read: found.read.map(toExample) };
}

/**
 * @param {ArrayLike<number>} numbers W (784, 10), row-major
 * @param {number} scale a factor for all of them
 * @param {Float32Array} bias
 * @returns {Weights}
 */
function toWeights(numbers, scale, bias) {
  return {
    columns: ALL_DIGITS.map((digit) =>
      Float32Array.from({ length: PIXELS }, (_, pixel) => scale * numbers[pixel * DIGITS + digit]),
    ),
    bias,
  };
}

/**
 * The URLs of a model's weights as files.
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
  return `${API}/models/${encodeURIComponent(name)}`;
}
