// Every place where the addon begins to run code of ours is guarded: the places are read from its source, and a panic is
// forced in each.
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import plainTest, { type ExecutionContext } from "ava";
import { type Failure, isDisentangleError } from "../../src/errors.js";
import { isFailure, type NativeDataset, type NativeRun, native } from "../../src/native.js";
import { addonPath as path, testWithAddon as test } from "../addon.js";

const source = fileURLToPath(new URL("../../crates/node/src", import.meta.url));
const text = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".rs"))
  .sort()
  .map((name) => readFileSync(`${source}/${name}`, "utf8"))
  .join("\n");

/**
 * Exported functions by the name that JavaScript knows, but for the hook of this test, and for what sets one value around every job:
 * nothing in it can panic, and its guard would be counted between those that are forced here.
 */
const exported = [
  ...text.matchAll(/#\[napi(?:\(([^)\n]*)\))?\]\s*(?:#\[[^\]]*\]\s*)*pub fn (\w+)/g),
  // Those that `on_threads!` makes.
  ...text.matchAll(/^ {4}()(\w+_later)\(/gm),
]
  .filter(([, options = ""]) => !options.includes("module_exports"))
  .map(([, options = "", name = ""]) => /js_name = "(\w+)"/.exec(options)?.[1] ?? camelCase(name))
  .filter((name) => name !== "panicAfter" && name !== "allowMemory");

/** What else is called from outside: by Node, or by the system as a thread. */
const called = [...text.matchAll(/\.(add_env_cleanup_hook|spawn)\(|#\[napi\((module_exports)/g)].map(
  ([, method, attribute]) => method ?? attribute,
);

function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

const addon = () => native() as unknown as Record<string, (...args: unknown[]) => unknown>;
/** Lets so many guarded bodies begin; the next one panics. */
const panicAfter = (passes: number): void => void addon().panicAfter!(passes);

const matrix = { data: Float32Array.of(1, 2), rows: 2, cols: 1 };
const dataset: NativeDataset = {
  name: "two rows",
  inputs: matrix,
  inputNames: ["x"],
  rowIds: [],
  labels: {},
  truth: {},
  provenance: "{}",
};
const nothing = (): void => {};
const bytes = Uint8Array.of(1);
const table = { columns: ["z"], values: matrix };

/** Arguments of the right types; a body that panics at once never reads them. */
const calls: Readonly<Record<string, readonly unknown[]>> = {
  catalogue: [],
  schema: [],
  doctor: [],
  checkConfig: ["{}"],
  checkFitOptions: ["{}"],
  simulate: ["{}"],
  phenotype: [dataset, "{}"],
  mixed: [matrix, 0],
  uniforms: [0, "numbers", 2],
  smooth: [matrix, "{}"],
  readDatasetFolder: ["folder", false],
  writeDatasetFolder: ["folder", dataset],
  csvColumns: ["file", "{}"],
  csvKinds: ["file", "{}"],
  csvRead: ["file", "{}"],
  csvReadExact: ["file", "{}"],
  csvSurvey: ["file", "{}"],
  columnFacts: [matrix],
  suspects: [matrix],
  collapse: [Float64Array.of(1)],
  free: [new ArrayBuffer(8)],
  idxRead: ["file"],
  imagesRead: ["folder"],
  npyRead: ["file"],
  npzMembers: ["file"],
  npzRead: ["file", "member"],
  npyAbout: ["file"],
  npyText: ["file", Uint32Array.of(0)],
  npzText: ["file", "member", Uint32Array.of(0)],
  npyExact: ["file", Uint32Array.of(0)],
  npzExact: ["file", "member", Uint32Array.of(0)],
  scipyAbout: ["file"],
  scipyRead: ["file", Uint32Array.of(0)],
  scipyExact: ["file", Uint32Array.of(0)],
  mtxAbout: ["file"],
  mtxRead: ["file", false, Uint32Array.of(0)],
  mtxExact: ["file", false, Uint32Array.of(0)],
  zipMembers: ["file"],
  unzip: ["file", "member", "target"],
  unzstd: ["file", "target"],
  csvLines: [matrix, ["x"]],
  npyWrite: ["file", { shape: [1], data: Float32Array.of(1) }],
  parseTree: ["a;", "newick"],
  dendrogram: [dataset, "{}"],
  describe: [dataset],
  fit: ["{}", dataset, "{}", nothing, nothing],
  claimMemory: [1, "rows"],
  cancel: [0],
  closeModel: [0],
  modelBytes: [0],
  held: [],
  transform: [0, { inputs: matrix, inputNames: ["x"] }],
  predict: [0, matrix, ["x"], undefined, "{}"],
  decode: [0, matrix, ["z"]],
  intervene: [0, "{}"],
  modelInfo: [bytes],
  modelTensors: [bytes],
  graph: [matrix, "{}"],
  score: ["{}", { latents: table, truth: {} }],
  lockFolder: ["folder", "who"],
  holdsFolder: [0],
  unlockFolder: [0],
  readDatasetFolderLater: [nothing, "folder", false],
  writeDatasetFolderLater: [nothing, "folder", dataset],
  csvColumnsLater: [nothing, "file", "{}"],
  csvKindsLater: [nothing, "file", "{}"],
  csvReadLater: [nothing, "file", "{}"],
  csvReadExactLater: [nothing, "file", "{}"],
  csvSurveyLater: [nothing, "file", "{}"],
  columnFactsLater: [nothing, matrix],
  suspectsLater: [nothing, matrix],
  npyReadLater: [nothing, "file"],
  npzReadLater: [nothing, "file", "member"],
  npyTextLater: [nothing, "file", Uint32Array.of(0)],
  npzTextLater: [nothing, "file", "member", Uint32Array.of(0)],
  npyExactLater: [nothing, "file", Uint32Array.of(0)],
  npzExactLater: [nothing, "file", "member", Uint32Array.of(0)],
  idxReadLater: [nothing, "file"],
  imagesReadLater: [nothing, "folder"],
  scipyReadLater: [nothing, "file", Uint32Array.of(0)],
  scipyExactLater: [nothing, "file", Uint32Array.of(0)],
  mtxReadLater: [nothing, "file", false, Uint32Array.of(0)],
  mtxExactLater: [nothing, "file", false, Uint32Array.of(0)],
  unzipLater: [nothing, "file", "member", "target"],
  unzstdLater: [nothing, "file", "target"],
  simulateLater: [nothing, "{}"],
  smoothLater: [nothing, matrix, "{}"],
  phenotypeLater: [nothing, dataset, "{}"],
  dendrogramLater: [nothing, dataset, "{}"],
  describeLater: [nothing, dataset],
  modelInfoLater: [nothing, bytes],
  modelTensorsLater: [nothing, bytes],
  openModelLater: [nothing, bytes],
  modelBytesLater: [nothing, 0],
  transformLater: [nothing, 0, { inputs: matrix, inputNames: ["x"] }],
  predictLater: [nothing, 0, matrix, ["x"], undefined, "{}"],
  decodeLater: [nothing, 0, matrix, ["z"]],
  interveneLater: [nothing, 0, "{}"],
  graphLater: [nothing, matrix, "{}"],
  scoreLater: [nothing, "{}", { latents: table, truth: {} }],
};

/** Guarded bodies in the life of a fit before the one that panics: the export, then the thread. */
const [THREAD, NEVER] = [1, 4_294_967_295];

/** The forced panic as a failure like any other. */
function checkPanic(t: ExecutionContext, { code, message, hint }: Failure): void {
  t.is(code, "INTERNAL_PANIC");
  t.regex(message, /on purpose/);
  t.regex(hint ?? "", /report/);
}

plainTest("the source holds the places that are forced here, and no others", (t) => {
  t.deepEqual([...exported].sort(), Object.keys(calls).sort());
  t.deepEqual([...called].sort(), ["add_env_cleanup_hook", "module_exports", "spawn"]);
});

for (const name of exported) {
  test.serial(`a panic in ${name} is a failure`, (t) => {
    panicAfter(0);
    const error = t.throws(() => addon()[name]!(...(calls[name] ?? [])));
    if (!isDisentangleError(error)) return t.fail(String(error?.stack));
    checkPanic(t, error.toJSON());
    t.true(native().schema().length > 0);
  });
}

/** A fit during which a guarded body panics. */
function disturbed(passes: number): Promise<NativeRun | { failure: Failure }> {
  const world = { simulator: "tree-world", depth: 2, pointsPerEnvironment: 50, inputs: 4, latents: 2 };
  const data = native().simulate(JSON.stringify(world));
  const config = JSON.stringify({ method: "tbr", latentDim: 2, steps: 5 });
  panicAfter(passes);
  return new Promise((resolve) => void native().fit(config, data, "{}", nothing, resolve));
}

test.serial("a panic in the thread of a fit is the failure of the fit", async (t) => {
  const end = await disturbed(THREAD);
  if (!isFailure(end)) return t.fail("the fit ended well");
  checkPanic(t, end.failure);
  t.false(isFailure(await disturbed(NEVER)));
});

/** A worker that loads the addon and does something with it. */
function worker(work: string): Worker {
  return new Worker(`const addon = require(require("node:worker_threads").workerData); ${work}`, {
    eval: true,
    execArgv: [],
    workerData: path,
  });
}

test.serial("a panic while a worker loads the addon is an error there, and the process goes on", async (t) => {
  native();
  panicAfter(0);
  const [error] = (await once(worker(""), "error")) as [Error];
  t.regex(error.message, /on purpose/);
  t.true(native().schema().length > 0);
});

test.serial("a panic while a worker's fits are stopped ends neither the worker nor the process", async (t) => {
  const [code] = (await once(worker("addon.panicAfter(0);"), "exit")) as [number];
  t.is(code, 0);
  // Had nothing panicked in the worker, this would.
  t.true(native().schema().length > 0);
});
