/** What every view does with the document. */

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
 * @returns {T[]} all of them, in the document's order
 */
export function findAll(selector, kind, root = document) {
  return [...root.querySelectorAll(selector)].map((element) => {
    if (!(element instanceof kind)) throw new Error(`${selector} is no ${kind.name}`);
    return element;
  });
}

/**
 * @param {string} query
 * @returns {MediaQueryList | null} null where the browser does not tell
 */
export function queryMedia(query) {
  try {
    return matchMedia(query);
  } catch {
    return null;
  }
}

/**
 * A live region that is written the same words again is read out again.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Choose an option, making the list anew where the choices are others.
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

/**
 * Make an action that is done only where one of its inputs is another object or value than before.
 * @template {unknown[]} Inputs
 * @param {(...inputs: Inputs) => void} action
 * @returns {(...inputs: Inputs) => void}
 */
export function whenChanged(action) {
  /** @type {Inputs | null} */
  let before = null;
  return (...inputs) => {
    if (before && inputs.every((input, index) => Object.is(input, before?.[index]))) return;
    before = inputs;
    action(...inputs);
  };
}

/**
 * Make a function that remembers its last result, and gives it again for the same inputs.
 * @template {unknown[]} Inputs, Result
 * @param {(...inputs: Inputs) => Result} compute
 * @returns {(...inputs: Inputs) => Result}
 */
export function remembered(compute) {
  /** @type {Result} */
  let result;
  const update = whenChanged((/** @type {Inputs} */ ...inputs) => {
    result = compute(...inputs);
  });
  return (...inputs) => {
    update(...inputs);
    return result;
  };
}
