// SIGKILL at random instants, once and in chains, then `--resume`: byte-equal results.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { begin, essence, goOn, runNode, uniforms, withWorld } from "./world.mjs";

export async function run({ large, log }) {
  return withWorld(async (folder) => {
    const started = performance.now();
    const { code, errors } = await runNode(begin(folder, "whole"));
    if (code !== 0) throw new Error(`the fit that nobody kills failed: ${errors}`);
    let duration = performance.now() - started;
    const want = essence(join(folder, "whole"));
    log(`a whole fit takes ${Math.round(duration)} ms`);

    const trial = async (name, instants) => {
      let killed = 0;
      for (const instant of instants) {
        const begun = performance.now();
        const ended = await runNode(goOn(folder, name), { delay: instant * duration });
        killed += ended.signal === "SIGKILL";
        if (ended.signal !== null) continue;
        // Done before the kill: the machine is faster than when the span was measured, so the span is what it takes now.
        if (killed === 0) duration = performance.now() - begun;
        break;
      }
      const last = killed > 0 ? await runNode(goOn(folder, name)) : undefined;
      const same = (last === undefined || last.code === 0 || isFinished(last)) && essence(join(folder, name)) === want;
      if (!same) log(`${name}: NOT THE SAME (${last?.errors})`);
      rmSync(join(folder, name), { recursive: true, force: true });
      return { same, killed };
    };

    const uniform = uniforms("kills");
    const count = async (fault, trials, instantsOf) => {
      let [broken, kills] = [0, 0];
      for (let i = 0; i < trials; i += 1) {
        let { same, killed } = await trial(`run-${i}`, instantsOf());
        if (same && killed === 0) ({ same, killed } = await trial(`run-${i}`, instantsOf()));
        broken += !same;
        kills += killed;
      }
      log(`${fault}: ${kills} kills, ${broken} of ${trials} broken`);
      return { fault, trials, broken, figure: "kills that met a running fit", value: kills };
    };
    return [
      await count("SIGKILL at a random instant, then resume", large ? 100 : 4, () => [uniform()]),
      await count("chains of 10 kills", large ? 10 : 1, () => Array.from({ length: 10 }, () => 0.2 + 0.2 * uniform())),
    ];
  });
}

/** A kill between the manifest of a finished run and the end of its process leaves nothing to resume. */
function isFinished({ errors }) {
  return /finished/.test(errors);
}
