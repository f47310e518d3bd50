// Resting-state signals of six regions of the medial temporal lobe (Shah et al. 2018), mixed by a random map as the paper of latent-anm does.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { JsonSchema } from "../config-keys.js";
import { jsonSchemaOf, parseKeys } from "../data/parse-keys.js";
import type { Dataset } from "../data/read.js";
import { fail } from "../errors.js";
import { moments } from "../moments.js";
import { native } from "../native.js";
import { name, namesIn, whole } from "./source-keys.js";

const hippocampusSchema = z.strictObject({
  source: name("the path of a folder").describe(
    "Folder with the files S1_res_tcourse_L.txt, S1_res_tcourse_R.txt and so on of MTLnet.",
  ),
  mixingSeed: whole(0).default(0).describe("Seed of the random map from the six signals to six inputs."),
});

/** How the signals are prepared; `disentangle prepare hippocampus --help` says what each key means. */
export interface HippocampusConfig {
  readonly source: string;
  readonly mixingSeed?: number | undefined;
}

/** The JSON Schema of `HippocampusConfig`. */
export function hippocampusJsonSchema(): JsonSchema {
  return jsonSchemaOf(hippocampusSchema);
}

/** The six signals, each the mean of the rows of a file. */
const SIGNALS: Readonly<Record<string, readonly string[]>> = {
  PRC: ["BA35", "BA36"],
  PHC: ["PHC"],
  ERC: ["ERC"],
  SUB: ["SUB"],
  CA1: ["CA1"],
  "CA3/DG": ["CA3", "DG"],
};

const FILE = /^S(\d+)_res_tcourse_([LR])\.txt$/;

/** One hemisphere of one subject. */
interface Recording {
  readonly name: string;
  /** Signals of each volume, one after the other. */
  readonly rows: readonly (readonly number[])[];
}

/**
 * Prepares the signals: the truth is the six of them, each divided by its standard deviation over all recordings; inputs are a random
 * nonlinear map of them, the leaky layers of `shift-world`; an environment is one hemisphere of one subject.
 *
 * @throws `DATA_NOT_FOUND` (no such folder, or none of the files in it), `DATA_CORRUPT`
 */
export async function hippocampus(config: HippocampusConfig): Promise<Dataset> {
  const { source, mixingSeed } = parseKeys(hippocampusSchema, config, { about: "hippocampus" });
  const recordings: Recording[] = [];
  for (const { file, name } of await filesIn(source)) {
    const path = join(source, file);
    recordings.push({ name, rows: signalsOf(path, await readFile(path, "utf8")) });
  }
  const [names, rows] = [Object.keys(SIGNALS), recordings.flatMap((recording) => recording.rows)];
  const cols = names.length;
  const scales = names.map((_, j) => moments(rows.map((row) => row[j]!)).sd || 1);
  const data = Float32Array.from(rows.flatMap((row) => row.map((value, j) => value / scales[j]!)));
  const latents = { data, rows: rows.length, cols };
  return {
    name: "hippocampus",
    inputs: native().mixed(latents, mixingSeed),
    inputNames: names.map((_, j) => `x${j + 1}`),
    rowIds: [],
    labels: {
      environment: {
        column: "recording",
        levels: recordings.map(({ name }) => name),
        codes: Uint32Array.from(recordings.flatMap((recording, code) => recording.rows.map(() => code))),
      },
    },
    truth: { latents: { columns: names, values: latents } },
    provenance: JSON.stringify({
      source,
      mixingSeed,
      note: `six signals in ${recordings.length} recordings, mixed by a random map; other subjects than those of the paper`,
    }),
  };
}

async function filesIn(source: string): Promise<readonly { readonly file: string; readonly name: string }[]> {
  const found = (await namesIn(source))
    .flatMap((file) => {
      const [, subject, side] = FILE.exec(file) ?? [];
      return subject === undefined ? [] : [{ file, subject: Number(subject), name: `S${subject} ${side}` }];
    })
    .sort((a, b) => a.subject - b.subject || (a.name < b.name ? -1 : 1));
  if (found.length > 0) return found;
  return fail("DATA_NOT_FOUND", `${source} holds no file such as S1_res_tcourse_L.txt`, {
    path: source,
    hint: "name the folder of functional data of shahpreya/MTLnet, with its text files side by side",
  });
}

/** The signals of each volume. The first line says how many regions and volumes follow; then a region in each line, its name first. */
function signalsOf(path: string, text: string): readonly (readonly number[])[] {
  const [head = "", ...lines] = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const [regions, volumes] = head.trim().split(/\s+/).map(Number);
  const series = new Map(
    lines.map((line) => {
      const [label = "", ...values] = line.trim().split(/\s+/);
      return [label.slice(label.lastIndexOf("_") + 1), values.map(Number)];
    }),
  );
  const corrupt = (what: string): never =>
    fail("DATA_CORRUPT", `${path}: ${what}`, { path, hint: "take the file as MTLnet has it" });
  if (!Number.isSafeInteger(regions) || !Number.isSafeInteger(volumes) || volumes! < 1)
    corrupt("the first line is not the numbers of regions and volumes");
  if (lines.length !== regions) corrupt(`${lines.length} regions, the first line says ${regions}`);
  const of = (region: string): readonly number[] => {
    const values = series.get(region) ?? corrupt(`region ${region} is missing`);
    if (values.length !== volumes) corrupt(`region ${region} has ${values.length} volumes, expected ${volumes}`);
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) corrupt(`region ${region}, volume ${at + 1} is no finite number`);
    return values;
  };
  const signals = Object.values(SIGNALS).map((parts) => parts.map(of));
  return Array.from({ length: volumes! }, (_, t) =>
    signals.map((parts) => parts.reduce((sum, values) => sum + values[t]!, 0) / parts.length),
  );
}
