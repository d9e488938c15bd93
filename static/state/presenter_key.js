/** The presenter's key in an address, as `#key=KEY`. */

/** An ampersand may have been escaped by a program that passed the address on. */
const KEY = /(?:^|&)(?:amp;)*key=([\w-]*)[^&]*/g;
const VIEW = /(?:^|&)view=[^&]*/g;

/**
 * @param {string} address from its `#` on
 * @returns {{key: string, address: string} | null} the key, and the address without it, which opens the
 *   view of the room; null for an address without a key
 */
export function takeKey(address) {
  const fragment = address.slice(1);
  const [key] = [...fragment.matchAll(KEY)].map((match) => match[1]);
  if (key === undefined) return null;
  const rest = fragment.replace(KEY, "").replace(VIEW, "").replace(/^&/, "");
  return { key, address: `#view=room${rest && `&${rest}`}` };
}
