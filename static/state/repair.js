/** Repairing addresses that chat and mail programs have escaped, wrapped or followed by punctuation. */

/** How often an address is unescaped: each program on its way may have escaped it once. */
const MAX_ESCAPED = 4;

/** Escaped ampersands of HTML and JSON. */
const AMPERSANDS = /&(?:(?:amp|#0*38|#x0*26);)+|\\u0026/gi;

/** Escaped equals signs of HTML and JSON. */
const EQUALS_SIGNS = /&(?:equals|#0*61|#x0*3d);|\\u003d/gi;

/** The rest of an escaped ampersand in front of a name, and punctuation. */
const BEFORE_NAME = /^(?:[^\w#]*(?:amp|#0*38|#x0*26))?\W*/i;

/** Soft line breaks of quoted-printable mail: "=" at the end of a line, "=20" for a space there. */
const SOFT_LINE_BREAKS = /=(?:20|0[AD])|=$/gi;

/**
 * White space, which may be written as "+", and the characters without width with which programs mark
 * places to wrap and the direction of text.
 */
const GAPS = /[=+\s\u00ad\u180e\u200b-\u200f\u2060-\u2069\ufeff]/g;

/**
 * @param {string} fragment of an address, without its `#`
 * @returns {[string, string][]} names and values, fully unescaped
 */
export function splitFragment(fragment) {
  let text = fragment;
  for (let time = 0; time < MAX_ESCAPED; time++) {
    text = decodePercent(text).replace(AMPERSANDS, "&").replace(EQUALS_SIGNS, "=");
  }
  return text.split("&").map((part) => {
    const end = part.indexOf("=");
    return end < 0 ? [part, ""] : [part.slice(0, end), part.slice(end + 1)];
  });
}

/**
 * @param {string} text
 * @returns {string} percent-decoded, with � for invalid bytes
 */
function decodePercent(text) {
  const escaped = text.replaceAll("&", "%26").replaceAll("+", "%2B");
  return new URLSearchParams(`text=${escaped}`).get("text") ?? "";
}

/**
 * @param {string} name
 * @returns {string} in lower case, without gaps, punctuation and the rest of an escaped ampersand
 */
export function repairName(name) {
  return name.replace(GAPS, "").replace(BEFORE_NAME, "").toLowerCase();
}

/**
 * @typedef {object} Repair
 * @property {string} text the value as it may have been written
 * @property {string} rest the punctuation that was removed from its end
 */

/**
 * @param {string} value of letters, digits, "-" and "_", with "." and "," between them
 * @returns {Repair[]} the possible repairs, the most likely first
 */
export function repairValue(value) {
  const joined = value.replace(SOFT_LINE_BREAKS, "").replace(GAPS, "");
  const begun = joined.replace(/^[^\w-]+/, "");
  const core = begun.replace(/[^\w-]+$/, "");
  const bare = begun.replace(/[^a-z\d]+$/i, "");
  const texts = [
    { text: value, rest: "" },
    { text: joined, rest: "" },
    ...[core, bare].flatMap((text) => {
      const rest = begun.slice(text.length);
      // Quoted-printable has "=3D" for "=".
      return [{ text, rest }, ...(text.startsWith("3D") ? [{ text: text.slice(2), rest }] : [])];
    }),
  ];
  // A value of punctuation only is not an empty value.
  return texts.filter(({ text }, index) => {
    return index === 0 || (text && texts.findIndex((other) => other.text === text) === index);
  });
}
