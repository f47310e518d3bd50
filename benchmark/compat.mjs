// Whether the package works where users run it: `npm run compat`. The packed package is installed in an empty project, together
// with every tool, and each check is a tiny project in there.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { packHost } from "../scripts/package.mjs";
import { npm } from "../scripts/steps.mjs";
import { CHECKS } from "./compat/checks.mjs";
import { inFolder, write } from "./compat/folder.mjs";
import { table } from "./tables.mjs";

export const about =
  "Runtimes, compilers, bundlers and test runners that the packed package was installed and used with, each in a project of its own";

export async function run({ works, log }) {
  const wanted = CHECKS.filter((check) => works(nameOf(check)));
  const tarballs = Object.values(await packHost());
  return inFolder(async (app) => {
    write(app, { "package.json": { private: true } });
    const packages = Object.entries(Object.assign({}, ...wanted.map(({ packages = {} }) => packages)));
    const flags = ["--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps"];
    npm(["install", ...flags, ...tarballs, ...packages.map(([name, range]) => `${name}@${range}`)], { cwd: app });
    const rows = [];
    for (const [index, check] of wanted.entries()) rows.push(await tried(check, app, join(app, `check-${index}`), log));
    if (rows.some(({ fault }) => fault)) process.exitCode = 1;
    return { rows };
  });
}

async function tried(check, app, folder, log) {
  mkdirSync(folder);
  const version = String(await check.version(app)).trim();
  const begun = performance.now();
  let fault;
  try {
    await check.run(app, folder);
  } catch (error) {
    fault = error.message;
  }
  const seconds = Math.round((performance.now() - begun) / 100) / 10;
  log(`${nameOf(check)} ${version}: ${fault ?? "works"}, ${seconds} s`);
  const { tool, setting } = check;
  return {
    work: tool,
    ...(setting && { setting }),
    version,
    works: fault === undefined,
    ...(fault && { fault }),
    seconds,
  };
}

const nameOf = ({ tool, setting }) => (setting ? `${tool}, ${setting}` : tool);

export function render(rows) {
  const groups = new Map();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return table(
    ["tool", "setting", "versions", "works"],
    [...groups.values()].map((group) => [
      group[0].work,
      group[0].setting ?? "",
      group.map(({ version }) => version).join(", "),
      group.every(({ works }) => works)
        ? "yes"
        : `not ${group.filter(({ works }) => !works).map(({ version }) => version)}`,
    ]),
  );
}

const key = ({ work, setting }) => `${work} ${setting}`;
