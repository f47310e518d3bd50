import { mkdir, mkdtemp, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import { checkWritable, replaceFile, writeFileAtomic } from "../../src/files.js";
import { historyLines, parseHistory } from "../../src/history.js";
import { native } from "../../src/native.js";
import { canonicalJson, checkRunTarget, readRun, readRuns, runFolders, runIdOf, writeRun } from "../../src/results.js";
import { testWithAddon } from "../addon.js";
import { RUN } from "./run.js";

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), "disentangle-results-"));

const curve = fc.uniqueArray(fc.nat(), { maxLength: 5 }).chain((steps) =>
  fc.record({
    steps: fc.constant(steps),
    values: fc.array(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
      { minLength: steps.length, maxLength: steps.length },
    ),
  }),
);
const stage = fc
  .tuple(
    fc.string(),
    fc.uniqueArray(fc.constantFrom("fit", "changes", "total")),
    fc.uniqueArray(fc.nat(), { maxLength: 5 }),
    fc.option(curve),
    fc.subarray(["gradientNorms", "parameterNorms"]),
  )
  .chain(([name, terms, steps, validation, norms]) =>
    fc
      .tuple(
        ...[...terms, ...norms].map(() =>
          fc.array(
            fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
            { minLength: steps.length, maxLength: steps.length },
          ),
        ),
      )
      .map((values) => ({
        name,
        steps,
        terms: Object.fromEntries(terms.map((term, i) => [term, values[i] as number[]])),
        ...Object.fromEntries(norms.map((norm, i) => [norm, values[terms.length + i] as number[]])),
        ...(validation !== null && { validation }),
      })),
  );

testProp("loss curves survive the way to a file and back", [fc.array(stage, { maxLength: 4 })], (t, stages) => {
  t.deepEqual(parseHistory(historyLines({ stages })), JSON.parse(JSON.stringify({ stages })));
});

test("held constraints survive the way to a file and back", (t) => {
  const stages = [
    {
      name: "held",
      steps: [1, 5],
      terms: { total: [2, 1] },
      constraints: [
        { name: "acyclic", violations: [0.5, -0.1], multipliers: [0, 1] },
        { name: "unit norm", violations: [0.25, 0], multipliers: [0, 0.5] },
      ],
    },
  ];
  t.deepEqual(parseHistory(historyLines({ stages })), { stages });
});

test("the id of a run depends on configuration, data and version, not on the order of keys", (t) => {
  const id = runIdOf({ a: 1, b: { c: 2, d: 3 } }, "data", "1.0.0");
  t.is(runIdOf({ b: { d: 3, c: 2 }, a: 1 }, "data", "1.0.0"), id);
  const others = [
    runIdOf({ a: 2 }, "data", "1.0.0"),
    runIdOf({ a: 1 }, "other", "1.0.0"),
    runIdOf({ a: 1 }, "data", "1.0.1"),
  ];
  t.is(new Set([id, ...others]).size, 4);
  t.is(canonicalJson([{ b: 1, a: [2, { d: 1, c: 2 }] }]), '[{"a":[2,{"c":2,"d":1}],"b":1}]');
});

testWithAddon("a run folder is replaced as a whole, without traces", async (t) => {
  const parent = await folder();
  const dir = join(parent, "a");
  await writeRun(dir, RUN);
  await writeFile(join(dir, "report.html"), "old");
  await writeRun(dir, RUN);
  t.false((await readdir(dir)).includes("report.html"));
  t.deepEqual(await readdir(parent), ["a"]);
  const { config, manifest, history, summary } = RUN;
  t.deepEqual(await readRun(dir), { dir, config, manifest, history, summary });
});

test("a folder that holds anything else is never replaced", async (t) => {
  const dir = await folder();
  await writeFile(join(dir, "thesis.tex"), "years of work");
  await t.throwsAsync(async () => writeRun(dir, RUN), { code: "FILE_WRITE" });
  t.deepEqual(await readdir(dir), ["thesis.tex"]);
  await writeFile(join(dir, "manifest.json"), '{"name": "a web application"}');
  const { message = "" } = (await t.throwsAsync(async () => writeRun(dir, RUN), { code: "FILE_WRITE" })) ?? {};
  t.regex(message, /holds thesis\.tex, which is no part of a run/);
  await t.throwsAsync(async () => checkRunTarget(join(dir, "thesis.tex")), { code: "FILE_WRITE" });
  await t.notThrowsAsync(async () => checkRunTarget(join(dir, "new")));
});

test("runs are found up to three levels down, in order, and never inside of a run", async (t) => {
  const top = await folder();
  for (const path of ["alone", "seeds/1", "seeds/0", "a/b/c", "a/b/c/inner", "too/far/down/here"])
    await writeRun(join(top, path), RUN).catch(() => {});
  await mkdir(join(top, "seeds", "0", "kept"), { recursive: true });
  await symlink(top, join(top, "seeds", "back"));
  const found = (await runFolders(top)).map((path) => relative(top, path).replaceAll("\\", "/"));
  t.deepEqual(found, ["a/b/c", "alone", "seeds/0", "seeds/1"]);
  t.is((await readRuns(top)).length, 4);
});

test("what is no run folder, is damaged or is of a newer version says so", async (t) => {
  const dir = await folder();
  await t.throwsAsync(async () => readRun(dir), { code: "RUN_NOT_FOUND" });
  await t.throwsAsync(async () => readRuns(dir), { code: "RUN_NOT_FOUND" });
  await t.throwsAsync(async () => readRuns(join(dir, "absent")), { code: "RUN_NOT_FOUND" });
  await writeFile(join(dir, "manifest.json"), '{"format": 1,');
  await t.throwsAsync(async () => readRun(dir), { code: "ARTIFACT_CORRUPT" });
  await writeFile(join(dir, "manifest.json"), '{"name": "a web application"}');
  await t.throwsAsync(async () => readRun(dir), { code: "RUN_NOT_FOUND" });
  await writeFile(join(dir, "manifest.json"), '{"format": 2, "version": "9.0.0"}');
  await t.throwsAsync(async () => readRun(dir), { code: "ARTIFACT_VERSION" });
});

test("who finds out whether a new folder can be written to takes nothing from others who write there", async (t) => {
  const top = await folder();
  for (let round = 0; round < 20; round++) {
    const dir = join(top, String(round), "new");
    const writes = Array.from({ length: 8 }, (_, i) =>
      replaceFile(join(dir, `run-${i}`), async (partial) => {
        await new Promise((done) => setTimeout(done, i % 3));
        await writeFile(partial, "");
      }),
    );
    const checks = Array.from({ length: 8 }, (_, i) => checkWritable(join(dir, `other-${i}`)));
    await Promise.all([...writes, ...checks]);
    t.is((await readdir(dir)).length, 8);
  }
  await checkWritable(join(top, "a", "b"));
  t.false((await readdir(top)).includes("a"));
  await writeFile(join(top, "file"), "");
  await t.throwsAsync(checkWritable(join(top, "file", "a", "b")), { code: "FILE_WRITE" } as never);
});

test("a failed write takes the folders that were made for it, unless somebody else writes there by then", async (t) => {
  const top = await folder();
  const failed = (path: string, meanwhile: (partial: string) => Promise<void>) =>
    t.throwsAsync(
      replaceFile(path, async (partial) => {
        await meanwhile(partial);
        throw new Error("no more");
      }),
    );
  await failed(join(top, "a", "b", "run"), async () => {});
  t.deepEqual(await readdir(top), []);
  await failed(join(top, "a", "b", "run"), () => writeFile(join(top, "a", "other"), ""));
  t.deepEqual(await readdir(join(top, "a")), ["other"]);
});

test("a file is written whole or not at all", async (t) => {
  const dir = await folder();
  await writeFileAtomic(join(dir, "deep", "a.txt"), "text");
  t.is(await readFile(join(dir, "deep", "a.txt"), "utf8"), "text");
  await mkdir(join(dir, "taken"));
  await writeFile(join(dir, "taken", "inside"), "");
  await t.throwsAsync(async () => writeFileAtomic(join(dir, "taken"), "text"), { code: "FILE_WRITE" });
  t.deepEqual((await readdir(dir)).sort(), ["deep", "taken"]);
});

testWithAddon(
  "the core writes an array into the file that it is given, so that a kill leaves no other one",
  async (t) => {
    const out = join(await mkdtemp(join(tmpdir(), "disentangle-array-")), "latents.npy");
    await replaceFile(out, async (partial) => {
      await writeFile(partial, "of the one who was killed, and longer than what comes".repeat(9));
      const { ino } = await stat(partial);
      native().npyWrite(partial, { shape: [2, 1], data: Float32Array.of(1, 2) });
      t.is((await stat(partial)).ino, ino);
    });
    t.deepEqual([...native().npyRead(out).data], [1, 2]);
    const missing = join(out, "..", "no", "such.npy");
    t.throws(() => native().npyWrite(missing, { shape: [1], data: Float32Array.of(1) }), {
      code: "FILE_WRITE",
    } as never);
  },
);
