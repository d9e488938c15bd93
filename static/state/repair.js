/** Addresses as chats and mail programs leave them: escaped once more, wrapped, and with a full stop. */

/** How often an address is unescaped: each program that it went through may have escaped it. */
const MAX_ESCAPED = 4;

/** An ampersand as HTML writes it, and as JSON does. */
const AMPERSANDS = /&(?:(?:amp|#0*38|#x0*26);)+|\\u0026/gi;

/** What such an ampersand leaves before a name when it was cut up. */
const AMPERSAND_RESTS = /^(?:amp|#0*38|#x0*26)?;*/i;

/** Quoted-printable, which mail uses, ends lines with "=", and has "=20" for a space at the end. */
const SOFT_LINE_BREAKS = /=(?:20|0[AD])|=$/gi;

/** White space, and characters without width that programs put where a line may be wrapped. */
const GAPS = /[=\s\u00ad\u200b-\u200f\u2060\ufeff]/g;

/**
 * @param {string} fragment of an address, without its `#`
 * @returns {[string, string][]} names and values, unescaped however often they were escaped
 */
export function splitFragment(fragment) {
  let text = fragment;
  for (let time = 0; time < MAX_ESCAPED; time++) {
    text = decodePercent(text).replace(AMPERSANDS, "&");
  }
  return text.split("&").map((part) => {
    const end = part.indexOf("=");
    return end < 0 ? [part, ""] : [part.slice(0, end), part.slice(end + 1)];
  });
}

/**
 * @param {string} text
 * @returns {string} with what is percent-encoded decoded, and � for what cannot be
 */
function decodePercent(text) {
  const escaped = text.replaceAll("&", "%26").replaceAll("+", "%2B");
  return new URLSearchParams(`text=${escaped}`).get("text") ?? "";
}

/**
 * @param {string} name
 * @returns {string} without the rest of an ampersand
 */
export function repairName(name) {
  return name.trim().replace(AMPERSAND_RESTS, "");
}

/**
 * @typedef {object} Repair
 * @property {string} text what a value may have been
 * @property {string} rest what was taken off its end, as a sentence or brackets around it have it
 */

/**
 * @param {string} value of letters, digits, "-" and "_", with "." and "," between them
 * @returns {Repair[]} what it may have been, the likeliest first
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
  // A value that is nothing but rest is no empty value.
  return texts.filter(({ text }, index) => {
    return index === 0 || (text && texts.findIndex((other) => other.text === text) === index);
  });
}
