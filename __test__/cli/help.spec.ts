// What the help shows, and what is said to those who type what does not exist.
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { catalogue } from "../../src/catalogue.js";
import { folded } from "../../src/cli/help.js";
import { buildProgram, COMMANDS } from "../../src/cli/program.js";
import { run } from "./run.js";

/** The help of a command for these words, as it is printed. */
async function helpOf(args: readonly string[]): Promise<string> {
  const program = await buildProgram(args, { exitCode: 0 });
  let text = "";
  const command = program.commands.find((one) => one.name() === args[0])!;
  command.configureOutput({
    writeOut: (piece) => {
      text += piece;
    },
  });
  await program.parseAsync([...args, "--help"], { from: "user" }).catch(() => {});
  return folded(text);
}

const widest = (text: string): number => Math.max(...text.split("\n").map((line) => line.length));

test("the help of every command fits into 80 columns", async (t) => {
  for (const { name } of COMMANDS) {
    const text = await helpOf([name]);
    t.true(text.startsWith("Usage: disentangle"), name);
    t.true(widest(text) <= 80, name);
  }
});

test("every command can be quiet and can tell more, and its help says so", async (t) => {
  for (const { name } of COMMANDS) {
    const text = await helpOf([name]);
    t.regex(text, /^ {2}-q, --quiet /m, name);
    t.regex(text, /^ {2}--verbose /m, name);
  }
});

test("the help of fit is one screen: what most fits need, and the names of all methods", async (t) => {
  const text = await helpOf(["fit"]);
  t.true(text.split("\n").length <= 60);
  for (const { name } of catalogue().methods) t.regex(text, new RegExp(`\\b${name}\\b`));
  t.true(text.includes("--latent-dim") && text.includes("--environment"));
  t.false(text.includes("--sigma-spurious"));
});

test("with a method the help of fit lists all options of this method, and none of another's", async (t) => {
  const tbr = (await helpOf(["fit", "--method", "tbr"])).replace(/\s+/g, " ");
  for (const flag of ["--sparsity <number>", "--tree", "--decimal", "--force", "--split"])
    t.true(tbr.includes(flag), flag);
  t.true(tbr.includes("the paper's lambda") && !tbr.includes("budget"));
  for (const flag of ["--sigma-spurious", "--mechanisms"]) t.false(tbr.includes(flag), flag);
  const mtlcm = await helpOf(["fit", "--method", "mtlcm"]);
  t.true(mtlcm.includes("--sigma-spurious") && !mtlcm.includes("--sparsity"));
  for (const { name } of catalogue().methods) t.true(widest(await helpOf(["fit", "--method", name])) <= 80, name);
});

test("with a simulator the help of simulate lists its options alone", async (t) => {
  const all = await helpOf(["simulate"]);
  for (const { name } of catalogue().simulators) t.true(all.includes(name), name);
  t.false(all.includes("--depth <"));
  const tree = await helpOf(["simulate", "tree-world"]);
  t.true(tree.includes("--depth <") && !tree.includes("--silent-at"));
  t.true((await helpOf(["simulate", "modality-world"])).includes("--modalities <integer>"));
});

test("long lines of help are folded: sentences are filled, a flag stays with its value, a table keeps its column", (t) => {
  const words = Array.from({ length: 30 }, (_, i) => `word${i}`).join(" ");
  const [first = "", second = "", ...rest] = folded(`${words}\ngoes on here.\nNot here.`).split("\n");
  t.true(first.length <= 80 && second.length <= 80);
  t.deepEqual([first, second, ...rest].join(" "), `${words} goes on here. Not here.`);
  t.is(rest.at(-1), "Not here.");
  const command = `  $ disentangle fit --method mtlcm --data superconductors --latent-dim 5 --out runs/x`;
  t.is(
    folded(command),
    "  $ disentangle fit --method mtlcm --data superconductors --latent-dim 5 \\\n      --out runs/x",
  );
  const row = `  name         ${Array.from({ length: 20 }, () => "text").join(" ")}`;
  t.true(
    folded(row)
      .split("\n")[1]!
      .startsWith(`${" ".repeat(15)}text`),
  );
});

const unknown = [
  { words: ["ls"], says: /`disentangle runs` does that/ },
  { words: ["train"], says: /`disentangle fit` does that/ },
  { words: ["fti"], says: /did you mean fit\?/ },
  { words: ["help", "nope"], says: /there is no command nope/ },
  { words: ["explain", "DATA_RAGED_ROW"], says: /did you mean DATA_RAGGED_ROW\?/ },
];
for (const { words, says } of unknown) {
  test(`\`${words.join(" ")}\` is exit code 2 and points to what there is`, async (t) => {
    const { code, stdout, stderr } = await run(words);
    t.is(code, 2);
    t.is(stdout, "");
    t.regex(stderr, says);
  });
}

test("--verbose says where an error came from, how long it took and how much memory", async (t) => {
  const plain = await run(["runs", "docs"]);
  t.notRegex(plain.stderr, /results\.[jt]s/);
  const { code, stderr } = await run(["runs", "docs", "--verbose"]);
  t.is(code, 1);
  t.regex(stderr, /at .*results\.[jt]s/);
  t.regex(stderr, /\d m?s, at most .*MB of memory\n$/);
});

test("fit takes its data without a flag, and without a method says which suit them and how to begin", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "disentangle-help-"));
  const rows = Array.from({ length: 60 }, (_, i) => `${Math.sin(i)},${Math.cos(i * i)},${"xyz"[i % 3]}`);
  await writeFile(join(dir, "cells.csv"), `a,b,site\n${rows.join("\n")}\n`);
  const without = await run(["fit", "cells.csv"], { cwd: dir });
  t.is(without.code, 2);
  t.regex(without.stderr, /these data suit .*latent-anm/);
  t.notRegex(without.stderr, /suit .*mtlcm/);
  t.regex(without.stderr, /disentangle fit --method \S+ --data cells\.csv --environment site/);
  const table = (names: string): string =>
    `id,${names}\n${rows.map((row, i) => `r${i},${row.slice(0, -2)}`).join("\n")}\n`;
  await writeFile(join(dir, "rna.csv"), table("a,b"));
  await writeFile(join(dir, "protein.csv"), table("c,d"));
  const both = await run(["fit", "--modality", "a=rna.csv", "--modality", "b=protein.csv", "--join", "id"], {
    cwd: dir,
  });
  t.regex(both.stderr, /suit .*mcl.*multimodal/);
  t.notRegex(without.stderr, /mcl|multimodal/);
  const fitted = await run(["fit", "cells.csv", "--method", "pca", "--latent-dim", "1", "--out", "run", "-q"], {
    cwd: dir,
  });
  t.is(fitted.code, 0, fitted.stderr);
  const twice = await run(["fit", "cells.csv", "--data", "cells.csv", "--method", "pca"], { cwd: dir });
  t.is(twice.code, 2);
  t.regex(twice.stderr, /CONFIG_CONFLICT/);
  const resumed = await run(["fit", "cells.csv", "--resume", "run"], { cwd: dir });
  t.is(resumed.code, 2);
  t.regex(resumed.stderr, /CONFIG_CONFLICT/);
});

test("the shell completes commands, flags and methods", async (t) => {
  const offered = async (...words: string[]): Promise<readonly string[]> => {
    const { code, stdout } = await run(["complete", "--", ...words]);
    t.is(code, 0);
    return stdout.split("\n").map((line) => line.split("\t")[0] ?? "");
  };
  t.true((await offered("sim")).includes("simulate"));
  t.true((await offered("fit", "--sigma")).includes("--sigma-spurious"));
  t.true((await offered("fit", "--method", "p")).includes("pdgmm"));
  const script = await run(["complete", "bash"]);
  t.true(script.stdout.includes("disentangle"));
});
