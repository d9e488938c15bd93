/** The page's messages in its language. The English text of a message identifies it. */

import { formatCount } from "./format.js";
import { LANGUAGE } from "./locale.js";

/** @typedef {Readonly<Record<string, string | number>>} Values By the name of the placeholder. */

/** A translation, or one for each plural category (Unicode CLDR) of the language. */
/** @typedef {string | Readonly<Record<string, string>>} Translation */

/** @type {Record<string, Translation>} By the English message; empty in English. */
const translations = readTranslations();

const pluralRules = new Intl.PluralRules(LANGUAGE);

/** @returns {Record<string, Translation>} those in the page */
function readTranslations() {
  // Tests in Node.js have no document.
  return JSON.parse(globalThis.document?.querySelector("#messages")?.textContent ?? "{}");
}

/**
 * Add translations: the page begins with those that its first view needs.
 * @param {Readonly<Record<string, Translation>>} more
 */
export function addTranslations(more) {
  Object.assign(translations, more);
}

/**
 * @param {string} message in English, with placeholders in braces: `"Label {digit}"`
 * @param {Values} [values]
 * @returns {string} its translation, with the values in place of the placeholders
 */
export function gettext(message, values = {}) {
  const translation = translations[message];
  return fill(typeof translation === "string" ? translation : message, values);
}

/**
 * @param {string} one the message in English for a count of 1
 * @param {string} other for all other counts
 * @param {number} count takes the place of `{count}`, with separators of thousands
 * @param {Values} [values]
 * @returns {string} the translation for this count, with the values in place of the placeholders
 */
export function ngettext(one, other, count, values = {}) {
  const category = pluralRules.select(count);
  const translation = translations[one];
  const english = count === 1 ? one : other;
  const text =
    typeof translation === "object" ? (translation[category] ?? translation.other) : english;
  return fill(text, { count: formatCount(count), ...values });
}

/**
 * @param {string} text
 * @param {Values} values
 */
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (placeholder, name) => String(values[name] ?? placeholder));
}
