/** The translations for the scripts that are loaded on demand. The page has those for all others. */

import { addTranslations } from "../language/messages.js";
import { JSON_TYPE, request } from "./http.js";

/** @type {Promise<void> | null} */
let loading = null;

/**
 * Load the translations, once. After a failure, it can be tried again. English needs none.
 * @returns {Promise<void>}
 */
export async function loadTranslations() {
  const element = document.querySelector("#messages");
  if (!(element instanceof HTMLScriptElement)) return;
  loading ??= fetchTranslations(element.dataset.others ?? "");
  try {
    await loading;
  } catch (error) {
    loading = null;
    throw error;
  }
}

/** @param {string} path */
async function fetchTranslations(path) {
  addTranslations(await (await request(path, JSON_TYPE)).json());
}
