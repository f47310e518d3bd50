// What happens to a process: pipes that close, signals, places that cannot be written, a core that panics.
import { spawn } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Failure } from "../../src/errors.js";
import { testWithAddon as test } from "../addon.js";
import { type Ended, run, start } from "../cli/run.js";
import { quotedCommandLine } from "../command-line.js";
import { checkTold, contentOf, folderOf } from "./fault.js";

const FIT = "--method tbr --data good.csv --environment env --target y --tree tree.nwk --latent-dim 2".split(" ");
const fitTo = (out: string, ...more: readonly string[]): string[] => ["fit", ...FIT, "--out", out, ...more];
const failureIn = ({ stdout }: Ended): Failure => (JSON.parse(stdout) as { error: Failure }).error;

/** Runs the command line under a shell, which can close pipes and set limits. */
function inShell(cwd: string, line: (command: string) => string): Promise<Ended> {
  const child = spawn("bash", ["-o", "pipefail", "-c", line(quotedCommandLine)], { cwd });
  const [stdout, stderr]: string[][] = [[], []];
  child.stdout.setEncoding("utf8").on("data", (text: string) => stdout!.push(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => stderr!.push(text));
  return new Promise((resolve, reject) => {
    child
      .on("error", reject)
      .on("close", (code) => resolve({ code, stdout: stdout!.join(""), stderr: stderr!.join("") }));
  });
}

const onUnix = process.platform === "win32" ? test.skip : test;

onUnix("a reader that closes the pipe early is no error", async (t) => {
  const rows = Array.from({ length: 40_000 }, (_, i) => `${i % 7},${i % 11},${i % 13},${i % 5}\n`).join("");
  const dir = await folderOf({ "long.csv": `x0,x1,x2,x3\n${rows}` });
  t.is((await run(fitTo("a", "--steps", "20", "--no-report", "--quiet"), { cwd: dir })).code, 0);
  for (const words of ["transform a --data long.csv", "schema", "report a --format json", "inspect good.csv"]) {
    const { code, stdout, stderr } = await inShell(dir, (command) => `${command} ${words} | head -c 5`);
    t.is(code, 0, stderr);
    t.is(stdout.length, 5);
    t.is(stderr, "", words);
  }
});

onUnix("a reader of the progress that closes its pipe does not end the fit", async (t) => {
  const dir = await folderOf();
  const { stderr } = await inShell(
    dir,
    (command) => `${command} ${fitTo("a", "--steps", "3000").join(" ")} 2>&1 >/dev/null | head -n 1`,
  );
  t.is(stderr, "");
  t.true((await contentOf(dir)).includes(join("a", "manifest.json")));
});

onUnix("a disk that is full leaves no run folder, no latents and no data set behind", async (t) => {
  const dir = await folderOf();
  t.is((await run(fitTo("a", "--steps", "20", "--no-report", "--quiet"), { cwd: dir })).code, 0);
  const before = await contentOf(dir);
  // A limit on the size of files stands for the disk: the system refuses to write in the same way.
  const limited = (words: string) => inShell(dir, (command) => `ulimit -f 1; ${command} ${words} --json`);
  for (const words of [
    fitTo("b", "--steps", "20").join(" "),
    fitTo("runs/deep/b", "--steps", "20").join(" "),
    "simulate tree-world --depth 2 --points-per-environment 200 --out world",
    "report a --out page.html",
  ]) {
    const ended = await limited(words);
    t.is(ended.code, 1, ended.stderr);
    const told = {
      code: "FILE_WRITE",
      path: /b$|world|page\.html/,
      says: ["cannot write"],
      hint: /space|elsewhere/,
    } as const;
    checkTold(t, failureIn(ended), told);
    t.deepEqual(await contentOf(dir), before, words);
  }
});

onUnix("a folder that may not be written to is told before anything is trained", async (t) => {
  const dir = await folderOf({ "locked/x.txt": "" });
  await chmod(join(dir, "locked"), 0o555);
  // Root may write anywhere but into what the kernel keeps for itself.
  const locked = process.getuid?.() === 0 ? "/sys" : join(dir, "locked");
  const ended = await run(fitTo(join(locked, "a"), "--steps", "50000000", "--json"), { cwd: dir });
  t.is(ended.code, 1);
  const told = { code: "FILE_WRITE", path: "/a", says: [/permission denied|read-only/], hint: "may write" } as const;
  checkTold(t, failureIn(ended), told);
  t.deepEqual(
    (await contentOf(dir)).filter((name) => name.startsWith("locked")),
    ["locked", join("locked", "x.txt")],
  );
  await chmod(join(dir, "locked"), 0o755);
});

test("a finished run of another configuration is replaced only when that is asked for", async (t) => {
  const dir = await folderOf();
  const quiet = ["--no-report", "--quiet", "--json"];
  t.is((await run(fitTo("a", "--steps", "20", ...quiet), { cwd: dir })).code, 0);
  const latents = await readFile(join(dir, "a", "latents.npy"));
  const refused = await run(fitTo("a", "--steps", "21", ...quiet), { cwd: dir });
  t.is(refused.code, 1);
  const told = { code: "FILE_WRITE", path: "a", says: ["finished run", "different: steps"], hint: "--force" } as const;
  checkTold(t, failureIn(refused), told);
  t.deepEqual(await readFile(join(dir, "a", "latents.npy")), latents);
  const forced = await run(fitTo("a", "--steps", "21", "--force", ...quiet), { cwd: dir });
  t.is(forced.code, 0, forced.stderr);
  t.notDeepEqual(await readFile(join(dir, "a", "latents.npy")), latents);
  t.deepEqual(
    (await contentOf(dir)).filter((name) => name.includes("partial")),
    [],
  );
});

test("a fit that fails before it trains leaves the run that it was to replace", async (t) => {
  const dir = await folderOf({ "flat.nwk": "(a,b,c);" });
  t.is((await run(fitTo("a", "--steps", "20", "--no-report", "--quiet"), { cwd: dir })).code, 0);
  const before = await contentOf(dir);
  const failed = await run([...fitTo("a", "--force", "--json"), "--method", "tbr", "--latent-dim", "900"], {
    cwd: dir,
  });
  t.is(failed.code, 2, failed.stdout);
  t.deepEqual(await contentOf(dir), before);
});

test("of two fits to one folder each leaves it whole, and nothing else", async (t) => {
  const dir = await folderOf();
  const seeds = ["1", "2", "3"];
  const all = await Promise.all(
    seeds.map((seed) => run(fitTo("a", "--steps", "60", "--seed", seed, "--no-report", "--json"), { cwd: dir })),
  );
  const fitted = all.filter(({ code }) => code === 0);
  t.true(fitted.length > 0, all.map(({ stderr }) => stderr).join());
  for (const ended of all)
    if (ended.code !== 0) t.regex(failureIn(ended).code, /^(FILE_WRITE|RUN_BUSY)$/, ended.stderr);
  const { seed } = JSON.parse(await readFile(join(dir, "a", "manifest.json"), "utf8")) as { seed: number };
  const config = JSON.parse(await readFile(join(dir, "a", "config.json"), "utf8")) as { seed: number };
  t.is(config.seed, seed);
  t.is((await run(["transform", "a", "--data", "good.csv", "--json"], { cwd: dir })).code, 0);
  t.deepEqual(
    (await contentOf(dir)).filter((name) => /partial|\.tmp|commit|lock|replaced/.test(name)),
    [],
  );
});

test("a process that is killed leaves nothing that another takes for a run", async (t) => {
  const dir = await folderOf();
  const { child, ended } = start(fitTo("runs/a", "--steps", "50000000"), { cwd: dir });
  child.stderr?.on("data", (text: string) => {
    if (/step \d+ of/.test(text)) child.kill("SIGKILL");
  });
  await ended;
  await mkdir(join(dir, "runs"), { recursive: true });
  const reported = await run(["report", "runs", "--json"], { cwd: dir });
  t.is(failureIn(reported).code, "RUN_NOT_FOUND");
});

test("a panic in the core is an error with a code, and the process goes on", async (t) => {
  const dir = await folderOf();
  const program = join(dir, "panic.mts");
  const source = fileURLToPath(new URL("../../src", import.meta.url));
  await writeFile(
    program,
    `import { fit, simulate, isDisentangleError } from "${source}/index.ts";
    import { native } from "${source}/native.ts";
    const data = await simulate({ simulator: "tree-world", depth: 2, pointsPerEnvironment: 50, inputs: 4, latents: 2 });
    const config = { method: "tbr", latentDim: 2, steps: 20, data } as const;
    const told = async (work: () => Promise<unknown>) => work().then(() => "none", (error) => isDisentangleError(error) ? error.toJSON() : String(error));
    const arm = (native() as unknown as { panicAfter(passes: number): void }).panicAfter;
    arm(0);
    const call = await told(() => simulate({ simulator: "tree-world" }));
    const threads = [];
    for (let passes = 0; passes < 12; passes++) { arm(passes); threads.push(await told(() => fit(config).result)); }
    arm(4294967295);
    const model = await fit(config).result;
    console.log(JSON.stringify({ call, threads, kind: model.outcome.kind }));`,
  );
  const ended = await inShell(dir, () => `"${process.execPath}" --import "${import.meta.resolve("tsx")}" panic.mts`);
  t.is(ended.code, 0, ended.stderr);
  const { call, threads } = JSON.parse(ended.stdout) as { call: Failure; threads: (Failure | string)[] };
  const told = { code: "INTERNAL_PANIC", path: "", says: ["a bug in disentangle"], hint: "report" } as const;
  checkTold(t, call, told);
  const failed = threads.filter((one) => one !== "none") as Failure[];
  t.true(failed.length >= 3, JSON.stringify(threads));
  for (const one of failed) checkTold(t, one, told);
});
