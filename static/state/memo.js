/** Doing work less often: when its inputs have changed, compared with Object.is, or after a time. */

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

/**
 * Wrap an action so that it runs at most once per so many milliseconds, and at last with the newest
 * input.
 * @template Input
 * @param {number} milliseconds
 * @param {(input: Input) => void} action
 * @returns {(input: Input, isUrgent: boolean) => void} an urgent call runs the action at once
 */
export function throttled(milliseconds, action) {
  let next = 0;
  let timer = 0;
  /** @param {Input} input */
  const run = (input) => {
    next = performance.now() + milliseconds;
    action(input);
  };
  return (input, isUrgent) => {
    clearTimeout(timer);
    const wait = isUrgent ? 0 : next - performance.now();
    if (wait <= 0) run(input);
    else timer = setTimeout(run, wait, input);
  };
}
