/** This page's contributions to the room: each is sent until the server has stored or refused it. */

import { gettext } from "../language/messages.js";
import { canGive, findGiven, withoutDrawing } from "../state/room.js";
import { ProblemError, retryDelay } from "./http.js";
import { describeDelay, describeProblem } from "./problems.js";

/** @typedef {import("../state/state.js").Contribution} Contribution */
/** @typedef {import("../state/room.js").GivenDrawing} GivenDrawing */
/** @typedef {import("../state/store.js").Store} Store */

const NOT_FOUND = 404;

/** Statuses after which the same request may succeed a little later. */
const PASSING = [408, 429, 503];

const WAITS = gettext("Waits for the presenter's approval.");

/**
 * @param {Store} store
 * @param {object} server
 * @param {(contribution: Contribution, model: string) => Promise<{id: number, digit: number,
 *   shown: boolean}>} server.send stores a drawing; with the same token, only once
 * @param {(token: string, id: number) => Promise<{shown: boolean}>} server.look
 * @param {(token: string, id: number) => Promise<void>} server.remove
 * @param {(drawing: GivenDrawing) => string} createToken
 */
export function createContributions(store, { send, look, remove }, createToken) {
  /** @type {Map<string, number>} The revision at which each contribution was looked at, by token. */
  const lookedAt = new Map();

  /** @param {string} token */
  const get = (token) => store.state.contributions.find((one) => one.token === token);

  /** @param {string} token @param {Partial<Contribution>} changes */
  const update = (token, changes) => {
    const { contributions } = store.state;
    store.change({
      contributions: contributions.map((one) =>
        one.token === token ? { ...one, ...changes } : one,
      ),
    });
  };

  /** @param {string} token */
  const drop = (token) => {
    const { contributions, roomDrawings } = store.state;
    const id = get(token)?.id ?? null;
    store.change({
      contributions: contributions.filter((one) => one.token !== token),
      // The wall may not be looked at for a while.
      ...(id === null ? {} : { roomDrawings: withoutDrawing(roomDrawings, id) }),
    });
  };

  /**
   * Repeat a request until it succeeds.
   * @template Answer
   * @param {string} token
   * @param {() => Promise<Answer>} ask
   * @returns {Promise<Answer>}
   * @throws {ProblemError} the server refused it
   */
  const persist = async (token, ask) => {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (isRefused(error)) throw error;
        const isWithdrawn = get(token)?.status === "withdrawing";
        update(token, {
          message: isWithdrawn ? describeLateWithdrawal(error) : describeDelay(error),
        });
        await new Promise((resolve) => setTimeout(resolve, retryDelay(error)));
      }
    }
  };

  /** @param {Contribution} contribution @param {string} model */
  const deliver = async (contribution, model) => {
    const { token } = contribution;
    const isWithdrawn = () => get(token)?.status === "withdrawing";
    // A request that got no answer may have been carried out.
    let mayBeStored = false;
    try {
      const stored = await persist(token, async () => {
        if (isWithdrawn() && !mayBeStored) return null;
        try {
          return await send(contribution, model);
        } catch (error) {
          mayBeStored ||= !(error instanceof ProblemError);
          throw error;
        }
      });
      if (!stored) return drop(token);
      const { id, digit, shown } = stored;
      if (isWithdrawn()) return await takeBack(token, id);
      update(token, { id, digit, status: "given", message: shown ? "" : WAITS });
    } catch (error) {
      if (isWithdrawn()) drop(token);
      else update(token, { status: "failed", message: describeRefusal(error) });
    }
  };

  /** @param {string} token @param {number} id */
  const takeBack = async (token, id) => {
    update(token, { id, status: "withdrawing", message: "" });
    try {
      await persist(token, () => remove(token, id));
      drop(token);
    } catch (error) {
      if (isGone(error)) drop(token);
      else update(token, { status: "given", message: describeRefusal(error) });
    }
  };

  return {
    /** Give the drawing on the pad to the room. A drawing that was refused keeps its token. */
    give() {
      const { state } = store;
      const { strokes, label, model } = state;
      if (!canGive(state) || label === null) return;
      const refused = findGiven(state);
      /** @type {Contribution} */
      const contribution = {
        token: refused?.token ?? createToken({ strokes, label }),
        id: null,
        strokes,
        label,
        digit: null,
        status: "sending",
        message: "",
      };
      // A page that was loaded again may have given this drawing already, with the same token.
      const others = state.contributions.filter(({ token }) => token !== contribution.token);
      store.change({ contributions: [...others, contribution] });
      deliver(contribution, model);
    },

    /**
     * Look whether a contribution is still in the room and on the wall: one at a time, because a room
     * has many pages.
     * @param {number} revision the room's
     */
    async look(revision) {
      /** @param {Contribution} one */
      const age = (one) => lookedAt.get(one.token) ?? 0;
      const [oldest] = store.state.contributions
        .filter((one) => one.status === "given" && age(one) < revision)
        .sort((one, other) => age(one) - age(other));
      if (!oldest || oldest.id === null) return;
      const { token, id } = oldest;
      lookedAt.set(token, revision);
      try {
        const { shown } = await look(token, id);
        const message = shown ? "" : WAITS;
        const known = get(token);
        if (known?.status === "given" && known.message !== message) update(token, { message });
      } catch (error) {
        if (isGone(error)) drop(token);
        // Otherwise, it is looked at again at the next occasion.
        else lookedAt.delete(token);
      }
    },

    /** @param {string} token */
    withdraw(token) {
      const contribution = get(token);
      if (!contribution || contribution.status === "withdrawing") return;
      if (contribution.status === "failed") drop(token);
      // While it is being sent, it is withdrawn as soon as its ID is known.
      else if (contribution.id === null) update(token, { status: "withdrawing", message: "" });
      else takeBack(token, contribution.id);
    },
  };
}

/** @param {unknown} error */
function isGone(error) {
  return error instanceof ProblemError && error.status === NOT_FOUND;
}

/**
 * @param {unknown} error
 * @returns {boolean} whether repeating the request cannot help
 */
function isRefused(error) {
  return error instanceof ProblemError && !PASSING.includes(error.status);
}

/**
 * @param {unknown} error
 * @returns {string} why the request to withdraw a drawing is repeated
 */
function describeLateWithdrawal(error) {
  return error instanceof ProblemError
    ? gettext("The server is busy; trying again…")
    : gettext("The server cannot be reached; trying again…");
}

/** @param {unknown} error */
function describeRefusal(error) {
  return error instanceof ProblemError ? describeProblem(error) : String(error);
}
