/** Doing work only when its inputs have changed. Inputs are compared with Object.is. */

/**
 * Wrap an action so that it runs only if an input differs from the last call's.
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
 * Wrap a function so that it returns its last result again for the same inputs.
 * @template {unknown[]} Inputs, Result
 * @param {(...inputs: Inputs) => Result} compute
 * @returns {(...inputs: Inputs) => Result}
 */
export function memoized(compute) {
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
