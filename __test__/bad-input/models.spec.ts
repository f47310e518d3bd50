// Models that are damaged, closed or of another version, and rows that do not fit them.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { DisentangleError, type Failure, isDisentangleError } from "../../src/errors.js";
import { fit, load, type Model } from "../../src/index.js";
import { testWithAddon as test } from "../addon.js";
import { checkTold, contentOf, exitOf, folderOf, runBatch, type Told } from "./fault.js";
import { cells, GOOD, text } from "./table.js";

const good = cells();
/** The good table with its columns in another order, or fewer of them. */
const chosen = (names: readonly string[]): string => {
  const places = names.map((name) => good[0]!.indexOf(name));
  return text(good.map((row) => places.map((j) => row[j]!)));
};

async function trained(): Promise<{ dir: string; run: string; model: Model }> {
  const dir = await folderOf();
  const model = await fit({ ...GOOD, data: join(dir, GOOD.data), tree: join(dir, GOOD.tree) }).result;
  const run = join(dir, "run");
  await model.save(run);
  return { dir, run, model };
}

let ready: ReturnType<typeof trained> | undefined;
const once = (): ReturnType<typeof trained> => {
  ready ??= trained();
  return ready;
};

/** The failure that work ends with. */
async function told(t: ExecutionContext, work: () => Promise<unknown>, expected: Told): Promise<void> {
  const error = await t.throwsAsync(work);
  if (!isDisentangleError(error)) return t.fail(String(error?.stack));
  checkTold(t, error.toJSON(), expected);
}

/** Rows that a model cannot transform: through the API, and through the command line. */
const rows: readonly (Told & { name: string; file: string; content: string | Uint8Array })[] = [
  {
    name: "a column is missing",
    file: "new.csv",
    content: chosen(["x0", "x1", "x3"]),
    code: "DATA_COLUMN_MISMATCH",
    path: /inputs|new\.csv/,
    says: ['"x2"'],
    hint: "order does not matter",
  },
  {
    name: "a column holds text",
    file: "new.csv",
    content: text(good.map((row, i) => row.map((cell, j) => (i === 8 && j === 2 ? "high" : cell)))),
    code: "DATA_NOT_NUMERIC",
    path: "new.csv",
    says: ['"x2"', "row 8", '"high"'],
    hint: "missingValues",
  },
  {
    name: "a value is missing",
    file: "new.csv",
    content: text(good.map((row, i) => row.map((cell, j) => (i === 8 && j === 2 ? "" : cell)))),
    code: "DATA_NOT_FINITE",
    path: "new.csv",
    says: ['"x2"', "row 8", "missing"],
    hint: "mean",
  },
  {
    name: "a matrix without names has another width",
    file: "new.npy",
    content: npy(10, 3),
    code: "DATA_COLUMN_MISMATCH",
    path: "new.npy",
    says: ["3 columns", "4"],
    hint: "names",
  },
  {
    name: "there are no rows",
    file: "new.csv",
    content: "x0,x1,x2,x3\n",
    code: "DATA_EMPTY",
    path: "new.csv",
    says: ["no rows"],
    hint: "row",
  },
];

for (const { name, file, content, ...expected } of rows) {
  test(`API: rows to transform of which ${name}`, async (t) => {
    const { model } = await once();
    const dir = await folderOf({ [file]: content });
    await told(t, () => model.transform(join(dir, file)), expected);
  });
}

test("CLI: rows that do not fit leave no latents behind", async (t) => {
  const { run } = await once();
  const dirs = await Promise.all(rows.map(({ file, content }) => folderOf({ [file]: content })));
  const before = await Promise.all(dirs.map(contentOf));
  const args = (file: string): string[] => ["transform", run, "--data", file, "--out", "latents.npy", "--json"];
  const ended = await runBatch(rows.map(({ file }, i) => ({ cwd: dirs[i]!, args: args(file) })));
  for (const [i, { code, stdout, stderr }] of ended.entries()) {
    t.is(code, exitOf(rows[i]!.code), stderr);
    checkTold(t, (JSON.parse(stdout) as { error: Failure }).error, rows[i]!);
    t.deepEqual(await contentOf(dirs[i]!), before[i]!);
  }
});

test("columns in another order, and columns that nobody needs, are no mistake", async (t) => {
  const { model } = await once();
  const dir = await folderOf({ "new.csv": chosen(["y", "x3", "x1", "env", "x0", "x2"]) });
  const { data } = await model.transform(join(dir, "new.csv"));
  t.deepEqual(data, model.latents.data);
});

test("an environment that the tree does not know is refused at prediction, and can be attached to a node", async (t) => {
  const { model } = await once();
  const x = { x0: [1, 2], x1: [0, 1], x2: [1, 1], x3: [0, 0] };
  await told(t, () => model.predict(x, { environments: ["a", "bb"] }), {
    code: "DATA_UNKNOWN_ENVIRONMENT",
    path: "",
    says: ['"bb"'],
    hint: "attach",
  });
  await told(t, () => model.predict(x, { environments: ["a", "q"], attach: { q: "nowhere" } }), {
    code: "DATA_UNKNOWN_ENVIRONMENT",
    path: "",
    says: ['"nowhere"'],
    hint: "attach",
  });
  await told(t, () => model.predict(x), {
    code: "DATA_NEEDS_ENVIRONMENTS",
    path: "",
    says: ["environment"],
    hint: "environments",
  });
  await told(t, () => model.predict(x, { environments: ["a"] }), {
    code: "DATA_SHAPE",
    path: "",
    says: ["1", "2"],
    hint: "per row",
  });
  const [known, attached] = await Promise.all([
    model.predict(x, { environments: ["a", "c"] }),
    model.predict(x, { environments: ["a", "q"], attach: { q: "c" } }),
  ]);
  t.deepEqual(attached, known);
});

test("a model that was closed says so whatever is asked of it, and can be closed twice", async (t) => {
  const { run } = await once();
  const model = await load(run);
  await model.close();
  await model.close();
  const expected: Told = { code: "MODEL_CLOSED", path: "", says: ["closed"], hint: "load it again" };
  const x = [[1, 2, 3, 4]];
  for (const use of [
    () => model.transform(x),
    () => model.predict(x, { environments: ["a"] }),
    () => model.score(),
    () => model.save(join(run, "..", "again")),
    async () => model.record(),
  ]) {
    await told(t, use, expected);
  }
  t.false((await contentOf(join(run, ".."))).includes("again"));
});

const damages: readonly (Told & { name: string; file: string; damage: (bytes: Buffer) => Uint8Array | string })[] = [
  {
    name: "a model that is truncated",
    file: "model/model.bin",
    damage: (bytes) => bytes.subarray(0, bytes.length - 7),
    code: "ARTIFACT_CORRUPT",
    path: "model.bin",
    says: [/truncated|damaged/],
    hint: "again",
  },
  {
    name: "a model with a bit turned",
    file: "model/model.bin",
    damage: (bytes) => {
      const copy = Buffer.from(bytes);
      const last = copy.length - 40;
      copy[last] = copy[last]! ^ 1;
      return copy;
    },
    code: "ARTIFACT_CORRUPT",
    path: "model.bin",
    says: [/damaged|checksum|differ/],
    hint: "again",
  },
  {
    name: "a model that is something else",
    file: "model/model.bin",
    damage: () => "hello",
    code: "ARTIFACT_CORRUPT",
    path: "model.bin",
    says: [/model/],
    hint: "again",
  },
  {
    name: "a run folder of a newer version",
    file: "manifest.json",
    damage: (bytes) => bytes.toString().replace(/"format": \d+/, '"format": 99'),
    code: "ARTIFACT_VERSION",
    path: "run",
    says: ["99"],
    hint: "newer",
  },
  {
    name: "a manifest that is cut",
    file: "manifest.json",
    damage: (bytes) => bytes.subarray(0, 60),
    code: "ARTIFACT_CORRUPT",
    path: "manifest.json",
    says: ["damaged"],
    hint: "again",
  },
  {
    name: "a curve that is cut",
    file: "metrics.jsonl",
    damage: (bytes) => bytes.subarray(0, bytes.length - 9),
    code: "ARTIFACT_CORRUPT",
    path: "metrics.jsonl",
    says: ["damaged"],
    hint: "again",
  },
  {
    name: "latents that are cut",
    file: "latents.npy",
    damage: (bytes) => bytes.subarray(0, bytes.length - 9),
    code: "DATA_CORRUPT",
    path: "latents.npy",
    says: ["truncated"],
    hint: "again",
  },
];

for (const { name, file, damage, ...expected } of damages) {
  test(`${name} is refused where it is loaded`, async (t) => {
    const { model } = await once();
    const dir = await folderOf();
    const run = join(dir, "run");
    await model.save(run);
    await writeFile(join(run, file), damage(await readFile(join(run, file))));
    await told(t, () => load(run), expected);
    const [ended] = await runBatch([{ cwd: dir, args: ["transform", "run", "--data", "good.csv", "--json"] }]);
    t.is(ended?.code, 1, ended?.stderr);
    checkTold(t, (JSON.parse(ended!.stdout) as { error: Failure }).error, expected);
  });
}

test("a model of a newer format is refused with the versions it was met by", async (t) => {
  const { model } = await once();
  const dir = await folderOf();
  const run = join(dir, "run");
  await model.save(run);
  const path = join(run, "model", "model.bin");
  const bytes = await readFile(path);
  // The container begins with eight bytes of its name, then its format as four little-endian ones.
  bytes.writeUInt32LE(99, 8);
  await writeFile(path, bytes);
  await told(t, () => load(run), { code: "ARTIFACT_VERSION", path: "model.bin", says: ["99"], hint: "update" });
});

test("what is no run is told apart from what did not finish", async (t) => {
  const dir = await folderOf({ empty: null, "other/notes.txt": "" });
  const expected: Told = { code: "RUN_NOT_FOUND", path: "", says: [], hint: "disentangle fit --out" };
  for (const name of ["nowhere", "empty", "other", "good.csv"]) {
    await told(t, () => load(join(dir, name)), { ...expected, path: name });
    const commands = [
      ["score", name],
      ["report", name],
      ["transform", name, "--data", "good.csv"],
    ];
    const before = await contentOf(dir);
    for (const ended of await runBatch(commands.map((args) => ({ cwd: dir, args: [...args, "--json"] })))) {
      t.is(ended.code, 1, ended.stderr);
      checkTold(t, (JSON.parse(ended.stdout) as { error: Failure }).error, { ...expected, path: name });
    }
    t.deepEqual(await contentOf(dir), before);
  }
});

test("a run is not scored without a truth, nor against one of other rows", async (t) => {
  const { model, dir } = await once();
  await told(t, () => model.score(), {
    code: "METRIC_NEEDS_TRUTH",
    path: "",
    says: ["no true latents"],
    hint: "truth",
  });
  await told(t, () => model.score({ z: [[1], [2]] }), {
    code: "METRIC_SHAPE",
    path: "",
    says: ["2 rows", "60"],
    hint: "one row per row",
  });
  const [ended] = await runBatch([{ cwd: dir, args: ["score", "run", "--json"] }]);
  t.is((JSON.parse(ended!.stdout) as { error: Failure }).error.code, "METRIC_NEEDS_TRUTH");
  t.true(isDisentangleError(new DisentangleError({ code: "METRIC_SHAPE", message: "shape" })));
});

test("a score with a seed that is none says so", async (t) => {
  const { model, dir } = await once();
  const expected: Told = {
    code: "CONFIG_WRONG_TYPE",
    path: "seed",
    says: ["seed", "integer >= 0"],
    hint: "default is 0",
  };
  const z = Array.from(cells().slice(1), (row) => [Number(row[0]), Number(row[1])]);
  for (const seed of [-1, 0.5, Number.NaN, 2 ** 60]) await told(t, () => model.score({ z }, { seed }), expected);
  const [ended] = await runBatch([
    { cwd: dir, args: ["score", "run", "--truth", "good.csv", "--seed", "abc", "--json"] },
  ]);
  t.is(ended?.code, 2);
  const flag: Told = { code: "CONFIG_USAGE", path: "--seed", says: ["--seed", "whole number"], hint: "help score" };
  checkTold(t, (JSON.parse(ended!.stdout) as { error: Failure }).error, flag);
});

test("latents go to a format that the name of the file says, or nowhere", async (t) => {
  const { dir } = await once();
  const before = await contentOf(dir);
  const jobs = ["latents.txt", "", "run", "good.csv/latents.npy"].map((out) => ({
    cwd: dir,
    args: ["transform", "run", "--data", "good.csv", "--out", out, "--json"],
  }));
  const codes = (await runBatch(jobs)).map(({ stdout }) => (JSON.parse(stdout) as { error: Failure }).error.code);
  t.deepEqual(codes, ["CONFIG_USAGE", "CONFIG_USAGE", "CONFIG_USAGE", "FILE_WRITE"]);
  t.deepEqual(await contentOf(dir), before);
});

function npy(rows: number, columns: number): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`.padEnd(117);
  const start = Buffer.from(`\x93NUMPY\x01\x00\x76\x00${header}\n`, "latin1");
  return Buffer.concat([start, Buffer.alloc(rows * columns * 4)]);
}
