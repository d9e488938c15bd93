/**
 * The presenter's key in an address, as `#key=KEY`. This module imports no other one: the key leaves the
 * address before the page's scripts are loaded.
 */

/** How often an address is unescaped: each program on its way may have escaped it once. */
const MAX_ESCAPED = 4;

/** A part of an address that holds a key, perhaps in brackets or quotation marks. */
const KEY_PART = /^\W*key\s*[=:](.*)$/is;

const KEY_LENGTH = 32;

/** White space and characters without width, at which programs wrap lines, and their marks there. */
const GAPS = /=0[AD]|[=+>\s\u00ad\u180e\u200b-\u200f\u2060-\u2069\ufeff]/g;

/**
 * @param {string} address from its `#` on, perhaps changed by programs that passed it on
 * @returns {{key: string, address: string} | null} the key, and the address without it, which opens the
 *   view of the room; null for an address without a key
 */
export function takeKey(address) {
  let text = address.slice(1);
  for (let time = 0; time < MAX_ESCAPED; time++) text = unescapeOnce(text);
  const parts = text.split("&");
  const part = parts.find((one) => KEY_PART.test(one));
  if (part === undefined) return null;
  const others = parts.filter((one) => one && !KEY_PART.test(one) && !/^\W*view=/.test(one));
  return {
    key: readKey(KEY_PART.exec(part)?.[1] ?? ""),
    address: ["#view=room", ...others.map(encodeURI)].join("&"),
  };
}

/** @param {string} text */
function unescapeOnce(text) {
  return text
    .replace(/(?:%[\da-f]{2})+/gi, (bytes) => {
      try {
        return decodeURIComponent(bytes);
      } catch {
        // They are not UTF-8.
        return bytes;
      }
    })
    .replace(/&(?:(?:amp|#0*38|#x0*26);)+|\\u0026/gi, "&")
    .replace(/&(?:equals|#0*61|#x0*3d);|\\u003d/gi, "=");
}

/** @param {string} value */
function readKey(value) {
  const joined = value.replace(GAPS, "").replace(/^[^\w-]+/, "");
  const text = /^[\w-]*/.exec(joined)?.[0] ?? "";
  // Quoted-printable has "=3D" for "=". Markdown has "_" around emphasized text.
  const texts = [text, text.replace(/^3D/, ""), text.replace(/[_-]+$/, "")];
  return texts.find(({ length }) => length === KEY_LENGTH) ?? text;
}
