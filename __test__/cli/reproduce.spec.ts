import { mkdtemp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testWithAddon as test } from "../addon.js";
import { run, start } from "./run.js";

interface Row {
  readonly fit: string;
  readonly measure: string;
  readonly mean: number | null;
  readonly verdict?: string;
}
interface Table {
  readonly verdict: string;
  readonly part?: string;
  readonly rows: readonly Row[];
  readonly trials: { readonly total: number; readonly kept: number; readonly failed: readonly unknown[] };
}

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), "disentangle-reproduce-"));
const TINY = ["reproduce", "tbr/ate", "--scale", "tiny", "--out", "rep"];

async function trialsIn(cwd: string): Promise<string[]> {
  const names = await readdir(join(cwd, "rep", "trials"), { recursive: true });
  return names.filter((name) => /^[\w-]+\/trial\.json$/.test(name)).sort();
}

test("a tiny preset goes from its name to a table, and again without a fit", async (t) => {
  const cwd = await folder();
  const first = await run([...TINY, "--seeds", "0", "--json"], { cwd });
  t.is(first.code, 0, first.stderr);
  const table = JSON.parse(first.stdout) as Table;
  // One of its two seeds: its rows lie in their bands, and it is not the whole table. As it was asked for, it is no error.
  t.like(table, { verdict: "incomplete", part: "seeds 0 of 0, 1", trials: { total: 2, kept: 0, failed: [] } });
  t.deepEqual(
    table.rows.map(({ fit, measure, verdict }) => [fit, measure, verdict]),
    [
      ["tbr", "ate", "in band"],
      ["shared-head", "ate", undefined],
      ["tbr", "ate", "in band"],
    ],
  );
  t.deepEqual(JSON.parse(await readFile(join(cwd, "rep", "tbr-ate.tiny.part.json"), "utf8")), table);
  t.regex(
    await readFile(join(cwd, "rep", "tbr-ate.tiny.part.md"), "utf8"),
    /\| S = 1 \| tbr \| error of the effects \|/,
  );

  const trials = await trialsIn(cwd);
  t.is(trials.length, 2);
  const times = (): Promise<number[]> =>
    Promise.all(trials.map(async (name) => (await stat(join(cwd, "rep", "trials", name))).mtimeMs));
  const before = await times();
  const second = await run([...TINY, "--seeds", "0", "--json"], { cwd });
  t.is(second.code, 0);
  t.is(second.stderr, "2 of 2 trials are done already\n");
  t.like(JSON.parse(second.stdout), { rows: table.rows, trials: { kept: 2 } });
  t.deepEqual(await times(), before);
});

test("a row outside its band is shown as such, and the exit code is 3", async (t) => {
  const cwd = await folder();
  t.is((await run([...TINY, "--seeds", "0"], { cwd })).code, 0);
  for (const name of await trialsIn(cwd)) {
    const file = join(cwd, "rep", "trials", name);
    const trial = JSON.parse(await readFile(file, "utf8")) as { config: { method: string }; scores: { ate: object } };
    if (trial.config.method !== "tbr") continue;
    await writeFile(file, JSON.stringify({ ...trial, scores: { ...trial.scores, ate: { value: 0.07 } } }));
  }
  const { code, stdout } = await run([...TINY, "--seeds", "0"], { cwd });
  t.is(code, 3);
  t.regex(stdout, /S = 1 +tbr +error of the effects +0\.07 +1 +<= 0\.05 +outside/);
  t.regex(stdout, /S = 1 +0, 1 +0\n/);
  t.regex(
    stdout,
    /Verdict: incomplete \(seeds 0 of 0, 1\); of what was run a row lies outside its band\nCode: disentangle \d/,
  );
});

test("after Ctrl-C the trials that were done are kept, and the command that is printed goes on from there", async (t) => {
  const cwd = await folder();
  const { child, ended } = start([...TINY, "--json"], { cwd });
  child.stderr!.on("data", (text: string) => {
    if (/1 of 4 {2}/.test(text)) child.kill("SIGINT");
  });
  const { code, stdout, stderr } = await ended;
  t.is(code, 130, stderr);
  const { done, total, replay } = JSON.parse(stdout) as { done: number; total: number; replay: string };
  t.is(total, 4);
  t.true(done >= 1 && done < 4, stdout);
  t.true(stderr.includes(`${done} of 4 trials are kept in rep; go on with\n  ${replay}\n`), stderr);
  const kept = await trialsIn(cwd);
  t.is(kept.length, done);
  const bytes = await Promise.all(kept.map((name) => readFile(join(cwd, "rep", "trials", name))));

  const again = await run([...replay.split(" ").slice(1), "--json"], { cwd });
  t.is(again.code, 0, again.stderr);
  t.like(JSON.parse(again.stdout), { trials: { total: 4, kept: done } });
  t.deepEqual(await Promise.all(kept.map((name) => readFile(join(cwd, "rep", "trials", name)))), bytes);
});

test("after a kill the trials that were done are not run again", async (t) => {
  const cwd = await folder();
  const { child, ended } = start(TINY, { cwd });
  child.stderr!.on("data", (text: string) => {
    if (/2 of 4 {2}/.test(text)) child.kill("SIGKILL");
  });
  t.is((await ended).code, null);
  t.true((await trialsIn(cwd)).length >= 2);
  const { code, stderr } = await run(TINY, { cwd });
  t.is(code, 0, stderr);
  t.regex(stderr, /^[23] of 4 trials are done already\n/);
});

test("shards of all presets are brought together on one page, and what is lacking is named before that", async (t) => {
  t.timeout(600_000);
  const cwd = await folder();
  // One kind of experiment stands for the rest: two presets have it.
  const words = ["reproduce", "all", "--scale", "tiny", "--only", "S = 1", "--seeds", "0"];
  const first = await run([...words, "--shard", "0/2", "--out", "part-0", "--json"], { cwd });
  t.is(first.code, 0, first.stderr);
  t.regex(first.stderr, /\d presets, about [\d.]+ s of fitting[\s\S]*left out[\s\S]*pdgmm/);
  const { done, total } = JSON.parse(first.stdout) as { done: number; total: number };
  t.true(done === total && total >= 2);
  const lacking = await run([...words, "--merge", "part-0"], { cwd });
  t.is(lacking.code, 1);
  t.regex(lacking.stderr, /\d+ of \d+ trials are not there yet/);
  t.is((await run([...words, "--shard", "1/2", "--out", "part-1"], { cwd })).code, 0);
  const merged = await run([...words, "--merge", "part-0", "part-1", "--json"], { cwd });
  t.true([0, 3].includes(merged.code!), merged.stderr);
  const whole = await run([...words, "--out", "whole", "--jobs", "2", "--json"], { cwd });
  const rows = (text: string): unknown =>
    (JSON.parse(text) as { presets: readonly Table[] }).presets.map(({ rows }) =>
      rows.filter(({ measure }) => !measure.includes("seconds")),
    );
  t.deepEqual(rows(merged.stdout), rows(whole.stdout));
  const page = await readFile(join(cwd, "reproduce", "all.tiny.md"), "utf8");
  t.regex(page, /# All presets, tiny scale\n\n\d presets: /);
  t.regex(page, /\| tbr\/ate \|/);
  t.regex(page, /## tbr\/s-sweep/);
});

test("without a preset the presets are listed, with what they cost", async (t) => {
  const { code, stdout } = await run(["reproduce"]);
  t.is(code, 0);
  t.regex(stdout, /^tbr\/s-sweep +Figure 4a +\d+ fits, \d+ s +\d+ fits, \d+ min/m);
  const { presets } = JSON.parse((await run(["reproduce", "--list", "--json"])).stdout) as { presets: object[] };
  t.like(presets[0], { name: "tbr/s-sweep", scales: { tiny: { trials: 13 } } });
});

test("what cannot be run is told before anything is", async (t) => {
  const cwd = await folder();
  const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [["tbr/s-swep"], /no preset is called "tbr\/s-swep"[\s\S]+did you mean "tbr\/s-sweep"/],
    [
      ["tbr/ate", "--seeds", "0", "x"],
      /option '--seeds <seed\.\.\.>' argument 'x' is invalid\. expected a whole number from 0/,
    ],
    [["tbr/ate", "--seeds", "1", "1"], /a seed stands there twice/],
    [["tbr/ate", "--jobs", "0"], /option '--jobs <count>' argument '0' is invalid\. expected a whole number from 1/],
    [["tbr/ate", "--scale", "huge"], /--scale/],
    [["tbr/ate", "--data", "cells.csv"], /the preset simulates its data/],
    [["mtlcm/linear", "--only", "D = 4"], /no experiment of mtlcm\/linear has "D = 4" in its name[\s\S]+D = 3, k = 2/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await run(["reproduce", ...args], { cwd });
    t.is(code, 2, args.join(" "));
    t.regex(stderr, message);
  }
  t.deepEqual(await readdir(cwd), []);
});

test("seeds in a variable are checked one by one, as on the command line", async (t) => {
  const cwd = await folder();
  const { code, stderr } = await run(["reproduce", "tbr/ate"], { cwd, env: { DISENTANGLE_SEEDS: "0 x" } });
  t.is(code, 2);
  t.regex(stderr, /seeds: got "0 x", expected a whole number from 0/);
  t.deepEqual(await readdir(cwd), []);
});
