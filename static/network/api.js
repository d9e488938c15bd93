/** The server's answers, as the rest of the page sees them. */

import { ALL_DIGITS, DIGITS, PIXELS } from "../numbers/regression.js";

/** @typedef {import("../numbers/regression.js").Weights} Weights */

/**
 * @typedef {object} Prediction
 * @property {string} model
 * @property {number} digit
 * @property {boolean} sure
 * @property {string} [digest] the model's
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
 * @property {boolean} history whether it can be seen being learned
 * @property {boolean} evaluation whether it is known what it misreads
 */

/**
 * Real MNIST digits: some of its test images, and each digit's mean training image under each
 * normalisation. Intensities are bytes.
 * @typedef {object} SampleDigits
 * @property {{label: number, pixels: Uint8Array}[]} digits
 * @property {Record<string, Uint8Array[]>} means
 */

/**
 * @typedef {object} Curves four figures at each recorded step; losses in nats
 * @property {number[]} steps
 * @property {number[]} train_loss
 * @property {number[]} train_accuracy
 * @property {number[]} validation_loss
 * @property {number[]} validation_accuracy
 */

/**
 * @typedef {object} Training under way, or how it ended
 * @property {string} name
 * @property {string} run tells two under one name apart
 * @property {"running" | "finished" | "diverged" | "interrupted" | "failed" | "died"} state
 * @property {"preparing" | "training" | "evaluating"} phase
 * @property {number} step the last one done
 * @property {number} steps
 * @property {number} seconds
 * @property {string | null} reason why there is no model
 * @property {string} recipe
 * @property {string} normalization
 * @property {string} optimizer
 * @property {number | null} learning_rate
 * @property {number | "all"} batch_size
 * @property {string} init
 * @property {boolean} has_bias
 * @property {number | null} images_per_digit
 * @property {boolean} augmented
 * @property {number} temperature
 * @property {Curves} curves
 * @property {string} digest changes whenever anything of it does
 */

/**
 * W and b at each recorded step.
 * @typedef {{at: (position: number) => Weights, limit: number}} Frames
 */

/**
 * @typedef {object} Example a test image
 * @property {number} index
 * @property {number} label
 * @property {number} digit the answer
 * @property {number} probability of the answer
 * @property {number} loss
 * @property {Uint8Array} pixels as drawn
 */

/**
 * @typedef {object} Evaluation of a model on MNIST's test images
 * @property {number} accuracy
 * @property {number[]} digit_accuracy
 * @property {number} calibration_error
 * @property {number} loss
 * @property {number[][]} confusion a row for each label, a column for each answer
 * @property {{count: number, probability: number | null, right: number | null}[]} reliability
 * @property {Example[]} misread the worst first
 * @property {Example[]} read some that were read right
 */

/** What a whole answer consists of. */
const EXPLAINED = "digest,probabilities,evidence,pixels,placement,doubt,distance";

/** What the moving pen needs of it. */
const LIVE = "digest,probabilities,evidence";

/** Where the API is: below the page, which a reverse proxy may serve under a path of its own. */
const API = new URL("api", document.baseURI).pathname;

const JSON_TYPE = "application/json";
const BYTES_TYPE = "application/octet-stream";
const PROBLEM_TYPE = "application/problem+json";
const MODULE_TYPE = "text/javascript; charset=utf-8";

/** How long a small answer may take, ms: over flaky Wi-Fi one may get lost without a word. */
const PATIENCE_MS = 5000;

/** How long to wait before asking again when a question has failed, ms, and how long at most. */
const RETRY_MS = 1000;
const MOST_RETRY_MS = 10_000;

/** The server answered, and said what was wrong. */
export class ProblemError extends Error {
  /**
   * @param {number} status
   * @param {string} detail
   * @param {number} retryAfter seconds after which to ask again, 0 where it does not say
   */
  constructor(status, detail, retryAfter) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Whether the request was wrong, and will be again. */
  get isFinal() {
    return this.status >= 400 && this.status < 500 && this.status !== 429;
  }

  /** Whether the request was right, and there are too many of them. */
  get isBusy() {
    return this.retryAfter > 0;
  }
}

/**
 * @param {unknown} error
 * @returns {number} ms to wait until asking again may help; not the same for all pages of a room,
 *   which would all come back at once
 */
export function retryDelay(error) {
  const told = error instanceof ProblemError ? 1000 * error.retryAfter : 0;
  return Math.min(MOST_RETRY_MS, Math.max(RETRY_MS, told)) * (1 + Math.random() / 2);
}

/**
 * @param {string} path
 * @param {string} type of the content
 * @param {RequestInit} [options]
 * @returns {Promise<Response>} a success
 * @throws {ProblemError} the server refused
 * @throws {Error} the server was not reached, or something else answered in its place, as a network
 *   does that wants a login first
 */
async function request(path, type, options) {
  const response = await fetch(path, options);
  const found = response.headers.get("Content-Type");
  if (found === PROBLEM_TYPE) {
    const retryAfter = Number(response.headers.get("Retry-After")) || 0;
    throw new ProblemError(response.status, (await response.json()).detail, retryAfter);
  }
  if (!response.ok || found !== type) throw new Error(`${path} is ${response.status} ${found}`);
  return response;
}

/**
 * @param {string} path
 * @param {string[]} names of what the answer must have
 * @param {RequestInit} [options]
 * @returns {Promise<any>} the JSON object that is answered
 * @throws {ProblemError} the server refused
 * @throws {Error} the server was not reached, or something else answered in its place
 */
async function requestObject(path, names, options) {
  const found = await (await request(path, JSON_TYPE, options)).json();
  if (names.some((name) => found?.[name] === undefined))
    throw new Error(`${path} has not ${names}`);
  return found;
}

/** @returns {RequestInit} for what is answered at once, or lost */
function soon() {
  return { signal: AbortSignal.timeout(PATIENCE_MS) };
}

/**
 * See that a module of the page can be had.
 * @param {URL} module
 */
export async function fetchModule(module) {
  await request(module.href, MODULE_TYPE);
}

/** @returns {Promise<{default: string | null, models: ModelSummary[]}>} */
export function fetchModels() {
  return requestObject(`${API}/models`, ["models"], soon());
}

/**
 * @param {Uint8Array} pixels 784 intensities, 0 = paper, 255 = ink
 * @param {ModelSummary} model
 * @param {boolean} explained whether to bring all that explains it too
 * @returns {Promise<Prediction>}
 */
export function fetchPrediction(pixels, model, explained) {
  return fetchAnswer(pixels, model, explained ? EXPLAINED : LIVE);
}

/**
 * @param {Uint8Array} pixels
 * @param {ModelSummary} model its digest tells a server that has read an older one to read it anew
 * @param {string} fields
 * @returns {Promise<Prediction>}
 */
function fetchAnswer(pixels, { name, digest }, fields) {
  const path = `${API}/predict?${new URLSearchParams({ model: name, fields, v: digest })}`;
  return requestObject(path, fields.split(","), {
    ...soon(),
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
  // The server's numbers are little-endian, as are those of every machine that runs a browser.
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
 * @returns {Promise<number[]>} the 784 that the model's weights are multiplied with
 */
export async function fetchSeen(pixels, model) {
  const { pixels: seen } = await fetchAnswer(pixels, model, "pixels");
  return seen ?? [];
}

/** @returns {Promise<Training[]>} those under way on the server's machine, and the last ones */
export async function fetchTrainings() {
  return (await requestObject(`${API}/training`, ["trainings"], soon())).trainings;
}

/** @returns {Promise<Training[]>} all that are remembered */
export async function fetchHistories() {
  return (await requestObject(`${API}/histories`, ["trainings"])).trainings;
}

/**
 * @param {Training} training that is under way
 * @returns {Promise<Weights>} as they are now
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
      // The last one is kept whole, as it answers.
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
 * @param {number} scale what they are to be multiplied with
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
  return `${API}/models/${encodeURIComponent(name)}`;
}
