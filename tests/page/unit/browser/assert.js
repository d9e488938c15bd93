/** `node:assert/strict` in a browser: what the tests use of it. */

/** @param {unknown} value */
function describe(value) {
  return JSON.stringify(value, (_key, part) => {
    if (typeof part === "number" && !Number.isFinite(part)) return String(part);
    if (ArrayBuffer.isView(part)) return { [part.constructor.name]: [...part] };
    return part;
  });
}

/** @param {unknown} value with the keys of all objects in one order */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, part]) => [key, sorted(part)]));
}

/** @param {boolean} holds @param {string} message */
function check(holds, message) {
  if (!holds) throw new Error(message);
}

const isEqual = (found, expected) => describe(sorted(found)) === describe(sorted(expected));

export default {
  ok: (value, message = `${value} is not true`) => check(Boolean(value), message),
  equal: (found, expected, message = "") =>
    check(Object.is(found, expected), `${describe(found)} is not ${describe(expected)} ${message}`),
  notEqual: (found, expected, message = "") =>
    check(!Object.is(found, expected), `${describe(found)} ${message}`),
  match: (text, pattern) => check(pattern.test(text), `${describe(text)} is not like ${pattern}`),
  deepEqual: (found, expected, message = "") =>
    check(isEqual(found, expected), `${describe(found)} is not ${describe(expected)} ${message}`),
  notDeepEqual: (found, expected, message = "") =>
    check(!isEqual(found, expected), `${describe(found)} ${message}`),
};
