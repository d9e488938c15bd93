/** The views by name. The first one is loaded with the page, the others on demand. */

import { findAll, setHidden } from "../components/dom.js";
import { requestModule } from "../network/http.js";
import { loadTranslations } from "../network/translations.js";
import { createView as createDrawView } from "../views/draw.js";

/** @typedef {import("../state/state.js").Actions} Actions */
/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {(shown: Shown) => void} ShowView */

/**
 * Each view is a section `#view-NAME` of the page, a module `views/NAME.js`, which exports
 * `createView`, and a style sheet `views/NAME.css`.
 * @param {Change} change
 * @param {() => Promise<Actions>} loadActions
 */
export function createViews(change, loadActions) {
  const sections = findAll(".view", HTMLElement);
  const names = sections.map(({ id }) => id.replace("view-", ""));
  /** @type {Map<string, ShowView>} */
  const loaded = new Map([["draw", createDrawView()]]);
  /** @type {Map<string, Promise<void>>} The views that are being loaded, or have been. */
  const loads = new Map();
  const loadStyle = createStyleLoader();

  /** @param {string} name */
  const loadFiles = async (name) => {
    const url = new URL(`../views/${name}.js`, import.meta.url);
    try {
      await Promise.all([
        // Browsers do not repeat a failed import, so check first that the module can be loaded.
        requestModule(url),
        loadTranslations(),
        // One after the other: a view's own rules follow the shared ones in the document.
        loadStyle("components/shared").then(() => loadStyle(`views/${name}`)),
      ]);
      const { createView } = await import(url.href);
      loaded.set(name, createView(change, await loadActions()));
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
    if (!loads.has(name)) loads.set(name, loadFiles(name));
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
      const isLoaded = loaded.has(shown.view);
      for (const section of sections) {
        const isCurrent = section.id === `view-${shown.view}`;
        // Without its style sheet, a view would be in disorder for a moment.
        setHidden(section, !isCurrent || !isLoaded);
        section.ariaBusy = String(isCurrent && !isLoaded);
      }
      loaded.get(shown.view)?.(shown);
    },
  };
}

/**
 * Make a function that loads a style sheet, once. After a failure, it can be tried again.
 * @returns {(name: string) => Promise<void>} takes its path without the suffix
 */
function createStyleLoader() {
  /** @type {Map<string, Promise<void>>} The style sheets that are being loaded, or have been. */
  const loads = new Map();

  return async (name) => {
    if (!loads.has(name)) {
      loads.set(name, addStyle(new URL(`../${name}.css`, import.meta.url)));
    }
    try {
      await loads.get(name);
    } catch (error) {
      loads.delete(name);
      throw error;
    }
  };
}

/**
 * Add a style sheet to the document.
 * @param {URL} url
 * @returns {Promise<void>} resolved when its rules apply
 * @throws {Error} the server was not reached, or something else answered
 */
function addStyle(url) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = url.href;
  return new Promise((resolve, reject) => {
    const fail = () => {
      link.remove();
      reject(new Error(`${url} did not load`));
    };
    // Chromium takes an HTML answer, such as a network's login page, for a sheet without rules.
    link.addEventListener("load", () => (link.sheet?.cssRules.length ? resolve() : fail()));
    link.addEventListener("error", fail);
    document.head.append(link);
  });
}
