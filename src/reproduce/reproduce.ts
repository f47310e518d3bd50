// The entry of a reproduction. What runs it is loaded when it is called: who imports the library seldom reproduces a paper.
import {
  ANY,
  BOOLEAN,
  checkArgument,
  checkOptions,
  checkParts,
  FOLDER,
  FUNCTION,
  type Kind,
  type Kinds,
  LIST,
  listOf,
  NUMBER,
  OBJECT,
  TEXT,
} from "../arguments.js";
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
  checkPreset(preset);
  checkOptions<ReproduceOptions>(options, OPTIONS);
  const { reproduceAll } = await import("./run.js");
  const [result] = await reproduceAll([preset], options);
  return result!;
}

const OPTIONS: Kinds<ReproduceOptions> = {
  scale: TEXT,
  out: FOLDER,
  seeds: listOf(NUMBER, "an array of integers >= 0"),
  only: TEXT,
  jobs: NUMBER,
  data: ANY,
  signal: ANY,
  onTrial: FUNCTION,
  onProgress: FUNCTION,
  onNotice: FUNCTION,
  shard: ANY,
  rerun: BOOLEAN,
  redis: ANY,
  shared: TEXT,
  redisLimit: ANY,
  staleMs: ANY,
};

const PRESET: Kind = {
  expected: "the name of a preset, or a preset of your own",
  is: (value) => TEXT.is(value) || OBJECT.is(value),
};
const STUDIES: Kind = {
  expected: "a study for at least one scale",
  is: (value) => OBJECT.is(value) && Object.values(value as object).some((study) => study !== undefined),
};
const SCALES = "scales are { tiny: { seconds, experiments }, paper: { seconds, experiments } }; one of them is enough";
const EXPERIMENT = "an experiment is { name, data, fits, seeds, rows }";

/** What a preset must have before its names can be compared with each other. */
function checkPreset(preset: unknown): void {
  const hint =
    'for example reproduce("tbr/ate"); `disentangle reproduce` lists the presets, docs/reproduce.md says what they hold';
  checkArgument("preset", preset, PRESET, hint);
  if (typeof preset === "string") return;
  const words = { name: TEXT, title: TEXT, repeats: TEXT, paper: TEXT };
  checkParts("preset", preset, { ...words, scales: { ...OBJECT, expected: "a study for each scale" } }, hint);
  const scales = Object.entries((preset as Preset).scales).filter(([, study]) => study !== undefined);
  checkArgument("preset.scales", (preset as Preset).scales, STUDIES, SCALES);
  for (const [scale, study] of scales) {
    const path = `preset.scales.${scale}`;
    checkParts(path, study, { seconds: NUMBER, experiments: listOf(OBJECT, "an array of experiments") }, SCALES);
    for (const [i, one] of study.experiments.entries()) {
      const parts = { name: TEXT, data: OBJECT, fits: OBJECT, seeds: LIST, rows: listOf(OBJECT, "an array of rows") };
      checkParts(`${path}.experiments[${i}]`, one, parts, EXPERIMENT);
      for (const [j, row] of one.rows.entries())
        checkParts(
          `${path}.experiments[${i}].rows[${j}]`,
          row,
          { fit: TEXT, measure: TEXT },
          "a row is { fit, measure }",
        );
    }
  }
}
