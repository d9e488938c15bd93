/** Names of trainings in an address, which can be checked only once the trainings are known. */

import { gettext } from "../language/messages.js";
import { joinSentences } from "../language/sentences.js";
import { quoted } from "./address_parts.js";
import { derive, findNamedRun } from "./state.js";

/** @typedef {import("./state.js").State} State */

/**
 * @returns {(state: State) => Partial<State> | null} returns what removes the names of trainings that
 *   do not exist from a state with all trainings, with a message; null if there are none
 */
export function createRunCheck() {
  /**
   * Names that have been found. Such a training may have been replaced since, which is not the
   * address's fault.
   * @type {Set<string>}
   */
  const known = new Set([""]);

  return (state) => {
    const { runs } = derive(state);
    const names = new Set([state.run, ...state.comparedRuns]);
    for (const name of names) if (findNamedRun(runs, name)) known.add(name);
    const unknown = [...names].filter((name) => !known.has(name));
    if (!unknown.length) return null;
    const problems = unknown.map((name) =>
      gettext("There is no training “{name}” here.", { name: quoted(name).text }),
    );
    return {
      run: known.has(state.run) ? state.run : "",
      comparedRuns: state.comparedRuns.filter((name) => known.has(name)),
      notice: joinSentences([state.notice, ...problems]),
    };
  };
}
