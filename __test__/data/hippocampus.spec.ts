// Signals of the brain: regions averaged, scaled and mixed; recordings as environments.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fit, prepare } from "../../src/index.js";
import { testWithAddon as test } from "../addon.js";
import { run } from "../cli/run.js";
import { matrixOf } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "disentangle-hippocampus-"));
test.after.always(() => rmSync(folder, { recursive: true }));

const REGIONS = ["BG", "CA1", "CA2", "DG", "CA3", "HEAD", "TAIL", "MISC", "SUB", "ERC", "BA35", "BA36", "PHC"];
const VOLUMES = 40;

/** A number for each region and volume that no other has; HEAD is not measured. */
function value(region: string, t: number, of: number): number {
  return region === "HEAD" ? Number.NaN : Math.sin((REGIONS.indexOf(region) + 1) * (t + 1 + 100 * of));
}

function text(of: number, changed: (lines: string[]) => string[] = (lines) => lines): string {
  const line = (region: string, i: number): string =>
    `hipp_sf_${String(i).padStart(4, "0")}_${region} ${Array.from({ length: VOLUMES }, (_, t) => value(region, t, of)).join(" ")}`;
  return `${changed([`${REGIONS.length} ${VOLUMES} `, ...REGIONS.map(line)]).join("\n")}\n`;
}

function recordings(name: string, files: Readonly<Record<string, string>>): string {
  const dir = join(folder, name);
  mkdirSync(dir);
  for (const [file, content] of Object.entries(files)) writeFileSync(join(dir, file), content);
  return dir;
}

const FILES = {
  "S2_res_tcourse_L.txt": text(0),
  "S10_res_tcourse_R.txt": text(1),
  "S10_res_tcourse_L.txt": text(2),
  "README.txt": "not a recording",
};

test("signals are means of regions at one scale, environments are recordings in order of the subjects", async (t) => {
  const source = recordings("good", FILES);
  const { inputs, inputNames, labels, truth } = await prepare({ dataset: "hippocampus", source });
  t.deepEqual(labels.environment?.levels, ["S2 L", "S10 L", "S10 R"]);
  t.deepEqual(truth.latents?.columns, ["PRC", "PHC", "ERC", "SUB", "CA1", "CA3/DG"]);
  const latents = matrixOf(truth.latents!.values);
  t.is(latents.length, 3 * VOLUMES);
  // The first column is the mean of BA35 and BA36, up to its scale; that scale is one for all recordings.
  const prc = [0, 2, 1].flatMap((of) =>
    Array.from({ length: VOLUMES }, (_, i) => (value("BA35", i, of) + value("BA36", i, of)) / 2),
  );
  const ratios = latents.map((row, i) => row[0]! / prc[i]!);
  for (const ratio of ratios) t.true(Math.abs(ratio / ratios[0]! - 1) < 1e-4);
  for (let j = 0; j < 6; j++) {
    const column = latents.map((row) => row[j]!);
    const mean = column.reduce((sum, v) => sum + v, 0) / column.length;
    const variance = column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / column.length;
    t.true(Math.abs(variance - 1) < 1e-4);
  }
  // A leaky map has the slopes .2 and 1, behind a rotation each: no signal is stretched or flattened beyond them.
  t.deepEqual(inputNames, ["x1", "x2", "x3", "x4", "x5", "x6"]);
  for (const [i, row] of matrixOf(inputs).entries()) {
    const [length, before] = [row, latents[i]!].map((v) => Math.hypot(...v));
    t.true(length! <= before! * (1 + 1e-5) && length! >= 0.04 * before!);
  }
  const other = await prepare({ dataset: "hippocampus", source, mixingSeed: 1 });
  t.deepEqual(other.truth.latents, truth.latents);
  t.notDeepEqual(other.inputs, inputs);
});

test("folders without recordings and damaged files are refused by name", async (t) => {
  const refused = async (source: string) => (await t.throwsAsync(prepare({ dataset: "hippocampus", source })))!;
  t.like(await refused(join(folder, "nowhere")), { code: "DATA_NOT_FOUND" });
  t.like(await refused(recordings("empty", { "README.txt": "" })), { code: "DATA_NOT_FOUND" });
  const cases: Readonly<Record<string, readonly [string, RegExp]>> = {
    short: [
      text(0, (lines) => lines.map((line) => line.replace(/(_ERC .*) \S+$/, "$1"))),
      /ERC has 39 volumes, expected 40/,
    ],
    gap: [
      text(0, (lines) => lines.map((line) => line.replace(/_SUB \S+/, "_SUB NaN"))),
      /SUB, volume 1 is no finite number/,
    ],
    missing: [text(0, (lines) => lines.map((line) => line.replace("_PHC ", "_PH "))), /region PHC is missing/],
    cut: [text(0, (lines) => lines.slice(0, -2)), /11 regions, the first line says 13/],
    head: [text(0, ([, ...lines]) => ["a b", ...lines]), /the first line is not/],
  };
  for (const [name, [content, message]] of Object.entries(cases)) {
    const error = await refused(recordings(name, { "S1_res_tcourse_L.txt": content }));
    t.like(error, { code: "DATA_CORRUPT" });
    t.regex(error.message, message);
  }
});

test("the command line names the method that the data are for", async (t) => {
  const source = recordings("again", FILES);
  const out = join(folder, "out");
  const { code, stdout, stderr } = await run(["prepare", "hippocampus", source, "--mixing-seed", "3", "--out", out]);
  t.is(code, 0, stderr);
  t.true(stdout.includes("fit --method latent-anm"));
});

test("measured causes keep their names, and what makes no sense with them is refused", async (t) => {
  const source = recordings("measured", FILES);
  const data = await prepare({ dataset: "hippocampus", source });
  const config = { method: "latent-anm", data, representation: "inputs", training: { steps: 20 } } as const;
  const model = await fit(config).result;
  t.deepEqual([...model.latents.columns].sort(), ["x1", "x2", "x3", "x4", "x5", "x6"]);
  t.deepEqual(model.summary.graph?.names, model.latents.columns);
  await model.close();
  const refused = await t.throwsAsync(fit({ ...config, latentDim: 2 }).result);
  t.like(refused, { code: "CONFIG_CONFLICT", path: "latentDim" });
});
