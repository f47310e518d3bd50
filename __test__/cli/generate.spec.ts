// Decoding, interventions and the export of graphs from the command line.
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { native } from "../../src/native.js";
import { testWithAddon as test } from "../addon.js";
import { run } from "./run.js";

const TABLE = "a,b,c\n1,2,0.5\n2,1,0.25\n4,5,-1\n3,3,2\n0,1,1\n5,2,3\n-1,0,0.5\n2,2,-2\n6,1,1\n1,-3,0\n";

/** A folder with a table and a run of `pca` on it that loses nothing. */
async function fitted(): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), "disentangle-generate-"));
  await writeFile(join(cwd, "table.csv"), TABLE);
  const { code, stderr } = await run(
    ["fit", "--method", "pca", "--latent-dim", "3", "--data", "table.csv", "--out", "a", "--no-report"],
    { cwd },
  );
  if (code !== 0) throw new Error(stderr);
  return cwd;
}

test("decoded latents are the table that was fitted, in its own units", async (t) => {
  const cwd = await fitted();
  await run(["transform", "a", "--data", "table.csv", "--out", "z.csv"], { cwd });
  const { code, stderr } = await run(["decode", "a", "--latents", "z.csv", "--out", "x.npy"], { cwd });
  t.is(code, 0, stderr);
  const { data, shape } = native().npyRead(join(cwd, "x.npy"));
  t.deepEqual(shape, [10, 3]);
  const rows = TABLE.trim().split("\n").slice(1);
  rows
    .flatMap((line) => line.split(",").map(Number))
    .forEach((value, i) => {
      // Single precision of numbers up to six.
      t.true(Math.abs(data[i]! - value) < 1e-4, `${data[i]} ${value}`);
    });
  const printed = await run(["decode", "a", "--latents", "a/latents.npy"], { cwd });
  t.regex(printed.stdout, /^a,b,c\n/);
  const { values } = JSON.parse((await run(["decode", "a", "--latents", "z.csv", "--json"], { cwd })).stdout);
  t.is(values.length, 10);
});

test("what cannot be decoded or set is refused with a code and a hint", async (t) => {
  const cwd = await fitted();
  await writeFile(join(cwd, "two.csv"), "z1,q\n1,2\n3,4\n");
  const wrong: [string[], string, RegExp][] = [
    [["decode", "a", "--latents", "two.csv"], "DATA_COLUMN_MISMATCH", /z2/],
    [["decode", "a", "--latents", "a/latents.npy", "--out", "x.h5ad"], "CONFIG_USAGE", /no copy/],
    [["decode", "a", "--latents", "nowhere.npy"], "DATA_NOT_FOUND", /nowhere/],
    [["intervene", "a", "--do", "z2"], "CONFIG_USAGE", /latent=value/],
    [["intervene", "a", "--do", "z2=1", "--do", "z2=2"], "CONFIG_USAGE", /once/],
    [["intervene", "a", "--do", "z22=1"], "CONFIG_UNKNOWN_KEY", /z22/],
    [["intervene", "a", "--do", "z2=high"], "CONFIG_WRONG_TYPE", /z2/],
    [["intervene", "a", "--do", "z2=NaN"], "CONFIG_WRONG_TYPE", /z2/],
    [["intervene", "a", "--do", "z2=1", "--count", "0"], "CONFIG_OUT_OF_RANGE", /count/],
    [["intervene", "a", "--do", "z2=1"], "MODEL_NO_MECHANISMS", /pca/],
    [["graph", "a", "--by", "method"], "CONFIG_CONFLICT", /pca/],
    [["graph", "a", "--out", "graph.png"], "CONFIG_USAGE", /format/],
  ];
  for (const [args, code, words] of wrong) {
    const { stdout, code: exit } = await run([...args, "--json"], { cwd });
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string; hint?: string } };
    t.is(error.code, code, args.join(" "));
    t.regex(`${error.message} ${error.hint}`, words);
    t.true(exit !== 0 && error.hint !== undefined, args.join(" "));
  }
});

test("the graph that PC finds goes to DOT and GraphML", async (t) => {
  const cwd = await fitted();
  const { code, stderr } = await run(["graph", "a", "--out", "causes.graphml"], { cwd });
  t.is(code, 0, stderr);
  t.regex(await readFile(join(cwd, "causes.graphml"), "utf8"), /<node id="n2"><data key="name">z3<\/data><\/node>/);
  const { stdout } = await run(["graph", "a", "--format", "dot"], { cwd });
  t.regex(stdout, /^digraph causes \{\n {2}"z1";\n/);
});
