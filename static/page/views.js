/** The views by name. The first one is loaded with the page, the others on demand. */

import { findAll } from "../components/dom.js";
import { requestModule } from "../network/http.js";
import { createView as createDrawView } from "../views/draw.js";

/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {(shown: Shown) => void} ShowView */

/**
 * Each view is a section `#view-NAME` of the page and a module `views/NAME.js`, which exports
 * `createView`.
 * @param {Change} change
 */
export function createViews(change) {
  const sections = findAll(".view", HTMLElement);
  const names = sections.map(({ id }) => id.replace("view-", ""));
  /** @type {Map<string, ShowView>} */
  const loaded = new Map([["draw", createDrawView()]]);
  /** @type {Map<string, Promise<void>>} The views that are being loaded, or have been. */
  const loads = new Map();

  /** @param {string} name */
  const loadModule = async (name) => {
    const url = new URL(`../views/${name}.js`, import.meta.url);
    try {
      // Browsers do not repeat a failed import, so check first that the module can be loaded.
      await requestModule(url);
      const { createView } = await import(url.href);
      loaded.set(name, createView(change));
    } catch (error) {
      loads.delete(name);
      throw error;
    }
  };

  /**
   * Load a view, once. After a failure, it can be tried again.
   * @param {string} name
   * @returns {Promise<void>}
   */
  const load = async (name) => {
    if (loaded.has(name)) return;
    if (!loads.has(name)) loads.set(name, loadModule(name));
    await loads.get(name);
  };

  return {
    /** @param {string} name */
    isLoaded: (name) => loaded.has(name),
    load,

    /** Load all views one after another, so that other requests need not wait for all of them. */
    async loadAll() {
      for (const name of names) await load(name);
    },

    /** @param {string} name */
    exists: (name) => names.includes(name),

    /** Show the current view, as soon as it is loaded. @param {Shown} shown */
    show(shown) {
      for (const section of sections) {
        section.hidden = section.id !== `view-${shown.view}`;
        section.ariaBusy = String(!section.hidden && !loaded.has(shown.view));
      }
      loaded.get(shown.view)?.(shown);
    },
  };
}
