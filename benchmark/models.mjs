// What 200 models in one process hold, and how long the first answer of a cold process takes.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fit } from "disentangle";
import { number, table } from "./tables.mjs";

export const about =
  "200 models (50-512-512-8, each 1.2 MB) loaded alone in one process: resident memory as a multiple of their files, as loaded, once each has answered, and what 400 further ones add; and the milliseconds to the first answer for one row in a process of its own";

const COUNT = 200;
const COLD = 5;

export async function run({ log }) {
  const folder = mkdtempSync(join(tmpdir(), "disentangle-models-"));
  try {
    const dir = join(folder, "run");
    const data = Array.from({ length: 400 }, (_, i) =>
      Array.from({ length: 50 }, (_, j) => Math.sin((i + 1) * (j + 2))),
    );
    const target = data.map(([a, b]) => a - b);
    const model = await fit({ method: "shared-head", data, target, latentDim: 8, hidden: [512, 512], steps: 5 }).result;
    await model.save(dir);
    await model.close();
    const weights = statSync(join(dir, "model/model.bin")).size;
    const asked = (what, count = COUNT) =>
      JSON.parse(execFileSync(process.execPath, ["--expose-gc", CHILD, what, dir, String(count)]).toString());
    const rows = [];
    for (const work of ["loaded", "used"]) {
      const { held } = asked(work);
      rows.push({
        work,
        models: COUNT,
        heldBytes: held,
        weightBytes: COUNT * weights,
        ratio: held / (COUNT * weights),
      });
      log(`${work}: ${number(held / (COUNT * weights))} of the weights`);
    }
    // What many models share, such as the pools of the allocator's threads, is taken once.
    const [few, many] = [COUNT, 3 * COUNT].map((count) => asked("used", count));
    const [models, held] = [many.count - few.count, many.held - few.held];
    rows.push({
      work: "further",
      models,
      heldBytes: held,
      weightBytes: models * weights,
      ratio: held / (models * weights),
    });
    log(`further ones: ${number(held / (models * weights))} of the weights`);
    const cold = Array.from({ length: COLD }, () => asked("cold").ms).sort((a, b) => a - b);
    rows.push({ work: "cold", minMs: cold[0], medianMs: cold[Math.floor(COLD / 2)] });
    log(`cold: ${number(cold[0])} ms`);
    return { rows };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function render(found) {
  return table(
    ["work", "models", "held, MB", "of their weights", "target", "", "first answer, min / median ms"],
    found.map(({ work, models, heldBytes, ratio, minMs, medianMs }) =>
      work === "cold"
        ? ["import, load and one row, a new process", 1, "", "", "", "", `${number(minMs)} / ${number(medianMs)}`]
        : [work, models, number(heldBytes / 1e6), number(ratio), "<= 1.1", ratio <= 1.1 ? "met" : "missed", ""],
    ),
  );
}

const CHILD = fileURLToPath(new URL("./models/child.mjs", import.meta.url));
