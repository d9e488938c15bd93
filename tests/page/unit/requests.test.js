/** One question at a time, the newest; and each resource once. Timers are run by hand. */

import assert from "node:assert/strict";
import test from "node:test";

import { ProblemError, retryDelay } from "../../../static/network/http.js";
import { askLatest, requestOnce } from "../../../static/network/requests.js";

/** Replace setTimeout while a test runs; `elapse` calls what is due. */
function withTimers(run) {
  return async () => {
    const original = globalThis.setTimeout;
    const timers = [];
    globalThis.setTimeout = (action, ms) => timers.push({ action, ms });
    try {
      await run({ timers, elapse: () => timers.splice(0).forEach(({ action }) => action()) });
    } finally {
      globalThis.setTimeout = original;
    }
  };
}

/** Make a function whose promises a test settles, in the order of its calls. */
function pending() {
  const calls = [];
  const call = (question) => new Promise((answer, fail) => calls.push({ question, answer, fail }));
  return { calls, call };
}

/** Let promises that are settled call what waits for them. */
async function settle() {
  for (let turn = 0; turn < 5; turn++) await null;
}

test(
  "while an answer is awaited, only the newest question is kept",
  withTimers(async () => {
    const { calls, call } = pending();
    const answers = [];
    const ask = askLatest(
      call,
      (question, answer) => answers.push([question, answer]),
      () => true,
    );
    ["a", "b", "c"].forEach(ask);
    assert.deepEqual(
      calls.map(({ question }) => question),
      ["a"],
    );
    calls[0].answer("A");
    await settle();
    assert.deepEqual(
      calls.map(({ question }) => question),
      ["a", "c"],
    );
    calls[1].answer("C");
    await settle();
    assert.deepEqual(answers, [
      ["a", "A"],
      ["c", "C"],
    ]);
  }),
);

test(
  "a failed question is repeated after a delay, unless a newer one took its place",
  withTimers(async ({ timers, elapse }) => {
    const { calls, call } = pending();
    const ask = askLatest(
      call,
      () => {},
      () => true,
    );
    ask("a");
    calls[0].fail(new Error("lost"));
    await settle();
    assert.equal(calls.length, 1);
    assert.ok(timers[0].ms >= 1000);
    elapse();
    assert.deepEqual(
      calls.map(({ question }) => question),
      ["a", "a"],
    );
    calls[1].fail(new Error("lost"));
    ask("b");
    await settle();
    elapse();
    assert.equal(calls[2].question, "b");
  }),
);

test(
  "a final failure is not repeated",
  withTimers(async ({ elapse }) => {
    const { calls, call } = pending();
    const ask = askLatest(
      call,
      () => {},
      (error) => !error.isFinal,
    );
    ask("a");
    calls[0].fail(new ProblemError(422, { detail: "not a drawing", code: "other" }, 0));
    await settle();
    elapse();
    assert.equal(calls.length, 1);
  }),
);

test(
  "the question that is pending is not sent again",
  withTimers(async () => {
    const { calls, call } = pending();
    const ask = askLatest(
      call,
      () => {},
      () => true,
      (one, other) => one === other,
    );
    ask("a");
    ask("a");
    calls[0].answer("A");
    await settle();
    assert.equal(calls.length, 1);
  }),
);

test(
  "an item is requested once, and again only after it failed",
  withTimers(async ({ elapse }) => {
    const { calls, call } = pending();
    const answers = [];
    const failures = [];
    const request = requestOnce({
      toKey: (item) => item.name,
      fetch: call,
      onAnswer: (item, answer) => answers.push([item.name, answer]),
      onFailure: (error) => failures.push(error.message),
      onRetry: () => request({ name: "W" }),
    });
    request({ name: "W" });
    request({ name: "W" });
    request({ name: "b" });
    assert.equal(calls.length, 2);
    calls[0].fail(new Error("lost"));
    await settle();
    request({ name: "W" });
    assert.equal(calls.length, 2);
    elapse();
    assert.equal(calls.length, 3);
    calls[2].answer("weights");
    await settle();
    assert.deepEqual(failures, ["lost"]);
    assert.deepEqual(answers, [["W", "weights"]]);
  }),
);

test(
  "an item that was refused for good is requested again after 15 s",
  withTimers(async ({ elapse, timers }) => {
    const { calls, call } = pending();
    const request = requestOnce({
      toKey: (item) => item,
      fetch: call,
      onAnswer() {},
      onFailure() {},
      onRetry() {},
    });
    request("W");
    calls[0].fail(new ProblemError(404, { detail: "no such model", code: "other" }, 0));
    await settle();
    assert.deepEqual(
      timers.map(({ ms }) => ms),
      [15_000],
    );
    request("W");
    assert.equal(calls.length, 1);
    elapse();
    request("W");
    assert.equal(calls.length, 2);
  }),
);

/** @type {[string, unknown, number, number][]} what failed, and the range of delays, ms */
const DELAYS = [
  ["a busy server's time", new ProblemError(503, { detail: "", code: "other" }, 3), 3_000, 4_500],
  [
    "a time beyond reason",
    new ProblemError(503, { detail: "", code: "other" }, 1e9),
    10_000,
    15_000,
  ],
  ["no time", new ProblemError(503, { detail: "", code: "other" }, 0), 1_000, 1_500],
  ["a time in the past", new ProblemError(503, { detail: "", code: "other" }, -5), 1_000, 1_500],
  ["no server", new TypeError("not there"), 1_000, 1_500],
];

for (const [name, error, least, most] of DELAYS) {
  test(`pages that got ${name} return within a range, and not together`, () => {
    const delays = Array.from({ length: 100 }, () => retryDelay(error));
    assert.ok(Math.min(...delays) >= least && Math.max(...delays) <= most);
    assert.ok(Math.max(...delays) - Math.min(...delays) > (most - least) / 2);
  });
}
