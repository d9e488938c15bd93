/** One HTTP request, and the meaning of its failures. */

export const JSON_TYPE = "application/json";
export const BYTES_TYPE = "application/octet-stream";
const PROBLEM_TYPE = "application/problem+json";
const MODULE_TYPE = "text/javascript; charset=utf-8";

/** The status of a successful response without content. */
const NO_CONTENT = 204;

/** Time limit of small requests, ms: unreliable Wi-Fi may lose one without an error. */
const TIMEOUT_MS = 5000;

/** Delay before a failed request is repeated, ms. */
const MIN_RETRY_MS = 1000;
const MAX_RETRY_MS = 10_000;

/** The server answered with a problem document (RFC 9457). */
export class ProblemError extends Error {
  /**
   * @param {number} status
   * @param {{detail: string, code: string}} problem
   * @param {number} retryAfter seconds from the Retry-After header, 0 without one
   */
  constructor(status, { detail, code }, retryAfter) {
    super(detail);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Whether the request itself was wrong, so that repeating it cannot help. */
  get isFinal() {
    return this.status >= 400 && this.status < 500 && ![408, 429].includes(this.status);
  }

  /** Whether the server asked to repeat the request later. */
  get isBusy() {
    return this.retryAfter > 0;
  }
}

/**
 * @param {unknown} error
 * @returns {number} ms to wait before repeating the request. It is random, so that the pages in a
 *   room do not all return at the same moment
 */
export function retryDelay(error) {
  const told = error instanceof ProblemError ? 1000 * error.retryAfter : 0;
  return Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, told)) * (1 + Math.random() / 2);
}

/**
 * @param {string} path
 * @param {string | null} type expected content type; null if the response has no content
 * @param {RequestInit} [options]
 * @returns {Promise<Response>} a successful response
 * @throws {ProblemError} the server refused the request
 * @throws {Error} the server was not reached, or something else answered, such as a network's login
 *   page
 */
export async function request(path, type, options) {
  const response = await fetch(path, options);
  const found = response.headers.get("Content-Type");
  if (found === PROBLEM_TYPE) {
    const retryAfter = Number(response.headers.get("Retry-After")) || 0;
    throw new ProblemError(response.status, await response.json(), retryAfter);
  }
  const isExpected = type === null ? response.status === NO_CONTENT : found === type;
  if (!response.ok || !isExpected) throw new Error(`${path} is ${response.status} ${found}`);
  return response;
}

/**
 * @param {string} path
 * @param {string[]} names properties that the response must have
 * @param {RequestInit} [options]
 * @returns {Promise<any>} the JSON object in the response
 * @throws {ProblemError} the server refused the request
 * @throws {Error} the server was not reached, or something else answered
 */
export async function requestObject(path, names, options) {
  const found = await (await request(path, JSON_TYPE, options)).json();
  const missing = names.filter((name) => found?.[name] === undefined);
  if (missing.length) throw new Error(`${path} lacks ${missing}`);
  return found;
}

/** The static imports of a module of this page. */
const IMPORTS = /^(?:import|\}) .*from "(\..*)";$/gm;

/**
 * Check that a module, and every module that it imports, can be loaded: a browser does not repeat a
 * failed import. The responses stay in the browser's cache.
 * @param {URL} module
 * @param {Set<string>} [checked]
 */
export async function requestModule(module, checked = new Set()) {
  if (checked.has(module.href)) return;
  checked.add(module.href);
  const text = await (await request(module.href, MODULE_TYPE)).text();
  const imported = [...text.matchAll(IMPORTS)].map(([, path]) => new URL(path, module).href);
  // In the bundle, the import map leads every script that the page has loaded to this module.
  const missing = imported.filter((href) => import.meta.resolve?.(href) !== import.meta.url);
  await Promise.all(missing.map((href) => requestModule(new URL(href), checked)));
}

/** @returns {RequestInit} options of a request that the server answers without delay */
export function withTimeout() {
  // Chromium has it since version 103.
  return { signal: AbortSignal.timeout?.(TIMEOUT_MS) };
}
