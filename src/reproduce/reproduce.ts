// The entry of a reproduction. What runs it is loaded when it is called: who imports the library seldom reproduces a paper.
import type { Preset } from "./preset.js";
import type { Reproduction } from "./reproduction.js";
import type { ReproduceOptions } from "./run.js";

/**
 * Repeats a table or figure of a paper: simulates or reads its data, fits, scores, and compares with what was published.
 *
 * The trials are those of a sweep in the folder `out/trials`: each is kept when it is done, and not run again unless its configuration,
 * its data or the code differ. The table goes to `out` as Markdown and JSON.
 *
 * @param preset name of a preset, or one of your own as plain data
 * @throws the `CONFIG_*` codes before anything runs, `FIT_CANCELLED`, `FILE_WRITE`. A trial that fails throws nothing: it is
 * shown as failed. With `shard` only its part is run, and `RUN_NOT_FOUND` says what the table still lacks
 *
 * @example
 * ```ts
 * import { reproduce } from "disentangle";
 * const { verdict, rows } = await reproduce("tbr/ate", { scale: "tiny", seeds: [0], out: "reproduce" });
 * console.log(verdict, rows.map(({ fit, title, mean }) => [fit, title, mean]));
 * ```
 */
export async function reproduce(preset: string | Preset, options: ReproduceOptions = {}): Promise<Reproduction> {
  const { reproduceAll } = await import("./run.js");
  const [result] = await reproduceAll([preset], options);
  return result!;
}
