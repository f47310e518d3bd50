// Fits that are cut off, and what `--resume` makes of them: the same bytes, or a refusal that says why.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutionContext } from "ava";
import type { Failure } from "../../src/errors.js";
import { native } from "../../src/native.js";
import { testWithAddon as test } from "../addon.js";
import { runBatch } from "../bad-input/fault.js";
import { type Ended, run, start } from "./run.js";

const SMALL = ["--depth", "2", "--points-per-environment", "150", "--inputs", "6", "--latents", "2"];
const QUICK = ["--method", "tbr", "--latent-dim", "2", "--batch-size", "128", "--seed", "5", "--data", "world"];
/** Long enough that nothing but a signal ends it. */
const ENDLESS = ["--steps", "50000000"];
/** Long enough to be cut off, short enough to be finished. */
const STEPS = ["--steps", "10000"];
const RESULTS =
  "config.json metrics.jsonl summary.json scores.json latents.npy rows.npy split.npy model/model.bin report.html report.md report.json".split(
    " ",
  );

/** A folder with a world, and the run of an undisturbed fit in `whole`; made once, copied for each test. */
let template: Promise<string> | undefined;

async function folder(): Promise<string> {
  template ??= (async () => {
    const cwd = await mkdtemp(join(tmpdir(), "disentangle-resume-"));
    for (const args of [
      ["simulate", "tree-world", ...SMALL, "--seed", "3", "--out", "world"],
      ["fit", ...QUICK, ...STEPS, "--quiet", "--out", "whole"],
    ]) {
      const { code, stderr } = await run(args, { cwd });
      if (code !== 0) throw new Error(stderr);
    }
    return cwd;
  })();
  const cwd = await mkdtemp(join(tmpdir(), "disentangle-resume-"));
  await cp(await template, cwd, { recursive: true });
  return cwd;
}

const filesIn = (dir: string): Promise<readonly string[]> => readdir(dir).catch(() => []);
const checkpointsIn = async (dir: string): Promise<readonly string[]> =>
  (await filesIn(join(dir, "checkpoint"))).filter((name) => name.endsWith(".dsn"));
const manifestOf = async (dir: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(dir, "manifest.json"), "utf8")) as Record<string, unknown>;
const failureIn = ({ stdout }: Ended): Failure => (JSON.parse(stdout) as { error: Failure }).error;

/** Kills a fit as soon as it has written a checkpoint that was not there before. */
async function killed(args: readonly string[], cwd: string, dir: string): Promise<void> {
  const before = new Set(await checkpointsIn(join(cwd, dir)));
  const { child, ended } = start(args, { cwd });
  let over = false;
  void ended.then(() => {
    over = true;
  });
  while (!over && (await checkpointsIn(join(cwd, dir))).every((name) => before.has(name))) await sleep(2);
  child.kill("SIGKILL");
  const { signal, stderr } = await ended;
  if (signal !== "SIGKILL") throw new Error(`it ended before it was killed: ${stderr}`);
}

/** Sends a signal when a fit says something. */
async function signalled(args: readonly string[], cwd: string, at: RegExp, signal: NodeJS.Signals): Promise<Ended> {
  const { child, ended } = start(args, { cwd });
  let sent = false;
  child.stderr?.on("data", (text: string) => {
    if (!sent && at.test(text)) sent = child.kill(signal);
  });
  return ended;
}

async function sameResults(t: ExecutionContext, cwd: string, dir: string): Promise<void> {
  for (const name of RESULTS) {
    const [whole, resumed] = await Promise.all(["whole", dir].map((run) => readFile(join(cwd, run, name))));
    t.true(resumed?.equals(whole!), `${name} differs`);
  }
  t.deepEqual((await readdir(join(cwd, dir))).sort(), (await readdir(join(cwd, "whole"))).sort());
  const timeless = async (run: string) => ({
    ...(await manifestOf(join(cwd, run))),
    createdAt: "",
    elapsedMs: 0,
    save: "",
  });
  t.deepEqual(await timeless(dir), await timeless("whole"));
}

test("a fit that is killed, resumed from elsewhere, killed again and resumed ends in the same bytes", async (t) => {
  const cwd = await folder();
  await killed(["fit", ...QUICK, ...STEPS, "--out", "a", "--checkpoint-every", "500"], cwd, "a");
  const { createdAt } = await manifestOf(join(cwd, "a"));
  // The cadence is kept as well: nothing needs repeating.
  await killed(["fit", "--resume", "a"], cwd, "a");
  const elsewhere = join(cwd, "else", "where");
  await mkdir(elsewhere, { recursive: true });
  const { code, stderr } = await run(["fit", "--resume", "../../a"], { cwd: elsewhere });
  t.is(code, 0, stderr);
  t.regex(stderr, /goes on from step [1-9]\d*00\n/);
  await sameResults(t, cwd, "a");
  t.is((await manifestOf(join(cwd, "a"))).createdAt, createdAt);
});

test("a fit that is killed before its first checkpoint says that it is unfinished, and begins again", async (t) => {
  const cwd = await folder();
  const args = ["fit", ...QUICK, ...STEPS, "--out", "runs/a", "--checkpoint-every", "50000"];
  await signalled(args, cwd, /begins/, "SIGKILL");
  t.deepEqual(await checkpointsIn(join(cwd, "runs", "a")), []);
  t.true("unfinished" in (await manifestOf(join(cwd, "runs", "a"))));
  for (const words of ["report runs/a", "report runs", "score runs/a", "transform runs/a --data world --out z.npy"]) {
    const refused = failureIn(await run([...words.split(" "), "--json"], { cwd }));
    t.is(refused.code, "RUN_NOT_FOUND");
    t.regex(refused.hint ?? "", /fit --resume runs\/a/, words);
  }
  await cp(join(cwd, "whole"), join(cwd, "runs", "b"), { recursive: true });
  const { stdout, stderr } = await run(["report", "runs", "--out", "report.md", "--json"], { cwd });
  t.is((JSON.parse(stdout) as { runs: number }).runs, 1);
  t.regex(stderr, /left out: the run in runs\/a did not finish/);
  const resumed = await run(["fit", "--resume", "runs/a"], { cwd });
  t.is(resumed.code, 0, resumed.stderr);
  t.regex(resumed.stderr, /no checkpoint yet: it begins again/);
  await sameResults(t, cwd, join("runs", "a"));
});

for (const [signal, exit] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  test(`${signal} stops a fit with a checkpoint and prints the command that goes on with it`, async (t) => {
    const cwd = await folder();
    const args = ["fit", ...QUICK, ...STEPS, "--out", "a run", "--json"];
    const { code, stdout, stderr } = await signalled(args, cwd, /begins/, signal);
    t.is(code, exit, stderr);
    t.is((await checkpointsIn(join(cwd, "a run"))).length, 1);
    t.regex(stderr, /stopped at step \d+; go on with\n {2}disentangle fit --resume 'a run'\n$/);
    t.like(JSON.parse(stdout), {
      runDir: "a run",
      outcome: "cancelled",
      resume: "disentangle fit --resume 'a run'",
    });
    t.like(await manifestOf(join(cwd, "a run")), { outcome: { kind: "cancelled" } });
    t.is((await run(["fit", "--resume", "a run", "--quiet"], { cwd })).code, 0);
    await sameResults(t, cwd, "a run");
  });
}

test("a second signal ends a fit at once, and it can be resumed", async (t) => {
  const cwd = await folder();
  const { child, ended } = start(["fit", ...QUICK, ...ENDLESS, "--out", "a"], { cwd });
  child.stderr?.on("data", (text: string) => {
    if (text.includes("begins") || text.includes("stopping")) child.kill("SIGINT");
  });
  const { code, signal, stderr } = await ended;
  // Between the two it may have come to its checkpoint.
  t.true(signal === "SIGINT" || code === 130, stderr);
  t.true("unfinished" in (await manifestOf(join(cwd, "a"))));
  t.regex(stderr, /go on with\n {2}disentangle fit --resume a/);
});

test("a closed form that does not stop is no reason to wait for it", async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), "disentangle-resume-"));
  const shape = [3600, 3600];
  const data = Float32Array.from({ length: shape[0]! * shape[1]! }, (_, i) => Math.sin(i * i));
  native().npyWrite(join(cwd, "wide.npy"), { shape, data });
  const args = "fit --method pca --data wide.npy --latent-dim 2 --out a".split(" ");
  const { signal, stderr } = await signalled(args, cwd, /components/, "SIGTERM");
  // Before it is through, which takes several times as long.
  t.is(signal, "SIGTERM", stderr);
  t.regex(stderr, /stopping; .*\n(.*\n)*what is under way does not stop/);
  t.regex(stderr, /ended; go on with\n {2}disentangle fit --resume a/);
});

test("what was changed since a run began is listed, and nothing is trained", async (t) => {
  const cwd = await folder();
  await signalled(["fit", ...QUICK, ...ENDLESS, "--out", "a"], cwd, /begins/, "SIGINT");
  const before = await checkpointsIn(join(cwd, "a"));
  const config = JSON.parse(await readFile(join(cwd, "a", "config.json"), "utf8")) as { split: object };
  const changes = {
    keys: { ...config, seed: 6, split: { ...config.split, train: 0.55 }, mistake: true },
    both: { ...config, steps: 7, data: "other" },
    unreadable: { ...config, data: "nowhere" },
    file: config,
  };
  for (const [name, changed] of Object.entries(changes)) {
    await cp(join(cwd, "a"), join(cwd, name), { recursive: true });
    await writeFile(join(cwd, name, "config.json"), JSON.stringify(changed));
  }
  await rm(join(cwd, "world"), { recursive: true });
  await run(["simulate", "tree-world", ...SMALL, "--seed", "4", "--out", "world"], { cwd });
  await cp(join(cwd, "world"), join(cwd, "other"), { recursive: true });
  const ended = await runBatch(
    Object.keys(changes).map((name) => ({ cwd, args: ["fit", "--resume", name, "--json"] })),
  );
  const told = ended.map((end) => {
    const { code, context } = failureIn(end);
    t.is(code, "CHECKPOINT_MISMATCH", end.stderr);
    return context?.differences as { path: string; checkpoint: unknown; now: unknown }[];
  });
  t.deepEqual(
    told.map((differences) => differences.map(({ path }) => path).sort()),
    [["mistake", "seed", "split.train"], ["data", "data", "steps"], ["data"], ["data"]],
  );
  t.like(
    told[0]?.find(({ path }) => path === "seed"),
    { checkpoint: 5, now: 6 },
  );
  t.deepEqual(await checkpointsIn(join(cwd, "a")), before);
});

test("what is no interrupted run is refused with what it is", async (t) => {
  const cwd = await folder();
  await signalled(["fit", ...QUICK, ...ENDLESS, "--out", "a"], cwd, /begins/, "SIGKILL");
  const text = (name: string): Promise<string> => readFile(join(cwd, "a", name), "utf8");
  const [config, manifest] = [await text("config.json"), await text("manifest.json")];
  const damages: readonly (readonly [name: string, content: string, told: string])[] = [
    ["config.json", config.slice(0, 40), "ARTIFACT_CORRUPT 0/config.json"],
    ["config.json", "[]", "ARTIFACT_CORRUPT 1/config.json"],
    ["manifest.json", manifest.slice(0, 40), "ARTIFACT_CORRUPT 2/manifest.json"],
    ["manifest.json", '{"format": 1, "unfinished": {}}', "ARTIFACT_CORRUPT 3/manifest.json"],
    ["manifest.json", '{"format": 99, "version": "9.0.0"}', "ARTIFACT_VERSION 4"],
  ];
  for (const [i, [name, content]] of damages.entries()) {
    await cp(join(cwd, "a"), join(cwd, String(i)), { recursive: true });
    await writeFile(join(cwd, String(i), name), content);
  }
  const flags = "--seed 3, --out b, --config a/config.json, --set seed=3, --force, --no-report".split(", ");
  const rows: readonly (readonly [words: string, told: string])[] = [
    ["nowhere", "RUN_NOT_FOUND nowhere"],
    ["world", "RUN_NOT_FOUND world"],
    ...damages.map(([, , told], i) => [String(i), told] as const),
    ...flags.map((flag) => [`a ${flag}`, `CONFIG_CONFLICT ${flag.split(" ")[0]}`] as const),
  ];
  const ended = await runBatch(
    rows.map(([words]) => ({ cwd, args: ["fit", "--json", "--resume", ...words.split(" ")] })),
  );
  for (const [i, [, told]] of rows.entries()) {
    const { code, path, message } = failureIn(ended[i]!);
    t.is(`${code} ${path}`, told, ended[i]?.stderr);
    t.false(message.includes("\n"));
    t.is(ended[i]?.code, code.startsWith("CONFIG_") ? 2 : 1);
  }
});

test("a run that was moved, and begun by another version, finds its data here and becomes this version's", async (t) => {
  const cwd = await folder();
  await signalled(["fit", ...QUICK, ...STEPS, "--out", "a"], cwd, /begins/, "SIGINT");
  const manifest = await manifestOf(join(cwd, "a"));
  const moved = { ...(manifest.unfinished as object), startedIn: join(cwd, "gone") };
  await writeFile(
    join(cwd, "a", "manifest.json"),
    JSON.stringify({ ...manifest, version: "0.0.1", runId: "of that version", versions: {}, unfinished: moved }),
  );
  const { code, stderr } = await run(["fit", "--resume", "a"], { cwd });
  t.is(code, 0, stderr);
  t.regex(stderr, /warning begun by disentangle 0\.0\.1, goes on with \d/);
  await sameResults(t, cwd, "a");
});

test("a damaged checkpoint is named and passed over; the bytes are the same", async (t) => {
  const cwd = await folder();
  const args = ["fit", ...QUICK, ...STEPS, "--out", "a", "--checkpoint-every", "500"];
  await killed(args, cwd, "a");
  await killed(["fit", "--resume", "a"], cwd, "a");
  const step = (name: string): number => Number(/\d+/.exec(name)?.[0]);
  const newest = [...(await checkpointsIn(join(cwd, "a")))].sort((x, y) => step(x) - step(y)).at(-1)!;
  const path = join(cwd, "a", "checkpoint", newest);
  await writeFile(path, (await readFile(path)).subarray(0, -100));
  const { code, stderr } = await run(["fit", "--resume", "a"], { cwd });
  t.is(code, 0, stderr);
  t.true(stderr.includes(`warning checkpoint ${newest} is damaged and was passed over`), stderr);
  await sameResults(t, cwd, "a");
});

test("a folder that checkpoints cannot be written to is told, and the run stays", async (t) => {
  const cwd = await folder();
  await signalled(["fit", ...QUICK, ...ENDLESS, "--out", "a"], cwd, /begins/, "SIGINT");
  const dir = join(cwd, "a", "checkpoint");
  await rm(dir, { recursive: true });
  await writeFile(dir, "a file in the way");
  const { code, path, hint } = failureIn(await run(["fit", "--resume", "a", "--json"], { cwd }));
  t.is(code, "FILE_WRITE");
  t.true(path?.endsWith(join("a", "checkpoint")), path);
  t.truthy(hint);
  t.true("unfinished" in (await manifestOf(join(cwd, "a"))));
});

test("an unfinished run is not begun again by mistake", async (t) => {
  const cwd = await folder();
  const args = ["fit", ...QUICK, ...STEPS, "--out", "a", "--json", "--quiet"];
  await killed([...args, "--checkpoint-every", "500"], cwd, "a");
  const same = failureIn(await run(args, { cwd }));
  t.is(same.code, "FILE_WRITE");
  t.regex(same.message, /unfinished run of this very configuration/);
  t.regex(same.hint ?? "", /disentangle fit --resume a;/);
  const other = failureIn(await run([...args, "--steps", "7"], { cwd }));
  t.regex(other.message, /unfinished run of another configuration \(different: steps\)/);
  t.true((await checkpointsIn(join(cwd, "a"))).length > 0);
  const { code, stderr } = await run([...args, "--force"], { cwd });
  t.is(code, 0, stderr);
  await sameResults(t, cwd, "a");
  t.deepEqual((await readdir(cwd)).sort(), ["a", "whole", "world"]);
});

test("a finished run that is repeated stays until the new one is there", async (t) => {
  const cwd = await folder();
  await cp(join(cwd, "whole"), join(cwd, "a"), { recursive: true });
  const args = ["fit", ...QUICK, ...STEPS, "--out", "a"];
  const stopped = await signalled(args, cwd, /begins/, "SIGINT");
  t.is(stopped.code, 130);
  t.regex(stopped.stderr, /the finished run in a stays/);
  await sameResults(t, cwd, "a");
  t.is((await run([...args, "--quiet"], { cwd })).code, 0);
  await sameResults(t, cwd, "a");
});

const onUnix = process.platform === "win32" ? test.skip : test;

onUnix(
  "a disk that is full ends the fit with the checkpoints before it, and it goes on when there is space",
  async (t) => {
    const cwd = await folder();
    await killed(["fit", ...QUICK, ...STEPS, "--out", "a", "--checkpoint-every", "500"], cwd, "a");
    const before = await checkpointsIn(join(cwd, "a"));
    // A limit on the size of files stands for the disk: the system refuses to write in the same way.
    const limited = await run(["fit", "--resume", "a", "--json"], { cwd, shell: "ulimit -f 4" });
    t.is(limited.code, 1, limited.stderr);
    t.is(failureIn(limited).code, "FILE_WRITE");
    t.regex(limited.stderr, /what was trained is kept; go on with\n {2}disentangle fit --resume a/);
    t.deepEqual(await checkpointsIn(join(cwd, "a")), before);
    t.is((await run(["fit", "--resume", "a", "--quiet"], { cwd })).code, 0);
    await sameResults(t, cwd, "a");
  },
);
