/** The views by name: the first is here with the page, the others come one by one. */

import { fetchModule } from "../network/api.js";
import { createDrawView } from "../views/draw.js";

/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Update} Update */
/** @typedef {(shown: Shown) => void} ShowView */

/** @param {Update} update */
export function createViews(update) {
  /** @type {Record<string, ShowView>} Those that are here. */
  const views = { draw: createDrawView() };
  /** @type {Record<string, () => Promise<ShowView>>} */
  const makers = {
    pixels: async () => (await import("../views/pixels.js")).createPixelsView(),
    softmax: async () => (await import("../views/softmax.js")).createSoftmaxView(update),
    weights: async () => (await import("../views/weights.js")).createWeightsView(update),
    change: async () => (await import("../views/change.js")).createChangeView(update),
    training: async () => (await import("../views/training.js")).createTrainingView(update),
    accuracy: async () => (await import("../views/accuracy.js")).createAccuracyView(update),
    guide: async () => (await import("../views/guide.js")).createGuideView(update),
  };
  /** @type {Map<string, Promise<void>>} those that are on their way, and those that have come */
  const loads = new Map();

  /** @param {string} name */
  const isHere = (name) => Object.hasOwn(views, name);

  /** @param {string} name */
  const bring = async (name) => {
    try {
      // A browser that could not get a module does not try again: see first that it can be had.
      await fetchModule(new URL(`../views/${name}.js`, import.meta.url));
      views[name] = await makers[name]();
    } catch (error) {
      loads.delete(name);
      throw error;
    }
  };

  /**
   * Bring a view, once; what failed may be tried again.
   * @param {string} name
   * @returns {Promise<void>}
   */
  const load = async (name) => {
    if (isHere(name)) return;
    if (!loads.has(name)) loads.set(name, bring(name));
    await loads.get(name);
  };

  return {
    isHere,
    load,

    /** Bring all views, one after another: what is asked meanwhile shall not wait for them. */
    async loadAll() {
      for (const name of Object.keys(makers)) await load(name);
    },

    /** @param {string} name */
    exists: (name) => isHere(name) || Object.hasOwn(makers, name),

    /** @param {Shown} shown its view, if it is here */
    show: (shown) => views[shown.view]?.(shown),
  };
}
