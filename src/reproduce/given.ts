// Real data, which presets ask for and the caller names.
import { type DataSource, type Dataset, readData } from "../dataset.js";
import { fail } from "../errors.js";
import { later } from "../native.js";
import { type PrepareConfig, prepare } from "../prepare.js";
import type { Given, Study } from "./preset.js";

/**
 * The data that a study asks for, read once for all of its trials; nothing where it simulates them.
 *
 * @throws `CONFIG_MISSING`, `CONFIG_CONFLICT`, and what reading or preparing the data throws
 */
export async function givenData(
  study: Study,
  data: DataSource | undefined,
): Promise<{ readonly dataset: Dataset; readonly fingerprint: string } | undefined> {
  const wanted = study.experiments.map((experiment) => experiment.data).find((one): one is Given => "given" in one);
  if (wanted === undefined) {
    if (data === undefined) return undefined;
    fail("CONFIG_CONFLICT", "data: the preset simulates its data", { path: "data", hint: "leave data out" });
  }
  if (data === undefined) {
    fail("CONFIG_MISSING", `data: the preset needs ${wanted.given}`, {
      path: "data",
      hint: "name it with --data FILE",
    });
  }
  const dataset =
    wanted.prepare !== undefined && typeof data === "string"
      ? await prepare({ ...wanted.prepare, source: data } as PrepareConfig)
      : await readData({ ...wanted.roles, data });
  const { fingerprint } = JSON.parse(await later().describe(dataset)) as { fingerprint: string };
  return { dataset, fingerprint };
}
