/** What the page says about requests that fail. */

import assert from "node:assert/strict";
import test from "node:test";

import { ProblemError } from "../../../static/network/http.js";
import { describeDelay, describeProblem } from "../../../static/network/problems.js";

/** @param {number} status @param {string} code @param {number} [retryAfter] */
function problem(status, code, retryAfter = 0) {
  return new ProblemError(status, { detail: "The server's words.", code }, retryAfter);
}

test("a problem with a code is said in the page's own words", () => {
  assert.equal(
    describeProblem(problem(409, "room-full")),
    "The room is full. It takes no more drawings.",
  );
});

test("any other problem is said in the server's words", () => {
  assert.equal(
    describeProblem(problem(422, "wrong-content")),
    "The server refused: The server's words.",
  );
  assert.equal(describeProblem(problem(418, "other")), "The server refused: The server's words.");
});

test("a delay says whether the server is busy or cannot be reached", () => {
  assert.match(describeDelay(problem(503, "busy", 1)), /is busy/);
  assert.match(describeDelay(new TypeError("lost")), /cannot be reached/);
});

test("a request that was too slow is repeated, and one that was wrong is not", () => {
  assert.equal(problem(408, "timeout").isFinal, false);
  assert.equal(problem(429, "too-many-drawings").isFinal, false);
  assert.equal(problem(422, "wrong-content").isFinal, true);
});
