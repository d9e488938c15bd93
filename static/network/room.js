/** The room: keeps the state's room and drawings current, and carries out what is done in it. */

import { gettext } from "../language/messages.js";
import { findModel } from "../state/state.js";
import { findUnread, mergeDrawings } from "../state/room.js";
import { createContributions } from "./contributions.js";
import { ProblemError, retryDelay } from "./http.js";
import { describeProblem } from "./problems.js";
import {
  approveDrawing,
  changeRoom,
  deleteDrawing,
  deleteDrawings,
  fetchContribution,
  fetchLines,
  fetchReadings,
  fetchRoom,
  fetchRoomNews,
  sendDrawing,
} from "./room_api.js";

/** @typedef {import("./loader.js").Loader} Loader */
/** @typedef {import("./reporting.js").Reporter} Reporter */
/** @typedef {import("./room_api.js").RoomSettings} RoomSettings */
/** @typedef {import("../state/state.js").Room} Room */
/** @typedef {import("../state/state.js").RoomActions} RoomActions */
/** @typedef {import("../state/store.js").Store} Store */

/** Delays between two looks at the room, ms: while the wall is shown, and otherwise. */
const WALL_MS = 500;
const POLL_MS = 3000;

/** Delay before a replaced model is asked again, ms. */
const OUTDATED_MS = 1000;

const UNAUTHORIZED = 401;

/**
 * @param {Store} store
 * @param {Reporter} reporter
 * @param {Loader} loader
 * @param {object} visitor
 * @param {string} visitor.device the page's random ID
 * @param {(drawing: import("../state/room.js").GivenDrawing) => string} visitor.createToken
 * @param {(file: Blob, name: string) => void} visitor.save
 * @param {() => void} visitor.forgetKey called when the server does not accept the key
 * @returns {RoomActions}
 */
export function createRoom(store, reporter, loader, { device, createToken, save, forgetKey }) {
  const wall = createWall(store, reporter, loader);
  const { give, withdraw, look } = createContributions(
    store,
    { send: sendDrawing, look: fetchContribution, remove: deleteDrawing },
    createToken,
  );

  /**
   * The server does not accept the key: the page is a participant's from now on.
   * @param {ProblemError} error
   */
  const loseKey = (error) => {
    forgetKey();
    store.change({ roomKey: "", roomMessage: describeProblem(error) });
  };

  const poll = createPoll({
    delay: () => (store.state.view === "room" ? WALL_MS : POLL_MS),
    ask: () => {
      const { roomKey } = store.state;
      return fetchRoom(roomKey, device).then((room) => ({ room, roomKey }));
    },
    onAnswer({ room, roomKey }) {
      reporter.setProblem("room", "");
      if (roomKey === store.state.roomKey) {
        if (isOther(room, store.state.room)) store.change({ room });
        wall.requestMissing();
        look(room.revision);
      }
    },
    onFailure(error) {
      if (isUnauthorized(error)) loseKey(error);
      else reporter.reportFailure("room", error);
    },
  });

  store.subscribe((state, before) => {
    if (state.roomKey !== before.roomKey) poll.askAnew();
    else if (state.view === "room" && before.view !== "room") poll.ask();
    wall.requestMissing();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) poll.ask();
  });
  poll.ask();

  /** The names of the presenter's actions that have no response yet. @type {Set<string>} */
  const pending = new Set();

  /**
   * Carry out what the presenter has asked for, once.
   * @param {string} name of the action
   * @param {(key: string) => Promise<void>} request
   */
  const actOnce = async (name, request) => {
    if (pending.has(name)) return;
    pending.add(name);
    await act(request);
    pending.delete(name);
  };

  /** The last change of the settings: the next change waits for this one, so that they arrive in order. */
  let changing = Promise.resolve();

  /** @param {(key: string) => Promise<void>} request */
  const act = async (request) => {
    try {
      await request(store.state.roomKey);
      store.change({ roomMessage: "" });
    } catch (error) {
      if (isUnauthorized(error)) loseKey(error);
      else store.change({ roomMessage: describeFailure(error) });
    }
    poll.askAnew();
  };

  return {
    give,
    withdraw,
    setRoom: (settings) =>
      (changing = changing.then(() =>
        act(async (key) => store.change({ room: await changeRoom(key, settings) })),
      )),
    showDrawing: (id, isShown) =>
      actOnce(`show ${id} ${isShown}`, (key) => approveDrawing(key, id, isShown)),
    removeDrawing: (id) => actOnce(`remove ${id}`, (key) => deleteDrawing(key, id)),
    removeAll: () => actOnce("remove all", deleteDrawings),
    download: () => actOnce("download", async (key) => save(await fetchLines(key), "room.jsonl")),
  };
}

/**
 * @param {Room} room
 * @param {Room | null} known
 */
function isOther(room, known) {
  // The digest is the same with the presenter's key and without.
  return room.digest !== known?.digest || (room.presenter === null) !== (known.presenter === null);
}

/** @param {unknown} error */
function describeFailure(error) {
  return error instanceof ProblemError
    ? describeProblem(error)
    : gettext("The server cannot be reached. Try again.");
}

/**
 * @param {unknown} error
 * @returns {error is ProblemError}
 */
function isUnauthorized(error) {
  return error instanceof ProblemError && error.status === UNAUTHORIZED;
}

/**
 * Ask again and again, unless the tab is hidden.
 * @template Answer
 * @param {object} question
 * @param {() => number} question.delay until the next question, ms
 * @param {() => Promise<Answer>} question.ask
 * @param {(answer: Answer) => void} question.onAnswer
 * @param {(error: unknown) => void} question.onFailure
 * @returns {{ask: () => void, askAnew: () => void}} `ask` asks now, unless an answer is awaited;
 *   `askAnew` drops that answer, and asks again after it
 */
function createPoll({ delay, ask, onAnswer, onFailure }) {
  let timer = 0;
  let isAwaited = false;
  /** Whether the answer that is awaited is outdated. */
  let isOld = false;

  /** @param {number} ms */
  const wait = (ms) => {
    isAwaited = false;
    timer = setTimeout(next, isOld ? 0 : ms);
  };
  const next = () => {
    clearTimeout(timer);
    if (isAwaited || document.hidden) return;
    isAwaited = true;
    isOld = false;
    ask().then(
      (answer) => {
        const isOutdated = isOld;
        wait(delay());
        if (!isOutdated) onAnswer(answer);
      },
      (error) => {
        const isOutdated = isOld;
        wait(retryDelay(error));
        if (!isOutdated) onFailure(error);
      },
    );
  };
  return {
    ask: next,
    askAnew() {
      isOld = isAwaited;
      next();
    },
  };
}

/**
 * What the wall shows: the drawings, and what the chosen model reads in those that another model has
 * answered. Both are only requested while the wall is shown.
 * @param {Store} store
 * @param {Reporter} reporter
 * @param {Loader} loader
 */
function createWall(store, reporter, loader) {
  /** With which key the drawings were requested, and up to which revision. */
  let known = { key: "", revision: 0 };
  /**
   * The IDs of drawings of a revision that a model did not read: they were removed in the meantime.
   * @type {{revision: number, model: string, ids: Set<number>}}
   */
  let unreadable = { revision: 0, model: "", ids: new Set() };

  /** Whether the server reads with another version of the model than it has listed. */
  let isOutdated = false;

  const requestNews = reporter.createQuestion(
    "drawings",
    (/** @type {typeof known} */ { key, revision }) => fetchRoomNews(key, revision),
    ({ key }, news) => {
      if (key !== store.state.roomKey) return;
      known = { key, revision: news.revision };
      store.change({ roomDrawings: mergeDrawings(store.state.roomDrawings, news) });
      if (news.has_more) requestNews(known);
    },
    (one, other) => one.key === other.key && one.revision === other.revision,
  );

  const requestReadings = reporter.createQuestion(
    "readings",
    (/** @type {{key: string, model: string, digest: string, first: number}} */ question) =>
      fetchReadings(question.key, question.model, question.first - 1),
    ({ first, digest }, { model, ids, digits, sure }) => {
      if (model !== digest) {
        // The model was replaced. A server process may not know that yet, so the list may be old too.
        loader.requestModels();
        isOutdated = true;
        setTimeout(() => {
          isOutdated = false;
          requestMissing();
        }, OUTDATED_MS);
        return;
      }
      const { roomReadings } = store.state;
      const byId = new Map(roomReadings?.model === model ? roomReadings.byId : []);
      ids.forEach((id, index) => byId.set(id, { digit: digits[index], isSure: sure[index] }));
      if (!byId.has(first)) unreadable.ids.add(first);
      store.change({ roomReadings: { model, byId } });
    },
    (one, other) =>
      one.key === other.key && one.digest === other.digest && one.first === other.first,
  );

  const requestMissing = () => {
    const { state } = store;
    if (state.view !== "room" || !state.room) return;
    if (state.roomKey !== known.key) known = { key: state.roomKey, revision: 0 };
    if (state.room.revision > known.revision) return requestNews(known);

    const model = findModel(state, state.model);
    if (!model || isOutdated) return;
    const { digest } = model;
    if (unreadable.revision !== known.revision || unreadable.model !== digest) {
      unreadable = { revision: known.revision, model: digest, ids: new Set() };
    }
    const first = findUnread(state, (id) => unreadable.ids.has(id));
    if (first === undefined) return;
    requestReadings({ key: state.roomKey, model: state.model, digest, first });
  };

  return { requestMissing };
}
