/** Contributions to the room: none is sent twice as another one, and none is lost. */

import assert from "node:assert/strict";
import test from "node:test";

import { createContributions } from "../../../static/network/contributions.js";
import { ProblemError } from "../../../static/network/http.js";
import { createState } from "../../../static/state/state.js";
import { createStore } from "../../../static/state/store.js";

const STROKES = [[{ x: 0.5, y: 0.2 }]];

/** Let promises that are settled call what waits for them. */
async function settle() {
  for (let turn = 0; turn < 20; turn++) await null;
}

/**
 * Run a test on a page with an answered and labelled drawing. Requests wait in `asked` until the test
 * settles them; `elapse` ends the delays before they are repeated.
 */
function withPage(run) {
  return async () => {
    const original = globalThis.setTimeout;
    const timers = [];
    globalThis.setTimeout = (action) => timers.push(action);
    const asked = [];
    const ask =
      (kind) =>
      (...values) =>
        new Promise((answer, fail) => asked.push({ kind, values, answer, fail }));
    const store = createStore(createState());
    store.change({ strokes: STROKES, room: { open: true, revision: 1 } });
    const prediction = { model: "normalized", digit: 7, probabilities: [] };
    store.change({
      prediction,
      explanation: prediction,
      isBusy: false,
      label: 1,
      model: "normalized",
    });
    let tokens = 0;
    const room = createContributions(
      store,
      { send: ask("send"), look: ask("look"), remove: ask("remove") },
      () => `token${++tokens}`,
    );
    try {
      await run({
        room,
        store,
        asked,
        elapse: () => timers.splice(0).forEach((action) => action()),
        only: () => store.state.contributions.at(-1),
      });
    } finally {
      globalThis.setTimeout = original;
    }
  };
}

const STORED = { id: 5, digit: 7, shown: true };

test(
  "a drawing is sent once however often it is given",
  withPage(async ({ room, asked, only, store }) => {
    room.give();
    room.give();
    assert.equal(only().status, "sending");
    asked[0].answer(STORED);
    await settle();
    room.give();
    assert.equal(asked.length, 1);
    assert.deepEqual(store.state.contributions, [
      {
        token: "token1",
        id: 5,
        strokes: STROKES,
        label: 1,
        digit: 7,
        status: "given",
        message: "",
      },
    ]);
  }),
);

for (const [name, error, words] of [
  ["that is busy", new ProblemError(503, { detail: "", code: "other" }, 1), /is busy/],
  ["that had too many", new ProblemError(429, { detail: "", code: "other" }, 9), /is busy/],
  ["that is away", new TypeError("lost"), /cannot be reached/],
]) {
  test(
    `to a server ${name}, a drawing is sent again with the same token and label`,
    withPage(async ({ room, asked, elapse, only, store }) => {
      room.give();
      asked[0].fail(error);
      await settle();
      assert.match(only().message, words);
      store.change({ strokes: [] });
      elapse();
      await settle();
      assert.deepEqual(asked[1].values, asked[0].values);
      asked[1].answer(STORED);
      await settle();
      assert.equal(only().status, "given");
      assert.equal(only().message, "");
    }),
  );
}

for (const status of [403, 404, 409, 413, 422, 507]) {
  test(
    `a drawing that is refused with ${status} is not sent again until somebody gives it again`,
    withPage(async ({ room, asked, elapse, only, store }) => {
      room.give();
      asked[0].fail(new ProblemError(status, { detail: "No.", code: "other" }, 0));
      await settle();
      elapse();
      assert.equal(asked.length, 1);
      assert.equal(only().status, "failed");
      assert.ok(only().message.length > 10);
      store.change({ label: 7 });
      room.give();
      assert.equal(store.state.contributions.length, 1);
      assert.equal(asked[1].values[0].token, asked[0].values[0].token);
      assert.equal(asked[1].values[0].label, 7);
    }),
  );
}

test(
  "what is withdrawn is removed from the server, and then from the page",
  withPage(async ({ room, asked, only, store, elapse }) => {
    room.give();
    asked[0].answer(STORED);
    await settle();
    room.withdraw("token1");
    room.withdraw("token1");
    assert.deepEqual(asked.at(-1).values, ["token1", 5]);
    assert.equal(asked.length, 2);
    asked[1].fail(new TypeError("lost"));
    await settle();
    assert.equal(only().status, "withdrawing");
    elapse();
    await settle();
    // The first request had arrived.
    asked[2].fail(new ProblemError(404, { detail: "It is gone.", code: "other" }, 0));
    await settle();
    assert.deepEqual(store.state.contributions, []);
  }),
);

test(
  "a drawing that is withdrawn while it is sent is removed as soon as its ID is known",
  withPage(async ({ room, asked, store }) => {
    room.give();
    room.withdraw("token1");
    asked[0].answer(STORED);
    await settle();
    assert.equal(asked[1].kind, "remove");
    asked[1].answer();
    await settle();
    assert.deepEqual(store.state.contributions, []);
  }),
);

test(
  "a drawing that the busy server has not stored is withdrawn without sending it again",
  withPage(async ({ room, asked, elapse, store }) => {
    room.give();
    asked[0].fail(new ProblemError(503, { detail: "", code: "other" }, 1));
    await settle();
    room.withdraw("token1");
    elapse();
    await settle();
    assert.equal(asked.length, 1);
    assert.deepEqual(store.state.contributions, []);
  }),
);

test(
  "the page notices what the presenter approves and removes, one drawing at a time",
  withPage(async ({ room, asked, only, store }) => {
    room.give();
    asked[0].answer({ ...STORED, shown: false });
    await settle();
    assert.match(only().message, /approval/);
    room.look(2);
    room.look(2);
    assert.equal(asked.length, 2);
    asked[1].answer({ shown: true });
    await settle();
    assert.equal(only().message, "");
    room.look(3);
    asked[2].fail(new TypeError("lost"));
    await settle();
    room.look(3);
    asked[3].fail(new ProblemError(404, { detail: "It is gone.", code: "other" }, 0));
    await settle();
    assert.deepEqual(store.state.contributions, []);
  }),
);
