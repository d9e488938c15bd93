/** `node:test` in a browser: what the tests use of it. */

/** @type {Promise<{name: string, error: string}>[]} */
const results = [];

/**
 * Run a test after all that were defined before it.
 * @param {string} name
 * @param {() => unknown} run
 */
export default function test(name, run) {
  const before = results.at(-1);
  const result = async () => {
    await before;
    try {
      await run();
      return { name, error: "" };
    } catch (error) {
      return { name, error: String(error) };
    }
  };
  results.push(result());
}

export const report = () => Promise.all(results);
