// The examples in the documentation of the public API are programs: they type-check, run, and print what they say.
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import plainTest from "ava";
import ts from "typescript";
import { testWithAddon as test } from "../addon.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cwd = mkdtempSync(join(tmpdir(), "disentangle-examples-"));

interface Example {
  readonly name: string;
  readonly code: string;
}

const examples: readonly Example[] = readdirSync(join(root, "src"))
  .filter((file) => file.endsWith(".ts"))
  .flatMap((file) => {
    const text = readFileSync(join(root, "src", file), "utf8");
    const blocks = [...text.matchAll(/@example\n \* ```ts\n([\s\S]*?) \* ```/g)];
    return blocks.map((block, i) => ({
      name: `${file.replace(/\.ts$/, "")}-${i + 1}`,
      code: (block[1] ?? "").replace(/^ \* ?/gm, ""),
    }));
  });

plainTest("every example type-checks", (t) => {
  t.true(examples.length >= 5);
  const files = examples.map(({ name, code }) => {
    const file = join(cwd, `${name}.check.mts`);
    writeFileSync(file, code);
    return file;
  });
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const program = ts.createProgram(files, {
    ...options,
    paths: { disentangle: [join(root, "src/index.ts")] },
    typeRoots: [join(root, "node_modules/@types")],
  });
  const found = files.flatMap((file) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)));
  t.deepEqual(
    found.map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`),
    [],
  );
});

for (const { name, code } of examples) {
  test(`the example ${name} runs and prints what it says`, async (t) => {
    const file = join(cwd, `${name}.mts`);
    writeFileSync(file, code.replaceAll('"disentangle"', JSON.stringify(join(root, "src/index.ts"))));
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", import.meta.resolve("tsx"), file], {
      cwd,
    });
    const said = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => match[1] ?? "");
    for (const expected of said) {
      const shown = expected.endsWith("...") ? expected.slice(0, -3) : `${expected}\n`;
      t.true(stdout.includes(shown), `${shown} in ${stdout}`);
    }
    t.true(stdout.length > 0);
  });
}
