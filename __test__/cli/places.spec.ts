// Where commands write, what they never write over, and what they say when they cannot.
import { spawn, spawnSync } from "node:child_process";
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFolder, writeFileAtomic } from "../../src/files.js";
import { testWithAddon as test } from "../addon.js";
import { folderOf } from "../bad-input/fault.js";
import { quotedCommandLine } from "../command-line.js";
import { run, start } from "./run.js";

const onUnix = process.platform === "win32" ? test.skip : test;
const FIT = "fit --method pca --data good.csv --inputs x* --latent-dim 2 --quiet --no-report".split(" ");

/** A shell in which `$D` is the command line. */
function shell(cwd: string, line: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn("bash", ["-o", "pipefail", "-c", line.replaceAll("$D", quotedCommandLine)], { cwd });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

test("what a command reads is never what it writes, under whatever name", async (t) => {
  const cwd = await folderOf();
  t.is((await run([...FIT, "--out", "a"], { cwd })).code, 0);
  await symlink(join(cwd, "good.csv"), join(cwd, "link.csv"));
  await mkdir(join(cwd, "raw"));
  await writeFile(join(cwd, "raw", "in.csv"), await readFile(join(cwd, "good.csv")));
  const before = await readFile(join(cwd, "good.csv"), "utf8");
  for (const words of [
    "predict a --data good.csv --out ./good.csv",
    "predict a --data good.csv --out link.csv",
    "report a --out a/manifest.json",
    "report a --out a/model/x.html",
    "fit --method pca --data raw/in.csv --inputs x* --latent-dim 2 --out raw",
  ]) {
    const { code, stdout } = await run([...words.split(" "), "--json"], { cwd });
    t.is(code, words.startsWith("fit") ? code : 2, words);
    t.not(code, 0, words);
    t.regex((JSON.parse(stdout) as { error: { code: string } }).error.code, /CONFIG_CONFLICT|FILE_WRITE/, words);
  }
  t.is(await readFile(join(cwd, "good.csv"), "utf8"), before);
  t.deepEqual(await readdir(join(cwd, "raw")), ["in.csv"]);
  t.is((await run("report a --out a/report.html".split(" "), { cwd })).code, 0);
});

test("no command writes over what its run folder keeps", async (t) => {
  const cwd = await folderOf();
  t.is((await run([...FIT, "--out", "a"], { cwd })).code, 0);
  t.is((await run("transform a --data good.csv --out z-inputs.npy".split(" "), { cwd })).code, 0);
  const digest = async (): Promise<string> => {
    const names = (await readdir(join(cwd, "a"), { recursive: true, withFileTypes: true })).filter((one) =>
      one.isFile(),
    );
    const files = names.map(({ parentPath, name }) => join(parentPath, name)).sort();
    return JSON.stringify(await Promise.all(files.map(async (file) => [file, await readFile(file, "base64")])));
  };
  const before = await digest();
  for (const words of [
    "transform a --data good.csv --out a/latents.npy",
    "transform a/model --data good.csv --out a/rows.npy",
    "decode a --latents a/latents.npy --out a/split.npy",
    "decode a --latents a/latents.npy --out a/model",
    "intervene a --do z1=0 --out a/latents.npy",
    "intervene a --do z1=0 --data z-inputs.npy --out z.npy",
    "graph a --out a/scores.json",
    "graph a --out a/graph.json",
    "graph a --out a/pc-graph.json",
    "graph a --out a/manifest.json",
    "predict a/model --data good.csv --out a/latents.npy",
  ]) {
    const { code, stdout } = await run([...words.split(" "), "--json"], { cwd });
    t.is(code, 2, words);
    t.regex((JSON.parse(stdout) as { error: { code: string } }).error.code, /CONFIG_CONFLICT|CONFIG_USAGE/, words);
  }
  t.is(await digest(), before);
  // What is no part of the run has room beside it.
  for (const words of ["transform a --data good.csv --out a/new.npy", "decode a --latents a/latents.npy --out a/x.csv"])
    t.is((await run(words.split(" "), { cwd })).code, 0, words);
});

test("what a pattern names is never written over, and is found again where the fit was started", async (t) => {
  const cwd = await folderOf();
  await mkdir(join(cwd, "raw"));
  const table = await readFile(join(cwd, "good.csv"));
  for (const name of ["a.csv", "b.csv"]) await writeFile(join(cwd, "raw", name), table);
  const fit = "fit --method pca --data raw/*.csv --inputs x* --latent-dim 2 --quiet --no-report --out a".split(" ");
  t.is((await run(fit, { cwd })).code, 0);
  for (const words of [
    "transform a --data raw/*.csv --out raw/b.csv",
    "predict a --data raw/?.csv --out ./raw/a.csv",
    "intervene a --do z1=0 --data raw/*.csv --out raw/b.csv",
    "decode a --latents raw/*.csv --out raw/b.csv",
  ]) {
    const { code, stdout } = await run([...words.split(" "), "--json"], { cwd });
    t.is(code, 2, words);
    t.is((JSON.parse(stdout) as { error: { code: string } }).error.code, "CONFIG_CONFLICT", words);
  }
  for (const name of ["a.csv", "b.csv"]) t.deepEqual(await readFile(join(cwd, "raw", name)), table);
  t.is((await run("transform a --data raw/*.csv --out raw/c.csv".split(" "), { cwd })).code, 0);
  await rm(join(cwd, "raw", "c.csv"));

  const slow =
    "fit --method shared-head --data raw/*.csv --inputs x* --target y --latent-dim 2 --steps 100000000 --out s";
  const { child, ended } = start(slow.split(" "), { cwd });
  await new Promise<void>((resolve) =>
    child.stderr!.on("data", (text: Buffer) => String(text).includes("begins") && resolve()),
  );
  child.kill("SIGINT");
  t.is((await ended).code, 130);
  const resumed = await run(["fit", "--resume", join(cwd, "s"), "--max-steps", "1", "--json"], {
    cwd: await folderOf(),
  });
  t.is(resumed.code, 0, resumed.stderr);
});

test("scores that were deleted or edited are made again by `score`", async (t) => {
  const cwd = await folderOf();
  await run("simulate tree-world --depth 2 --points-per-environment 50 --inputs 6 --latents 2 --out world".split(" "), {
    cwd,
  });
  await run("fit --method pca --data world --latent-dim 2 --no-report --quiet --out a".split(" "), { cwd });
  const scores = join(cwd, "a", "scores.json");
  const first = await readFile(scores, "utf8");
  for (const spoil of [() => rm(scores), () => writeFile(scores, "{")]) {
    await spoil();
    t.is((await run(["graph", "a"], { cwd })).code, 0);
    const { code, stderr } = await run(["score", "a"], { cwd });
    t.is(code, 0, stderr);
    t.is(await readFile(scores, "utf8"), first);
    t.is((await run("report a --out page.md".split(" "), { cwd })).code, 0);
  }
});

test("a report has the format that its name says", async (t) => {
  const cwd = await folderOf();
  await run([...FIT, "--out", "a"], { cwd });
  for (const words of ["--out x.pdf", "--out a.md --format html", "--out report"]) {
    const { code } = await run(["report", "a", ...words.split(" ")], { cwd });
    t.is(code, 2, words);
  }
  t.false((await readdir(cwd)).some((name) => /pdf|\.md$|^report/.test(name)));
});

onUnix("the result of a run that cannot be written to is printed, with a note", async (t) => {
  const cwd = await folderOf();
  await run("simulate tree-world --depth 2 --points-per-environment 50 --inputs 6 --latents 2 --out world".split(" "), {
    cwd,
  });
  await run("fit --method tbr --data world --latent-dim 2 --steps 20 --no-report --quiet --out a".split(" "), { cwd });
  await chmod(join(cwd, "a"), 0o555);
  if (process.getuid?.() === 0) return t.pass("root writes anywhere");
  for (const command of ["score", "graph"]) {
    const { code, stdout, stderr } = await run([command, "a"], { cwd });
    t.is(code, 0, stderr);
    t.true(stdout.length > 20);
    t.regex(stderr, /note: .* was not kept in a: .*permission/);
  }
  await chmod(join(cwd, "a"), 0o755);
});

test("resuming a run that has finished prints its result", async (t) => {
  const cwd = await folderOf();
  await run([...FIT, "--out", "my run"], { cwd });
  const { code, stdout, stderr } = await run(["fit", "--resume", "my run"], { cwd });
  t.is(code, 0);
  t.regex(stdout, /pca solved/);
  t.regex(stdout, /Next: disentangle transform 'my run'/);
  t.regex(stderr, /has finished/);
  const json = await run(["fit", "--resume", "my run", "--json"], { cwd });
  t.like(JSON.parse(json.stdout), { runDir: "my run", outcome: "converged" });
});

onUnix("a second fit is told who works there, and neither it nor a resumption takes anything from it", async (t) => {
  const cwd = await folderOf();
  const slow =
    "fit --method shared-head --data good.csv --inputs x* --target y --latent-dim 2 --steps 100000000 --out a".split(
      " ",
    );
  const { child, ended } = start(slow, { cwd });
  await new Promise<void>((resolve) =>
    child.stderr!.on("data", (text: Buffer) => String(text).includes("begins") && resolve()),
  );
  child.kill("SIGSTOP");
  for (const words of [slow.join(" "), "fit --resume a", `${slow.join(" ")} --force`]) {
    const { code, stdout } = await run([...words.split(" "), "--json"], { cwd });
    t.is(code, 1);
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
    t.is(error.code, "RUN_BUSY", error.message);
    t.true(error.message.includes(`process ${child.pid}`), error.message);
  }
  const listed = JSON.parse((await run(["runs", ".", "--json"], { cwd })).stdout) as { runs: object[] };
  t.like(listed.runs[0] as object, { dir: "a", state: "working", pid: child.pid });
  child.kill("SIGCONT");
  child.kill("SIGHUP");
  const { code, stderr } = await ended;
  t.is(code, 129, stderr);
  t.regex(stderr, /go on with\n {2}disentangle fit --resume a/);
  t.deepEqual(
    (await readdir(join(cwd, "a"))).filter((name) => name.startsWith(".")),
    [],
  );
  t.regex((await run(["runs", "."], { cwd })).stdout, /a +stopped +shared-head/);
});

onUnix("a reader that goes away changes no exit code, and an output that is full is one line", async (t) => {
  const cwd = await folderOf();
  const failed = await shell(
    cwd,
    "( $D fit --method pca --data nope.csv --json 2>/dev/null; echo $? > rc ) | true; cat rc",
  );
  t.is(failed.stdout.trim(), "1");
  const whole = await shell(cwd, "( $D schema; echo $? > rc ) | head -c 5; cat rc");
  t.is(whole.stdout, '{\n  "0\n');
  const full = await shell(cwd, "$D methods > /dev/full");
  t.is(full.code, 1);
  t.is(
    full.stderr,
    "error cannot write the output: no space is left [FILE_WRITE]\n  free some space, or write elsewhere\n",
  );
  const notes = await shell(
    cwd,
    `$D ${FIT.join(" ").replace("x*", "'x*'").replace(" --quiet", "")} --out b 2> /dev/full`,
  );
  t.is(notes.code, 0);
  t.true((await readdir(join(cwd, "b"))).includes("manifest.json"));
});

test("predictions come with the ids of their rows, and flags are checked before anything is read", async (t) => {
  const cwd = await folderOf();
  await run(
    "fit --method tbr --data good.csv --environment env --target y --tree tree.nwk --latent-dim 2 --steps 20 --no-report --quiet --out a".split(
      " ",
    ),
    { cwd },
  );
  const { code, stdout, stderr } = await run("predict a --data good.csv".split(" "), { cwd });
  t.is(code, 0, stderr);
  const lines = stdout.trim().split("\n");
  t.is(lines[0], "id,y");
  t.regex(lines[1] ?? "", /^0,-?[\d.e-]+$/);
  const json = JSON.parse((await run("predict a --data good.csv --json".split(" "), { cwd })).stdout) as {
    ids: string[];
    values: number[];
  };
  t.is(json.ids.length, lines.length - 1);
  t.is(Math.fround(Number(lines[1]!.split(",")[1])), Math.fround(json.values[0]!));
  t.is((await run("predict a --data good.csv --out p.txt".split(" "), { cwd })).code, 2);
  for (const words of ["graph a --depth x", "graph a --threads 0", "score a --seed 1.5", "fit --max-steps x"]) {
    const ended = await run([...words.split(" "), "--json"], { cwd });
    t.is(ended.code, 2, words);
    t.is((JSON.parse(ended.stdout) as { error: { code: string } }).error.code, "CONFIG_USAGE", words);
  }
});

test("a misspelt key is told by every command that takes a configuration", async (t) => {
  const cwd = await folderOf();
  await run([...FIT, "--out", "a"], { cwd });
  await writeFile(join(cwd, "read.yaml"), "method: pca\nmissingValue: NA\n");
  for (const words of [
    "transform a --data good.csv --set missingValue=NA",
    "transform a --data good.csv --config read.yaml",
    "score a --truth good.csv --set missingValue=NA",
    "score a --truth good.csv --config read.yaml",
  ]) {
    const { code, stdout } = await run([...words.split(" "), "--json"], { cwd });
    t.is(code, 2, words);
    const { error } = JSON.parse(stdout) as { error: { code: string; hint: string; path: string } };
    t.is(error.code, "CONFIG_UNKNOWN_KEY", words);
    t.regex(error.hint, /did you mean "missingValues"/);
    if (words.includes("read.yaml")) t.is(error.path, "read.yaml:2:1");
  }
  // A file for several commands may say more than one of them reads.
  await writeFile(join(cwd, "read.yaml"), "method: pca\nlatentDim: 2\nmissingValues: NA\n");
  t.is((await run("transform a --data good.csv --config read.yaml".split(" "), { cwd })).code, 0);
});

test("a configuration comes from standard input, with the flags in it", async (t) => {
  const cwd = await folderOf();
  const { child, ended } = start(["fit", "--config", "-"], { cwd });
  child.stdin!.end("method: pca\ndata: good.csv\ninputs: x*\nlatentDim: 2\nout: b\nreport: false\nquiet: true\n");
  const { code, stderr } = await ended;
  t.is(code, 0, stderr);
  t.false((await readdir(join(cwd, "b"))).includes("report.html"));
});

test("standard input is the configuration or the data, not both; a file names the simulator, too", async (t) => {
  const cwd = await folderOf();
  const piped = async (args: readonly string[], text: string) => {
    const { child, ended } = start(args, { cwd });
    child.stdin!.end(text);
    return ended;
  };
  const both = await piped(["fit", "--config", "-"], 'method: pca\ndata: "-"\nlatentDim: 2\nout: both\n');
  t.is(both.code, 2);
  t.regex(both.stderr, /standard input is the configuration, .*CONFIG_CONFLICT/);
  const world = await piped(
    ["simulate", "--config", "-"],
    "simulator: tree-world\ndepth: 2\npointsPerEnvironment: 5\nout: world\n",
  );
  t.is(world.code, 0, world.stderr);
  t.true((await readdir(join(cwd, "world"))).includes("dataset.json"));
  const none = await run(["simulate", "--out", "none"], { cwd });
  t.is(none.code, 2);
  t.regex(none.stderr, /missing required argument 'simulator' \[CONFIG_USAGE\]/);
});

onUnix("a pipe, a device and a file that is a mount point are written into and stay what they are", async (t) => {
  const cwd = await folderOf();
  const at = (name: string) => join(cwd, name);
  const made = (command: string, ...args: readonly string[]) => spawnSync(command, args, { encoding: "utf8" });
  t.is(made("mkfifo", at("pipe")).status, 0);
  const read = readFile(at("pipe"), "utf8");
  await writeFileAtomic(at("pipe"), "latents");
  t.is(await read, "latents");
  t.true((await stat(at("pipe"))).isFIFO());
  const before = await readdir(cwd);
  // Who is not root may make neither.
  if (made("mknod", at("device"), "c", "1", "3").status === 0) {
    await writeFileAtomic(at("device"), "latents");
    t.true((await stat(at("device"))).isCharacterDevice());
    await t.throwsAsync(
      replaceFolder(at("device"), async () => {}),
      { message: /a file lies where a folder should/ },
    );
    await rm(at("device"));
  }
  const program = `
    import { writeFileAtomic } from ${JSON.stringify(new URL("../../dist/files.js", import.meta.url).href)};
    await writeFileAtomic("mounted", "latents");`;
  const mounted = 'touch mounted own && mount --bind own mounted && exec node --input-type=module -e "$0"';
  const { status, stderr } = spawnSync("unshare", ["-m", "bash", "-c", mounted, program], { cwd, encoding: "utf8" });
  if (/^(unshare|mount):/m.test(stderr)) return t.log("no mounts may be made here");
  t.is(status, 0, stderr);
  t.is(await readFile(at("own"), "utf8"), "latents");
  t.deepEqual(await readdir(cwd), [...before, "mounted", "own"].sort());
});
