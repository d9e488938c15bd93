/** The presenter's key in an address, as `#key=KEY`. */

import { joinLines, removeGaps, repairName, unescapeFragment } from "./repair.js";

/** A key's name and value. No other part of an address has "key" in front of a "=". */
const KEY = /(?:^|[^\w-])_*key[^a-z\d&_-]*[=:]([^&]*)/gi;

/**
 * A key has 32 characters. Before them may be the rest of a "=" of quoted-printable, and after them
 * the end of an emphasis in Markdown.
 */
const VALUES = [/^([\w-]{32})$/, /^3D([\w-]{32})$/i, /^(?:3D)?([\w-]{32})[_-]+$/i];

/**
 * @param {string} address from its `#` on, perhaps changed by programs that passed it on
 * @returns {{key: string, address: string} | null} the key, and the address without it, which opens the
 *   view of the room; null for an address without a key
 */
export function takeKey(address) {
  const whole = unescapeFragment(address.slice(1));
  // Somebody has typed the key alone.
  if (VALUES[0].test(whole)) return { key: whole, address: "#view=room" };
  // The name may be wrapped too.
  for (const text of [whole, removeGaps(whole)]) {
    const [found] = text.matchAll(KEY);
    if (!found) continue;
    const rest = text
      .replace(KEY, "")
      .split("&")
      .filter((part) => !["", "view"].includes(repairName(part.split("=")[0])));
    return { key: repairKey(found[1]), address: ["#view=room", ...rest].join("&") };
  }
  return null;
}

/** @param {string} value */
function repairKey(value) {
  const [joined = ""] = joinLines(value).match(/[\w-]+/) ?? [];
  for (const text of [joined, ...(value.match(/[\w-]+/g) ?? [])]) {
    for (const pattern of VALUES) {
      const key = pattern.exec(text)?.[1];
      if (key) return key;
    }
  }
  return joined;
}
