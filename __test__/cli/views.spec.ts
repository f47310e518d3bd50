import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testWithAddon as test } from "../addon.js";
import { run } from "./run.js";

const ROWS = 30;

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "disentangle-views-cli-"));
  const lines = (f: (i: number) => string): string => Array.from({ length: ROWS }, (_, i) => `${f(i)}\n`).join("");
  await writeFile(
    join(dir, "rna.csv"),
    `id,a,b,site\n${lines((i) => `${i},${(i * 7) % 11},${(i * i) % 13},s${i % 2}`)}`,
  );
  await writeFile(join(dir, "protein.csv"), `c,id\n${lines((i) => `${(i * 5) % 17},${ROWS - i}`)}`);
  return dir;
}

test("modalities are flags of inspect, fit and transform, and keys of a configuration file", async (t) => {
  const cwd = await folder();
  const parts = ["--modality", "rna=rna.csv", "--modality", "protein=protein.csv", "--join", "id"];
  const inspected = await run(["inspect", ...parts, "--json"], { cwd });
  t.is(inspected.code, 0, inspected.stderr);
  const found = JSON.parse(inspected.stdout) as {
    views: { name: string }[];
    joined: { rows: number };
    command: string;
  };
  t.deepEqual(
    found.views.map(({ name }) => name),
    ["rna", "protein"],
  );
  t.is(found.joined.rows, ROWS - 1);
  const text = await run(["inspect", ...parts], { cwd });
  t.regex(text.stdout, /2 views of the inputs\n {2}rna +2 columns +0 to 12/);
  t.regex(text.stdout, /joined by id: 29 rows in common; rows of rna 30 \(1 left out\), protein 30 \(1 left out\)/);

  const fitted = await run(["fit", "--method", "pca", "--latent-dim", "2", ...parts, "--out", "flags"], { cwd });
  t.is(fitted.code, 0, fitted.stderr);
  t.regex(fitted.stderr, /2 views: rna \(2 columns\), protein \(1 column\)[\s\S]*joined by id: 29 rows/);
  const yaml =
    "modalities:\n  rna: { data: rna.csv }\n  protein: { data: protein.csv }\njoin: id\nmethod: pca\nlatentDim: 2\n";
  await writeFile(join(cwd, "two.yaml"), yaml);
  const again = await run(["fit", "--config", "two.yaml", "--out", "yaml", "--json"], { cwd });
  t.is(again.code, 0, again.stderr);

  const moved = await run(["transform", "flags", ...parts], { cwd });
  const other = await run(["transform", "yaml", ...parts.slice(0, 4)], { cwd });
  t.is(moved.code, 0, moved.stderr);
  t.is(other.stdout, moved.stdout, "one fit, said in two ways; the column is that of the fit");
  const short = await run(["transform", "flags", "--data", "rna.csv"], { cwd });
  t.is(short.code, 1);
  t.regex(short.stderr, /fitted on 2 views[\s\S]*DATA_COLUMN_MISMATCH/);
});

test("a modality has a name and a file, or is a part of the data", async (t) => {
  const cwd = await folder();
  const parts = ["--modality", "gene.inputs=a,b", "--modality", "gene2.inputs=b"];
  const overlap = await run(["inspect", "rna.csv", ...parts], { cwd });
  t.is(overlap.code, 2);
  t.regex(overlap.stderr, /overlap: both take b[\s\S]*CONFIG_CONFLICT/);
  for (const word of ["=rna.csv", "rna=", "rna.colour=1", "a.b.inputs=x"]) {
    const wrong = await run(["inspect", "--modality", word], { cwd });
    t.is(wrong.code, 2, word);
    t.regex(wrong.stderr, /expected NAME=FILE, NAME\.inputs=COLUMNS, NAME\.matrix=MATRIX or NAME/);
  }
});

test("score and the report say what kernel ridge regression explains where the inputs are several views", async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), "disentangle-views-scored-"));
  const made = await run(["simulate", "modality-world", "--points", "400", "--out", "world"], { cwd });
  t.is(made.code, 0, made.stderr);
  const fitted = await run(["fit", "world", "--method", "pca", "--latent-dim", "4", "--out", "run"], { cwd });
  t.is(fitted.code, 0, fitted.stderr);
  t.regex(fitted.stdout, /R2 of kernel ridge, out of sample +0\.\d/);
  const scored = await run(["score", "run"], { cwd });
  t.is(scored.code, 0, scored.stderr);
  t.regex(scored.stdout, /R2 of kernel ridge, in sample +0\.\d+ *\n {2}out of sample +0\.\d/);
  const told = await run(["report", "run", "--out", "report.html"], { cwd });
  t.is(told.code, 0, told.stderr);
  const html = await readFile(join(cwd, "report.html"), "utf8");
  t.regex(html, /Kernel R\u00b2, out of sample/);
});
