/** Repairing addresses that chat and mail programs have escaped, wrapped or followed by punctuation. */

/** How often an address is unescaped: each program on its way may have escaped it once. */
const MAX_ESCAPED = 4;

/** Escaped ampersands of HTML and JSON. */
const AMPERSANDS = /&(?:(?:amp|#0*38|#x0*26);)+|[\\%]u0026|\\x26/gi;

/** Other escaped characters of HTML and JSON, by number. */
const NUMBERED = /&#0*(\d{1,5});|&#x0*([\da-f]{1,5});|[\\%]u00([\da-f]{2})/gi;

/** An ampersand of quoted-printable mail, between a value and a name. */
const PRINTABLE_AMPERSANDS = /=26(?=[a-z]+=(?!\s|20|0[AD]|$))/gi;

/** The rest of an escaped ampersand or "#" in front of a name, and other punctuation. */
const NAME_STARTS = /^[\W_]*(?:(?:amp|0*3[58]|x0*2[36])[\W_]*)*/;

/** Soft line breaks of quoted-printable mail: "=" at the end of a line, "=20" for a space there. */
const SOFT_LINE_BREAKS = /=(?:20|0[AD])|=$/gi;

/** Such a line break in a name, and what follows it up to the "=" of its value. */
const NAME_BREAKS = /=[\r\n]+(?=[a-z]{0,12}=(?![\r\n]))/gi;

/**
 * White space, "+" for a space, the marks of quoted lines, and the invisible characters with which
 * programs mark places to wrap and directions.
 */
const GAPS =
  /[\r\n]+(?:[ \t]*>)+|[+\s\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufe0f\ufeff]/g;

/**
 * @param {string} fragment of an address, without its `#`
 * @returns {string} fully unescaped
 */
export function unescapeFragment(fragment) {
  let text = fragment;
  for (let time = 0; time < MAX_ESCAPED; time++) {
    text = decodePercent(text)
      .replace(AMPERSANDS, "&")
      .replaceAll("&equals;", "=")
      .replace(NUMBERED, (_match, decimal, ...hexadecimal) =>
        String.fromCodePoint(decimal ?? parseInt(hexadecimal[0] ?? hexadecimal[1], 16)),
      );
  }
  return text.replace(PRINTABLE_AMPERSANDS, "&");
}

/**
 * @param {string} fragment of an address, without its `#`
 * @returns {[string, string][]} names and values, fully unescaped
 */
export function splitFragment(fragment) {
  return unescapeFragment(fragment)
    .replace(NAME_BREAKS, "")
    .split("&")
    .map((part) => {
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
 * @param {string} text
 * @returns {string} without gaps
 */
export function removeGaps(text) {
  return text.replace(GAPS, "");
}

/**
 * @param {string} value that has no "="
 * @returns {string} without gaps and soft line breaks
 */
export function joinLines(value) {
  return removeGaps(value.replace(SOFT_LINE_BREAKS, "")).replaceAll("=", "");
}

/**
 * @param {string} name
 * @returns {string} in lower case, without gaps, punctuation and the rest of an escaped ampersand
 */
export function repairName(name) {
  return removeGaps(name)
    .toLowerCase()
    .replace(NAME_STARTS, "")
    .replace(/[\W_]+$/, "");
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
  const joined = joinLines(value);
  const begun = joined.replace(/^[^\w-]+/, "");
  const core = begun.replace(/[^\w-]+$/, "");
  // Markdown's emphasis ends in one character or two, which may be the value's own.
  const unmarked = core.replace(/[_-]$/, "");
  const bare = begun.replace(/[^a-z\d]+$/i, "");
  const texts = [
    { text: value, rest: "" },
    { text: joined, rest: "" },
    ...[core, unmarked, bare].flatMap((text) => {
      const rest = begun.slice(text.length);
      // Quoted-printable has "=3D" for "=".
      return [{ text, rest }, ...(/^3D/i.test(text) ? [{ text: text.slice(2), rest }] : [])];
    }),
  ];
  // A value of punctuation only is not an empty value.
  return texts.filter(({ text }, index) => {
    return index === 0 || (text && texts.findIndex((other) => other.text === text) === index);
  });
}
