/** A list of tiles that keeps those it has, so that the others neither flicker nor lose the focus. */

/** @typedef {import("./entries.js").RoomEntry} RoomEntry */
/** @typedef {import("./tile.js").Tile} Tile */

/**
 * @param {HTMLElement} list
 * @param {(entry: RoomEntry) => Tile} createTile
 * @param {HTMLElement} title gets the focus when the last tile disappears with it
 * @returns {(entries: readonly RoomEntry[]) => void} takes entries in the order of their ids, rising
 *   or falling, but always the same
 */
export function createTileList(list, createTile, title) {
  /** @type {Map<number, Tile>} */
  const tiles = new Map();

  /** Remove the tiles of all other drawings. @param {Set<number>} ids */
  const keep = (ids) => {
    const gone = [...tiles].filter(([id]) => !ids.has(id));
    const focused = gone.find(([, { element }]) => element.contains(document.activeElement));
    const control = focused ? document.activeElement?.className : undefined;
    const neighbours = focused ? neighboursOf(focused[1].element) : [];
    for (const [id, { element }] of gone) {
      element.remove();
      tiles.delete(id);
    }
    if (control === undefined) return;
    const next = neighbours.find((element) => element.isConnected);
    const button = next?.querySelector(`button.${control}`);
    if (button instanceof HTMLElement) button.focus();
    else title.focus();
  };

  return (entries) => {
    keep(new Set(entries.map(({ drawing }) => drawing.id)));
    let next = list.firstElementChild;
    for (const entry of entries) {
      const known = tiles.get(entry.drawing.id);
      const tile = known ?? createTile(entry);
      tile.show(entry);
      if (known) {
        next = tile.element.nextElementSibling;
      } else {
        tiles.set(entry.drawing.id, tile);
        list.insertBefore(tile.element, next);
      }
    }
  };
}

/**
 * @param {Element} element
 * @returns {Element[]} those after it in its list, then those before it, the nearest first
 */
function neighboursOf(element) {
  const all = [...(element.parentElement?.children ?? [])];
  const index = all.indexOf(element);
  return [...all.slice(index + 1), ...all.slice(0, index).reverse()];
}
