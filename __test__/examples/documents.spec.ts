// The commands and programs in the documents run as they stand, from top to bottom, in a folder that holds what
// examples/csv.ts writes. Blocks in `sh` and `ts` are run, blocks in any other language are not. Those of a tutorial run in full,
// and print what the block `output` after them shows.
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import plainTest from "ava";
import { testWithAddon } from "../addon.js";
import { missingLine } from "./printed.js";
import { emptyFolder, PATIENCE_MS, root, runAsWritten, runProgram, runShell } from "./run.js";

// One after the other: all at once would take minutes each, and on a slow machine longer than anybody waits.
const { serial: test } = testWithAddon;

interface Block {
  readonly language: string;
  readonly text: string;
}

const documents = ["README.md", ...markdown("docs"), ...markdown("docs/methods")];
const tutorials = markdown("docs/tutorials");
const examples = readdirSync(join(root, "examples")).filter((name) => name.endsWith(".ts"));
const quoted = new Set(examples.map((name) => readFileSync(join(root, "examples", name), "utf8").trimEnd()));

function markdown(folder: string): readonly string[] {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith(".md"));
  return names.map((name) => `${folder}/${name}`);
}

function blocksOf(document: string): readonly Block[] {
  const text = readFileSync(join(root, document), "utf8");
  const fences = [...text.matchAll(/^```(\w+)\n([\s\S]*?)\n```$/gm)];
  // What the examples hold is run by their own tests.
  return fences
    .map(([, language = "", body = ""]) => ({ language, text: body }))
    .filter(({ text }) => !quoted.has(text));
}

let files: Promise<string> | undefined;
/** A folder with the files that the documents speak of. */
function sampleFiles(): Promise<string> {
  files ??= (async () => {
    const folder = emptyFolder();
    await runProgram(join(root, "examples/csv.ts"), folder);
    return folder;
  })();
  return files;
}

plainTest("the README quotes an example, and the documents show commands", (t) => {
  t.true([...quoted].some((example) => readFileSync(join(root, "README.md"), "utf8").includes(example)));
  t.true(documents.flatMap(blocksOf).filter(({ language }) => language === "sh").length >= 10);
});

plainTest("a line that was not printed is named, numbers that round differently are not", (t) => {
  const printed = "MCC   0.991\nlatents  5\nsolved, 1.2 s\nlast\n";
  t.is(missingLine("MCC 0.98\nlatents 5\nsolved, 31 s\nlast", printed), undefined);
  t.is(missingLine("MCC 0.991\nlatents ...\n...", printed), undefined);
  t.regex(missingLine("MCC 0.991\nlatent of ...\n...", printed) ?? "", /latent of/);
  t.is(missingLine("...\nsolved, 31 s\n...", printed), undefined);
  t.regex(missingLine("MCC 0.95\n...", printed) ?? "", /^"MCC 0.95", but it prints "MCC 0.991"/);
  t.regex(missingLine("MCC 0.991\nlatents 6\n...", printed) ?? "", /latents 6/);
  t.regex(missingLine("MCC 0.991\nlast", printed) ?? "", /"last", but it prints "latents 5"/);
  t.regex(missingLine("MCC 0.991\nlatents 5", printed) ?? "", /goes on with "solved/);
});

for (const document of documents.filter((name) => blocksOf(name).some(({ language }) => /^(sh|ts)$/.test(language)))) {
  test(`${document}: every command and program runs`, async (t) => {
    t.timeout(PATIENCE_MS);
    const cwd = await folderOfReader();
    for (const [i, { language, text }] of blocksOf(document).entries()) {
      if (language === "yaml") writeFileSync(join(cwd, "tbr.yaml"), text);
      if (language === "sh") await t.notThrowsAsync(runShell(text, cwd), text);
      if (language !== "ts") continue;
      const program = join(cwd, `block${i}.mts`);
      writeFileSync(program, text.replaceAll('"disentangle"', JSON.stringify(join(root, "src/index.ts"))));
      await t.notThrowsAsync(runProgram(program, cwd), text);
    }
  });
}

for (const tutorial of tutorials) {
  test(`${tutorial}: every command prints what is shown`, async (t) => {
    t.timeout(PATIENCE_MS);
    const cwd = await folderOfReader();
    let commands = "";
    let printed = "";
    for (const { language, text } of blocksOf(tutorial)) {
      if (language === "sh") [commands, printed] = [text, await runAsWritten(text, cwd)];
      if (language === "output") t.is(missingLine(text, printed), undefined, `${commands}\n${printed}`);
    }
    t.true(commands !== "");
  });
}

/** A folder that holds what the documents speak of. */
async function folderOfReader(): Promise<string> {
  const cwd = emptyFolder();
  cpSync(await sampleFiles(), cwd, { recursive: true, filter: (path) => !path.endsWith("runs") });
  // Commands that are read in a checkout name what lies there.
  cpSync(join(root, "examples/data"), join(cwd, "examples/data"), { recursive: true });
  return cwd;
}
