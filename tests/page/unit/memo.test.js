/** Work is done less often: when an input has changed, or after a time, which is set by hand. */

import assert from "node:assert/strict";
import test from "node:test";

import { memoized, throttled, whenChanged } from "../../../static/state/memo.js";

/** Replace the clock and the timers while a test runs; `pass` lets milliseconds pass. */
function withClock(run) {
  return () => {
    const { setTimeout, clearTimeout, performance } = globalThis;
    let now = 1000;
    let timers = [];
    globalThis.setTimeout = (action, ms, ...inputs) => {
      timers.push({ due: now + ms, run: () => action(...inputs) });
      return timers[timers.length - 1];
    };
    globalThis.clearTimeout = (timer) => (timers = timers.filter((one) => one !== timer));
    Object.defineProperty(globalThis, "performance", {
      value: { now: () => now },
      configurable: true,
      writable: true,
    });
    const pass = (ms) => {
      now += ms;
      const due = timers.filter((timer) => timer.due <= now);
      timers = timers.filter((timer) => timer.due > now);
      due.forEach((timer) => timer.run());
    };
    try {
      run(pass);
    } finally {
      Object.assign(globalThis, { setTimeout, clearTimeout });
      Object.defineProperty(globalThis, "performance", {
        value: performance,
        configurable: true,
        writable: true,
      });
    }
  };
}

test(
  "the first input is used at once, and of the later ones the newest, when the time has passed",
  withClock((pass) => {
    const used = [];
    const show = throttled(100, (input) => used.push(input));
    show("a", false);
    assert.deepEqual(used, ["a"]);
    pass(30);
    show("b", false);
    pass(30);
    show("c", false);
    assert.deepEqual(used, ["a"]);
    pass(40);
    assert.deepEqual(used, ["a", "c"]);
    pass(500);
    assert.deepEqual(used, ["a", "c"]);
    show("d", false);
    assert.deepEqual(used, ["a", "c", "d"]);
  }),
);

test(
  "an urgent input is used at once, and none that waited comes after it",
  withClock((pass) => {
    const used = [];
    const show = throttled(100, (input) => used.push(input));
    show("a", false);
    show("b", false);
    show("c", true);
    assert.deepEqual(used, ["a", "c"]);
    pass(1000);
    assert.deepEqual(used, ["a", "c"]);
  }),
);

test("an action runs when one of its inputs is another", () => {
  const used = [];
  const show = whenChanged((...inputs) => used.push(inputs));
  const list = [1];
  show(list, NaN);
  show(list, NaN);
  show([1], NaN);
  show([1], 0);
  assert.deepEqual(used, [
    [[1], NaN],
    [[1], NaN],
    [[1], 0],
  ]);
});

test("a result is kept until an input is another", () => {
  let calls = 0;
  const double = memoized((number) => {
    calls++;
    return 2 * number;
  });
  assert.deepEqual([double(1), double(1), double(2), double(1)], [2, 2, 4, 2]);
  assert.equal(calls, 3);
});
