// Several who save into one run folder, and who read from it: each reader gets one version, whole.
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DisentangleError } from "../../src/errors.js";
import { npyParts, parseNpy } from "../../src/npy.js";
import { ownFolder } from "../../src/owned-folder.js";
import { addToRun, type Run, readRun, readRunFolder, writeRun } from "../../src/results.js";
import { testWithAddon as test } from "../addon.js";
import { RUN } from "./run.js";

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), "disentangle-versions-"));

/** A run whose every file says which one it is. */
const runOf = (seed: number): Run => ({
  ...RUN,
  config: { ...RUN.config, seed },
  manifest: { ...RUN.manifest, seed, runId: String(seed) },
  latents: { ...RUN.latents, data: Float32Array.of(seed) },
  model: Uint8Array.of(seed, 2, 3),
  ...(seed % 2 === 0 && { scores: { seed } as unknown as NonNullable<Run["scores"]> }),
});
const seedsOf = ({ config, manifest, latents, model }: Run): readonly unknown[] => [
  config.seed,
  manifest.seed,
  latents.data[0],
  model[0],
];

test("of runs that are saved while others are loading each load gives one, whole", async (t) => {
  const dir = join(await folder(), "hot");
  await writeRun(dir, runOf(0));
  let saving = true;
  const saves = (async () => {
    for (let i = 1; i <= 60; i++) await writeRun(dir, runOf(i % 4));
    saving = false;
  })();
  let loads = 0;
  while (saving) {
    const run = await readRunFolder(dir);
    const seeds = new Set(seedsOf(run));
    t.is(seeds.size, 1, [...seeds].join());
    t.is(run.scores !== undefined, run.manifest.seed % 2 === 0);
    loads += 1;
  }
  await saves;
  t.true(loads > 0);
  t.deepEqual(await readdir(join(dir, "..")), ["hot"]);
  t.deepEqual(
    (await readdir(dir)).filter((name) => name.startsWith(".")),
    [],
  );
});

test("of many that save at once the last one stays, and nothing is left beside it", async (t) => {
  const dir = join(await folder(), "hot");
  await Promise.all(Array.from({ length: 8 }, (_, seed) => writeRun(dir, runOf(seed))));
  t.deepEqual(seedsOf(await readRunFolder(dir)), [7, 7, 7, 7]);
  t.deepEqual(await readdir(join(dir, "..")), ["hot"]);
});

test("a save that was killed at any point is not there at all, or there whole; the next one clears up", async (t) => {
  const dir = join(await folder(), "hot");
  await writeRun(dir, runOf(2));
  const fresh = join(dir, "..", "fresh");
  await writeRun(fresh, runOf(1));
  // Killed while it wrote.
  await mkdir(join(dir, ".partial"));
  await writeFile(join(dir, ".partial", "config.json"), "half");
  t.deepEqual(seedsOf(await readRunFolder(dir)), [2, 2, 2, 2]);
  // Killed while its files were moved: some of them are in their places, others are not.
  await rename(fresh, join(dir, ".commit"));
  await writeFile(join(dir, ".commit", ".stale"), '["scores.json"]');
  for (const name of ["config.json", "latents.npy", "manifest.json"]) {
    t.deepEqual(seedsOf(await readRunFolder(dir)), [1, 1, 1, 1], name);
    await rename(join(dir, ".commit", name), join(dir, name));
  }
  const read = await readRunFolder(dir);
  t.deepEqual(seedsOf(read), [1, 1, 1, 1]);
  t.is(read.scores, undefined);
  await (await ownFolder(dir, "test")).release();
  t.deepEqual(seedsOf(await readRunFolder(dir)), [1, 1, 1, 1]);
  const names = await readdir(dir);
  t.false(
    names.some((name) => name.startsWith(".") || name === "scores.json"),
    names.join(),
  );
});

test("a file of another run among those of this one is damage, with the name of the file", async (t) => {
  const parent = await folder();
  const [a, b] = [join(parent, "a"), join(parent, "b")];
  await writeRun(a, runOf(1));
  await writeRun(b, runOf(3));
  for (const name of ["config.json", "latents.npy"]) {
    const own = await readFile(join(a, name));
    await writeFile(join(a, name), await readFile(join(b, name)));
    await t.throwsAsync(readRunFolder(a), { code: "ARTIFACT_CORRUPT", message: new RegExp(name) });
    await writeFile(join(a, name), own);
  }
  t.deepEqual(seedsOf(await readRunFolder(a)), [1, 1, 1, 1]);
});

test("scores are added to the run that was scored, and to no other that took its place", async (t) => {
  const dir = join(await folder(), "a");
  await writeRun(dir, runOf(1));
  const scored = { dir, manifest: runOf(1).manifest };
  await addToRun(scored, { "scores.json": '{"mcc": 1}' });
  t.deepEqual((await readRun(dir)).scores as unknown, { mcc: 1 });
  await writeRun(dir, runOf(3));
  await t.throwsAsync(addToRun(scored, { "scores.json": "{}" }), { code: "FILE_WRITE" });
  t.is((await readRun(dir)).scores, undefined);
});

test("arrays are written as numpy writes them, and read to the bit", (t) => {
  for (const values of [
    Float32Array.of(1.5, Number.NaN, -0, 1e-45),
    Uint32Array.of(0, 2 ** 32 - 1, 7, 1),
    Uint8Array.of(1, 2, 3, 255),
  ]) {
    for (const shape of [[4], [2, 2], [4, 1]]) {
      const bytes = Buffer.concat([...npyParts(shape, values)]);
      t.is(bytes.indexOf("\n") % 64, 63);
      const read = parseNpy(bytes);
      t.deepEqual(read?.shape, shape);
      t.deepEqual(read?.values, values);
      t.is(parseNpy(bytes.subarray(0, -1)), undefined);
    }
  }
});

test("what another process tries whether it can write, or was killed while writing, hinders nobody", async (t) => {
  const dir = join(await folder(), "hot");
  await mkdir(join(dir, ".disentangle-01234567-1-89abcdef.tmp"), { recursive: true });
  await writeRun(dir, runOf(0));
  t.deepEqual(seedsOf(await readRunFolder(dir)), [0, 0, 0, 0]);
  // A name that only looks like it is somebody's own.
  await writeFile(join(dir, ".disentangle-notes.tmp"), "mine");
  await t.throwsAsync(writeRun(dir, runOf(1)), { code: "FILE_WRITE", message: /holds \.disentangle-notes\.tmp/ });
});

test("scores that were deleted are not there, those that were edited are damage, and both can be made again", async (t) => {
  const dir = join(await folder(), "a");
  await writeRun(dir, runOf(0));
  await rm(join(dir, "scores.json"));
  t.is((await readRun(dir)).scores, undefined);
  t.is((await readRunFolder(dir)).scores, undefined);
  await addToRun({ dir, manifest: runOf(0).manifest }, { "scores.json": '{"seed":9}' });
  t.like(await readRun(dir), { scores: { seed: 9 } });
  await writeFile(join(dir, "scores.json"), "{}");
  const { path, hint } = (await t.throwsAsync(readRun(dir), { code: "ARTIFACT_CORRUPT" })) as DisentangleError;
  t.is(path, join(dir, "scores.json"));
  t.regex(hint ?? "", /disentangle score/);
  t.deepEqual(seedsOf(await readRunFolder(dir, { scores: false })), [0, 0, 0, 0]);
  await addToRun({ dir, manifest: runOf(0).manifest }, { "scores.json": '{"seed":8}' });
  t.like(await readRun(dir), { scores: { seed: 8 } });
  // What cannot be made again is damage where it is missing, too.
  await rm(join(dir, "split.npy"));
  await t.throwsAsync(readRunFolder(dir), { code: "RUN_NOT_FOUND", message: /there is no split\.npy/ });
});

test("a version whose list cannot be read is kept: its files are the newest there are", async (t) => {
  for (const [list, code] of [
    [undefined, "FILE_WRITE"],
    ["[", "ARTIFACT_CORRUPT"],
  ] as const) {
    const dir = join(await folder(), "a");
    await writeRun(dir, runOf(2));
    const fresh = join(dir, "..", "fresh");
    await writeRun(fresh, runOf(1));
    await rename(fresh, join(dir, ".commit"));
    const stale = join(dir, ".commit", ".stale");
    // A folder in its place is as unreadable as a disk that fails, also for root.
    if (list === undefined) await mkdir(stale);
    else await writeFile(stale, list);
    await t.throwsAsync(ownFolder(dir, "test"), { code });
    t.true((await readdir(join(dir, ".commit"))).includes("manifest.json"));
    t.deepEqual(seedsOf(await readRunFolder(dir)), [1, 1, 1, 1]);
  }
  // A file that is in the way of a version is nobody's version.
  const dir = join(await folder(), "a");
  await writeRun(dir, runOf(2));
  await writeFile(join(dir, ".commit"), "mine");
  await t.throwsAsync(ownFolder(dir, "test"), { code: "FILE_WRITE" });
  t.is(await readFile(join(dir, ".commit"), "utf8"), "mine");
});
