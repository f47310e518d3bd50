// What it costs to have the library and to start it: size of the addon, whole processes of help and of import.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addonFile, hostTarget } from "../scripts/platforms.mjs";
import { rehearsedAddons } from "../scripts/release.mjs";
import { addonPath, root } from "./provenance.mjs";
import { timingRow } from "./statistics.mjs";
import { number, table } from "./tables.mjs";

export const about =
  "Size of the addon, and whole processes: node alone, `disentangle --help`, and one that imports the library";

const PROCESSES = 10;
const PROBE = "const t = performance.now(); await import('disentangle'); console.log(performance.now() - t)";
/** An import that reads the catalogue has the addon loaded too. */
const LOADED =
  "const t = performance.now(); (await import('disentangle')).catalogue(); console.log(performance.now() - t)";

const COMMANDS = {
  "node alone": { args: ["-e", ""] },
  "disentangle --help": { args: [join(root, "bin/disentangle.js"), "--help"], target: 200 },
  "disentangle --version": { args: [join(root, "bin/disentangle.js"), "--version"] },
  "import, inside the process": { args: ["--input-type=module", "-e", PROBE], printed: true, target: 100 },
  "import and load the addon, inside": { args: ["--input-type=module", "-e", LOADED], printed: true },
  "import, open a saved model, transform a row, inside": { program: transforming, printed: true, target: 150 },
};

/** A model of eight inputs, saved into a folder. */
const SAVED = (folder) => `
const { fit, simulate } = await import("disentangle");
const data = await simulate({ simulator: "tree-world", seed: 1, depth: 3, pointsPerEnvironment: 50, inputs: 8, latents: 3 });
await (await fit({ method: "ivae", data, latentDim: 3, seed: 1 }, { budgets: { steps: 20 } }).result).save(${JSON.stringify(folder)});
`;

/** What a function of a server does when it is started for its first request. */
function transforming(folder) {
  return `
const t = performance.now();
const { load } = await import("disentangle");
const model = await load(${JSON.stringify(folder)});
await model.transform([[1, 2, 3, 4, 5, 6, 7, 8]]);
console.log(performance.now() - t);
`;
}

export async function run({ works, log }) {
  const wanted = Object.entries(COMMANDS).filter(([work]) => works(work));
  const times = new Map(wanted.map(([work]) => [work, []]));
  const folder = mkdtempSync(join(tmpdir(), "disentangle-benchmark-"));
  try {
    const saved = join(folder, "run");
    time({ args: ["--input-type=module", "-e", SAVED(saved)] });
    for (let turn = 0; turn < PROCESSES; turn++) {
      for (const [work, { program, args = ["--input-type=module", "-e", program?.(saved)], printed }] of wanted)
        times.get(work).push(time({ args, printed }));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const rows = wanted.map(([work, { target }]) => ({
    ...timingRow(work, "disentangle", "process", times.get(work)),
    ...(target && { targetMs: target }),
  }));
  for (const { work, medianUs } of rows) log(`${work}: median ${number(medianUs / 1e3)} ms`);
  return { rows: [...sizes().filter(({ work }) => works(work)), ...rows] };
}

/** The addon of this checkout, and the one that a release is made of where it has been built: `npm run release -- --dry-run`. */
function sizes() {
  const published = join(rehearsedAddons(), addonFile(hostTarget()));
  return [
    { work: "addon", bytes: statSync(addonPath()).size },
    ...(existsSync(published)
      ? [{ work: "addon, as published", bytes: statSync(published).size, targetBytes: 10e6 }]
      : []),
  ];
}

function time({ args, printed = false }) {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root });
  const whole = performance.now() - started;
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}: ${stderr}`);
  return 1e3 * (printed ? Number(stdout) : whole);
}

export function render(rows) {
  return table(
    ["what", "min", "median", "target", ""],
    rows.map((row) =>
      row.bytes
        ? [
            row.work,
            "",
            `${number(row.bytes / 1e6)} MB`,
            row.targetBytes ? `< ${row.targetBytes / 1e6} MB` : "",
            row.targetBytes ? verdict(row.bytes < row.targetBytes) : "",
          ]
        : [
            row.work,
            `${number(row.minUs / 1e3)} ms`,
            `${number(row.medianUs / 1e3)} ms`,
            row.targetMs ? `< ${row.targetMs} ms` : "",
            row.targetMs ? verdict(row.medianUs / 1e3 < row.targetMs) : "",
          ],
    ),
  );
}

const verdict = (met) => (met ? "met" : "missed");
