// The folder of a fit under way: what lies in its place, what stays when the fit fails, when it is a run.
import { cp, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DisentangleError } from "../../src/errors.js";
import { readRun, readRuns, runIdOf, unfinishedRuns } from "../../src/results.js";
import { beginRun, type NewRun, reopenRun } from "../../src/run-folder.js";
import { readJson } from "../../src/run-version.js";
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

const none = async (): Promise<void> => {};

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
  t.deepEqual((await readdir(dir)).sort(), [".lock", "config.json", "manifest.json"]);
  await checkpoint(dir);
  await t.throwsAsync(readRun(dir), { code: "RUN_NOT_FOUND" });
  t.deepEqual(await unfinishedRuns(join(parent, "runs")), [dir]);
  await t.throwsAsync(readRuns(join(parent, "runs")), { code: "RUN_NOT_FOUND" });
  await writeFile(join(dir, ".files.partial-01234567"), "left by a kill of the first version");
  await begun.finish(ended(run), none);
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
  await begun.finish(ended(first), none);
  await t.throwsAsync(beginRun(dir, second), { code: "FILE_WRITE", message: /finished run .* \(different: seed\)/ });

  const failed = await beginRun(dir, second, { force: true });
  t.is(((await readJson(dir, "config.json")) as { seed: number }).seed, 1);
  await failed.abandon();
  t.is((await readRun(dir)).manifest.seed, 0);

  const forced = await beginRun(dir, second, { force: true });
  await forced.finish(ended(second), none);
  t.false(await forced.abandon(), "nothing is undone after the end");
  t.is((await readRun(dir)).manifest.seed, 1);
  t.deepEqual(await readdir(parent), ["a"]);
});

test("of two that begin at once in one place, one is refused and told who works there", async (t) => {
  const dir = join(await folder(), "a");
  const both = await Promise.allSettled([0, 1].map((seed) => beginRun(dir, newRun(seed))));
  const refused = both.flatMap((one) => (one.status === "rejected" ? [one.reason as DisentangleError] : []));
  t.is(refused.length, 1);
  t.is(refused[0]?.code, "RUN_BUSY");
  t.regex(refused[0]?.message ?? "", new RegExp(`process ${process.pid} on .* works there`));
  t.like(refused[0]?.context.owner as object, { pid: process.pid, what: "fit" });
  await t.throwsAsync(beginRun(dir, newRun(1), { force: true }), { code: "RUN_BUSY" });
  await t.throwsAsync(reopenRun(dir), { code: "RUN_BUSY" });
});

test("who was stopped, and whose lock somebody removed meanwhile, cannot touch what was begun or finished since", async (t) => {
  for (const late of ["finish", "stop", "abandon"] as const) {
    const dir = join(await folder(), "a");
    const [first, second] = [newRun(0), newRun(1)];
    const stalled = await beginRun(dir, first);
    await rm(join(dir, ".lock"));
    const next = await beginRun(dir, second, { force: true });
    await next.finish(ended(second), none);
    const before = await readdir(dir, { recursive: true });
    if (late === "finish") await t.throwsAsync(stalled.finish(ended(first), none), { code: "RUN_BUSY" });
    if (late === "stop") await t.throwsAsync(stalled.stop(ended(first)), { code: "RUN_BUSY" });
    if (late === "abandon") await t.throwsAsync(stalled.abandon(), { code: "RUN_BUSY" });
    t.is((await readRun(dir)).manifest.seed, 1);
    t.deepEqual(await readdir(dir, { recursive: true }), before);
  }
});

test("a score or report that fails costs no training", async (t) => {
  const dir = join(await folder(), "a");
  const run = newRun(0);
  const begun = await beginRun(dir, run);
  await t.throwsAsync(
    begun.finish(ended(run), () => Promise.reject(new Error("no report"))),
    { message: "no report" },
  );
  t.is((await readRun(dir)).manifest.seed, 0);
  t.false(await begun.abandon());
});

test("of a report that was written to its middle nothing stays", async (t) => {
  const dir = join(await folder(), "a");
  const run = newRun(0);
  const begun = await beginRun(dir, run);
  function* half(): Generator<Uint8Array> {
    yield Buffer.from("<html>");
    throw Object.assign(new Error("write"), { code: "ENOSPC" });
  }
  await t.throwsAsync(
    begun.finish(ended(run), (put) => put("report.html", half() as never)),
    { code: "FILE_WRITE", message: /report\.html: no space is left/ },
  );
  t.is((await readRun(dir)).manifest.seed, 0);
  t.false((await readdir(dir)).includes("report.html"));
});

test("scores that a run has are part of it: without them it is not finished", async (t) => {
  const dir = join(await folder(), "a");
  const run = newRun(0);
  const begun = await beginRun(dir, run);
  const scores = {
    toJSON: () => {
      throw Object.assign(new Error("write"), { code: "ENOSPC" });
    },
  };
  await t.throwsAsync(begun.finish({ ...ended(run), scores: scores as never }), { code: "FILE_WRITE" });
  await t.throwsAsync(readRun(dir), { code: "RUN_NOT_FOUND" });
});

test("an unfinished run that was to be replaced has its checkpoints again, also when the process was killed in between", async (t) => {
  const dir = join(await folder(), "a");
  await (await beginRun(dir, newRun(0))).stop(ended(newRun(0)));
  await checkpoint(dir);
  await (await beginRun(dir, newRun(1), { force: true })).abandon();
  t.deepEqual(await readdir(join(dir, "checkpoint")), ["step-7.dsn"]);
  t.is(((await readJson(dir, "config.json")) as { seed: number }).seed, 0);
  // As a kill leaves it: set aside, and the next run not begun.
  await mkdir(join(dir, ".replaced"));
  for (const name of ["manifest.json", "config.json"]) await cp(join(dir, name), join(dir, ".replaced", name));
  await rename(join(dir, "checkpoint"), join(dir, ".replaced", "checkpoint"));
  const { folder: reopened } = await reopenRun(dir);
  t.deepEqual(await readdir(join(dir, "checkpoint")), ["step-7.dsn"]);
  await reopened.abandon();
  t.deepEqual((await readdir(dir)).sort(), ["checkpoint", "config.json", "manifest.json", "metrics.jsonl"]);
});

test("a folder that exists, a link to one, a dangling link and a long name are places as any other", async (t) => {
  const parent = await folder();
  await mkdir(join(parent, "disk", "runs"), { recursive: true });
  await symlink(join(parent, "disk", "runs"), join(parent, "link"));
  await symlink(join(parent, "disk", "new"), join(parent, "dangling"));
  await mkdir(join(parent, "volume", "lost+found"), { recursive: true });
  for (const name of ["link", "dangling", "volume", "l".repeat(255)]) {
    const [dir, run] = [join(parent, name), newRun(0)];
    await (await beginRun(dir, run)).finish(ended(run), none);
    t.is((await readRun(dir)).manifest.seed, 0);
    await (await beginRun(dir, newRun(1), { force: true })).finish(ended(newRun(1)), none);
    t.is((await readRun(dir)).manifest.seed, 1);
  }
  t.true((await lstat(join(parent, "link"))).isSymbolicLink());
  t.true((await readdir(join(parent, "disk", "new"))).includes("manifest.json"));
  await mkdir(join(parent, "empty"));
  await (await beginRun(join(parent, "empty"), newRun(0))).abandon();
  t.deepEqual(await readdir(join(parent, "empty")), []);
});

test("what somebody else puts into a run folder stays, whatever becomes of the run", async (t) => {
  const dir = join(await folder(), "a");
  const notes = [join(dir, "notes.md"), join(dir, "model", "card.md"), join(dir, "plots", "loss.png")];
  const theirs = async (): Promise<void> => {
    for (const path of notes) await mkdir(dirname(path), { recursive: true });
    for (const path of notes) await writeFile(path, "mine");
  };
  const check = async (what: string): Promise<void> => {
    for (const path of notes) t.is(await readFile(path, "utf8"), "mine", `${what}: ${path}`);
  };
  const begun = await beginRun(dir, newRun(0));
  await theirs();
  await begun.stop(ended(newRun(0)));
  await check("stopped");
  const { folder: reopened } = await reopenRun(dir);
  await reopened.finish(ended(newRun(0)), async (put) => put("scores.json", "{}"));
  await check("finished");
  for (const path of ["notes.md", "plots"]) await rm(join(dir, path), { recursive: true });
  const replacing = await beginRun(dir, newRun(1), { force: true });
  await theirs();
  await replacing.stop(ended(newRun(1)));
  await check("another run stopped in its place");
  // Of the run that was replaced nothing is left.
  t.deepEqual((await readdir(dir)).sort(), [
    "config.json",
    "manifest.json",
    "metrics.jsonl",
    "model",
    "notes.md",
    "plots",
  ]);
  t.deepEqual(await readdir(join(dir, "model")), ["card.md"]);
});

test("a run that is stopped where another one lay leaves no folder of that one's model", async (t) => {
  const dir = join(await folder(), "a");
  await (await beginRun(dir, newRun(0))).finish(ended(newRun(0)), none);
  await (await beginRun(dir, newRun(1), { force: true })).stop(ended(newRun(1)));
  t.deepEqual((await readdir(dir)).sort(), ["config.json", "manifest.json", "metrics.jsonl"]);
});
