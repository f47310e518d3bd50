// The commands and programs in the documents run as they stand, from top to bottom, in a folder that holds what
// examples/csv.ts writes. Blocks in `sh` and `ts` are run, blocks in any other language are not.
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import plainTest from "ava";
import { testWithAddon as test } from "../addon.js";
import { emptyFolder, PATIENCE_MS, root, runProgram, runShell } from "./run.js";

interface Block {
  readonly language: string;
  readonly text: string;
}

const documents = ["README.md", ...markdown("docs"), ...markdown("docs/methods")];
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

for (const document of documents.filter((name) => blocksOf(name).some(({ language }) => /^(sh|ts)$/.test(language)))) {
  test(`${document}: every command and program runs`, async (t) => {
    t.timeout(PATIENCE_MS);
    const cwd = emptyFolder();
    cpSync(await sampleFiles(), cwd, { recursive: true, filter: (path) => !path.endsWith("runs") });
    // Commands that are read in a checkout name what lies there.
    cpSync(join(root, "examples/data/light-tunnel"), join(cwd, "examples/data/light-tunnel"), { recursive: true });
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
