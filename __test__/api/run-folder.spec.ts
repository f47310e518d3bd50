// The folder of a fit under way: what lies in its place, what stays when the fit fails, when it is a run.
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRun, readRuns, runIdOf, unfinishedRuns } from "../../src/results.js";
import { beginRun, type NewRun, reopenRun } from "../../src/run-folder.js";
import { testWithAddon as test } from "../addon.js";
import { RUN } from "./run.js";

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), "disentangle-run-folder-"));

/** A fit of another seed is another run. */
function newRun(seed: number): NewRun {
  const config = { ...RUN.config, seed };
  const { outcome, steps, ...start } = RUN.manifest;
  return {
    config,
    start: { ...start, seed, runId: runIdOf(config, "f", "0.1.0") },
    unfinished: { startedIn: "/", config, report: true },
  };
}

/** What a fit gives. */
const ended = ({ config, start }: NewRun) => ({
  ...RUN,
  config,
  manifest: { ...RUN.manifest, ...start },
});

async function checkpoint(dir: string): Promise<void> {
  await mkdir(join(dir, "checkpoint"));
  await writeFile(join(dir, "checkpoint", "step-7.dsn"), "");
}

test("a folder is begun whole, and is a run only once it has finished", async (t) => {
  const parent = await folder();
  const dir = join(parent, "runs", "a");
  const run = newRun(0);
  const begun = await beginRun(dir, run);
  t.deepEqual((await readdir(dir)).sort(), ["config.json", "manifest.json"]);
  await checkpoint(dir);
  await begun.write(ended(run));
  await t.throwsAsync(readRun(dir), { code: "RUN_NOT_FOUND" });
  t.deepEqual(await unfinishedRuns(join(parent, "runs")), [dir]);
  await t.throwsAsync(readRuns(join(parent, "runs")), { code: "RUN_NOT_FOUND" });
  await writeFile(join(dir, ".files.partial-01234567"), "left by a kill");
  await begun.finish(ended(run).manifest);
  t.like(await readRun(dir), { dir, config: run.config, manifest: ended(run).manifest });
  t.deepEqual(await unfinishedRuns(join(parent, "runs")), []);
  t.deepEqual(
    (await readdir(dir)).filter((name) => name.startsWith(".") || name === "checkpoint"),
    [],
  );
  await t.throwsAsync(reopenRun(dir), { code: "RUN_FINISHED" });
});

test("a fit that fails before its first checkpoint leaves nothing, not even the folders above", async (t) => {
  const parent = await folder();
  const begun = await beginRun(join(parent, "deep", "er", "a"), newRun(0));
  t.false(await begun.abandon());
  t.deepEqual(await readdir(parent), []);
});

test("a fit that fails later leaves what it goes on from", async (t) => {
  const dir = join(await folder(), "a");
  const begun = await beginRun(dir, newRun(0));
  await checkpoint(dir);
  t.true(await begun.abandon());
  const { folder: reopened, ...run } = await reopenRun(dir);
  t.deepEqual(run, newRun(0));
  t.is(reopened.checkpoints, join(dir, "checkpoint"));
});

test("what is replaced by force lies there again when the fit fails, and is gone when it has ended", async (t) => {
  const parent = await folder();
  const dir = join(parent, "a");
  const [first, second] = [newRun(0), newRun(1)];
  const begun = await beginRun(dir, first);
  await begun.write(ended(first));
  await begun.finish(ended(first).manifest);
  await t.throwsAsync(beginRun(dir, second), { code: "FILE_WRITE", message: /finished run .* \(different: seed\)/ });

  const failed = await beginRun(dir, second, { force: true });
  t.is((await reopenRun(dir)).start.seed, 1);
  await failed.abandon();
  t.is((await readRun(dir)).manifest.seed, 0);

  const forced = await beginRun(dir, second, { force: true });
  await forced.write(ended(second));
  await forced.finish(ended(second).manifest);
  t.false(await forced.abandon(), "nothing is undone after the end");
  t.is((await readRun(dir)).manifest.seed, 1);
  t.deepEqual(await readdir(parent), ["a"]);
});

test("a fit whose folder was taken by force mixes nothing into it", async (t) => {
  const dir = join(await folder(), "a");
  const [first, second] = [newRun(0), newRun(1)];
  const slow = await beginRun(dir, first);
  await beginRun(dir, second, { force: true });
  await t.throwsAsync(slow.write(ended(first)), { code: "FILE_WRITE", message: /another fit was begun there/ });
  await t.throwsAsync(slow.finish(ended(first).manifest), { code: "FILE_WRITE" });
  await t.throwsAsync(slow.stop(ended(first)), { code: "FILE_WRITE" });
  t.deepEqual(JSON.parse(await readFile(join(dir, "config.json"), "utf8")), second.config);
});

test("of two that begin at once in one place, one is refused", async (t) => {
  const dir = join(await folder(), "a");
  const both = await Promise.allSettled([0, 1].map((seed) => beginRun(dir, newRun(seed))));
  const refused = both.flatMap((one) => (one.status === "rejected" ? [(one.reason as { code: string }).code] : []));
  t.deepEqual(refused, ["FILE_WRITE"]);
  const { start, config } = await reopenRun(dir);
  t.is(start.seed, config.seed as number);
});
