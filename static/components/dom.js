/** Finding elements of the page, and changing them only where needed. */

/**
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} kind
 * @param {ParentNode} [root]
 * @returns {T}
 */
export function find(selector, kind, root = document) {
  const element = root.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`The page has no ${selector}`);
  return element;
}

/**
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} kind
 * @param {ParentNode} [root]
 * @returns {T[]} in document order
 */
export function findAll(selector, kind, root = document) {
  return [...root.querySelectorAll(selector)].map((element) => {
    if (!(element instanceof kind)) throw new Error(`${selector} is not a ${kind.name}`);
    return element;
  });
}

/**
 * @param {string} query
 * @returns {MediaQueryList | null} null in a browser that refuses the query
 */
export function queryMedia(query) {
  try {
    return matchMedia(query);
  } catch {
    return null;
  }
}

/**
 * Write text only where it changes: screen readers repeat a live region that is written again. The
 * text node is kept, so that the browser need not remove one and insert another.
 * @param {Element} element without elements in it
 * @param {string} text
 */
export function setText(element, text) {
  const node = element.firstChild;
  if (node instanceof Text && node.nextSibling === null && text) {
    if (node.data !== text) node.data = text;
  } else if (element.textContent !== text) element.textContent = text;
}

/**
 * Hide or show an element only where that changes: browsers compute its style again even if the value
 * is the same.
 * @param {HTMLElement} element
 * @param {boolean} isHidden
 */
export function setHidden(element, isHidden) {
  if (element.hidden !== isHidden) element.hidden = isHidden;
}

/**
 * Choose an option, and rebuild the list where the choices have changed.
 * @param {HTMLSelectElement} select
 * @param {readonly {value: string, text: string}[]} choices
 * @param {string} chosen
 */
export function setChoices(select, choices, chosen) {
  /** @param {readonly {value: string, text: string}[]} options */
  const listOf = (options) => options.map(({ value, text }) => `${value}\t${text}`).join("\n");
  if (listOf(choices) !== listOf([...select.options])) {
    select.replaceChildren(...choices.map(({ value, text }) => new Option(text, value)));
  }
  select.value = chosen;
}
