/** The current view, its entry in the browser's history, and the address that holds the state. */

import { find, findAll, setText } from "../components/dom.js";
import { formatPercent } from "../language/format.js";
import { joinSentences } from "../language/sentences.js";
import { gettext } from "../language/messages.js";
import { emptyAddress, readAddress, writeAddress } from "../state/address.js";
import { quoted } from "../state/address_parts.js";
import { STATE_NAMES, findModel, isComparable } from "../state/state.js";
import { isOtherAddress } from "../state/store.js";
import { createHistory } from "./history.js";

/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").State} State */
/** @typedef {import("../state/store.js").Store} Store */

/** Delay between a change and writing the address, ms: browsers limit how often that is allowed. */
const WRITE_MS = 300;

/**
 * @param {Store} store
 * @param {(name: string) => boolean} isView
 */
export function createNavigation(store, isView) {
  const tabs = findAll("nav a", HTMLAnchorElement);
  const links = findAll("a[data-view]", HTMLAnchorElement);
  const languages = findAll(".languages a", HTMLAnchorElement);
  const live = find("#live", HTMLElement);
  const guideSteps = findAll("#guide-steps button", HTMLButtonElement).length;
  const history = createHistory();
  /** Whether the address with which the page was opened has been read. Before, none is written. */
  let isOpen = false;
  let writing = 0;
  /** Whether the state is being read from the address or the history, which need no new entry. */
  let isRestoring = false;

  const write = () => {
    clearTimeout(writing);
    const { state } = store;
    history.replace(state.view, writeAddress(state));
    updateLinks();
  };

  const updateLinks = () => {
    for (const link of links) {
      link.href = writeAddress({ ...store.state, view: link.dataset.view ?? "" });
    }
  };

  /** @param {Partial<State>} changes */
  const restore = (changes) => {
    isRestoring = true;
    try {
      store.change(changes);
    } finally {
      isRestoring = false;
    }
  };

  /** Show what the address holds. */
  const open = () => {
    const shared = readState(location.hash, store.state, isView, guideSteps);
    const kept = isOpen ? {} : keepChanges(store.state, shared);
    isOpen = true;
    restore({ ...shared, ...kept });
    updateLinks();
    if (Object.keys(kept).length) writing = setTimeout(write, WRITE_MS);
    scrollTo(0, 0);
  };

  store.subscribe((state, before) => {
    if (!isOpen) return;
    if (state.isDrawing || isRestoring) clearTimeout(writing);
    else if (before.isDrawing || isOtherAddress(state, before)) {
      clearTimeout(writing);
      writing = setTimeout(write, WRITE_MS);
    }
    if (state.view === before.view) return;
    if (!isRestoring) {
      history.replace(before.view, writeAddress(before));
      history.push(state.view, writeAddress(state));
    }
    // Each view has its own height.
    scrollTo(0, 0);
  });

  // Back and forward change the view and keep the drawing.
  addEventListener("popstate", (event) => {
    history.forget();
    if (!event.state || !isOpen) return;
    restore({ view: event.state.view });
    write();
  });
  // An address that was typed or followed is shown as it is.
  addEventListener("hashchange", () => {
    if (isOpen && location.hash !== writeAddress(store.state)) open();
  });
  for (const link of links) {
    link.addEventListener("click", (event) => {
      // With one of these keys, the link opens in another tab or window.
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      store.change({ view: link.dataset.view });
    });
  }
  // Another language is another page, which opens with the same drawing. Other buttons of the mouse
  // and a long press, which open it in another tab, cause no click.
  for (const link of languages) {
    for (const type of ["pointerdown", "click"]) {
      link.addEventListener(type, () => {
        const address = isOpen ? writeAddress(store.state) : location.hash;
        link.href = `?language=${link.hreflang}${address}`;
      });
    }
  }

  return {
    open,

    /** The names of the views, in the order of their keys. */
    views: tabs.map((link) => link.dataset.view ?? ""),

    /** Mark the current view's link. @param {Shown} shown */
    show(shown) {
      for (const tab of tabs) {
        if (tab.dataset.view === shown.view) tab.setAttribute("aria-current", "page");
        else tab.removeAttribute("aria-current");
      }
      setText(live, describeTraining(shown));
    },
  };
}

/**
 * @param {string} address
 * @param {Readonly<State>} state
 * @param {(name: string) => boolean} isView
 * @param {number} guideSteps how many steps the guide has
 * @returns {import("../state/address.js").Shareable & {notice: string}} what the address holds; `notice` names what it has and the page does not
 */
function readState(address, state, isView, guideSteps) {
  /** @param {string} name */
  const isModel = (name) => findModel(state, name) !== undefined;
  const { problems, ...shared } = readAddress(address, (kind, name) => {
    if (kind === "view") return isView(name);
    return kind === "comparedModel" ? isComparable(state, name) : isModel(name);
  });
  const { view, model, comparedModel, guideStep } = shared;
  if (!isView(view)) {
    problems.push(
      gettext("There is no view “{view}”; this is the first one.", { view: quoted(view).text }),
    );
    shared.view = "draw";
  }
  if (!isModel(model)) {
    if (model) {
      problems.push(
        gettext("There is no model “{model}” here; this is the default one.", {
          model: quoted(model).text,
        }),
      );
    }
    shared.model = state.defaultModel;
  }
  if (comparedModel && !isComparable(state, comparedModel)) {
    problems.push(
      gettext("There is no model “{model}” here to compare with.", {
        model: quoted(comparedModel).text,
      }),
    );
    shared.comparedModel = "";
  }
  if (guideStep > guideSteps) {
    problems.push(
      gettext("The guide has no step {step}; this is the first one.", { step: guideStep }),
    );
    shared.guideStep = 1;
  }
  return { ...shared, notice: joinSentences(problems) };
}

/**
 * @param {Readonly<State>} state
 * @param {import("../state/address.js").Shareable} shared what the page was opened with
 * @returns {Partial<State>} the view and the drawing that the visitor has chosen in the meantime; a
 *   drawing of the address replaces it, and can be undone
 */
function keepChanges({ view, strokes, image, label, isDrawing }, shared) {
  const isDrawn = strokes.length > 0 || image !== null;
  const isReplaced = shared.strokes.length > 0 || shared.image !== null;
  return {
    ...(view === emptyAddress().view ? {} : { view }),
    ...(isDrawn && !isReplaced ? { strokes, image, label, isDrawing } : {}),
  };
}

/**
 * @param {Shown} shown
 * @returns {string} the progress of a running training, or how the last one ended
 */
function describeTraining({ trainings, endedTraining }) {
  const running = trainings.find((training) => training.state === "running");
  if (running) return formatPercent(running.step / running.steps, 0);
  return endedTraining ? STATE_NAMES[endedTraining.state] : "";
}
