// Damaged files of every binary format: a reader answers with a data set or a typed failure, in bounded time and memory, and reads
// the next file as if nothing had been. `MUTATIONS=10000 npx ava __test__/data/mutation.spec.ts` tries more; `SEED` draws others.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { inspect, readDataset } from "../../src/data/index.js";
import { isDisentangleError } from "../../src/errors.js";

const COUNT = Number(process.env.MUTATIONS ?? 10);
const SEED = Number(process.env.SEED ?? 1);
// Of the process that reads, over what it takes for the undamaged file; a lying header may claim petabytes.
const MOST_BYTES = 1.5 * 2 ** 30;
const MOST_MS = 20_000;

const folder = mkdtempSync(join(tmpdir(), "disentangle-mutation-"));
test.after.always(() => rmSync(folder, { recursive: true }));

const FILES: readonly (readonly [string, object?])[] = [
  ["data/cells.h5ad", { environment: "cell_type", target: "maybe" }],
  ["data/cells.h5ad", { matrix: "counts" }],
  ["formats/records.h5ad", { environment: "site" }],
  ["formats/tenx3.h5"],
  ["formats/labels.zarr.zip", { environment: "int64" }],
  ["data/cells-v2.zarr.zip", { matrix: "counts", environment: "cell_type" }],
  ["formats/labels.parquet", { inputs: "IL2", environment: "decimal" }],
  ["data/table.jsonl", { environment: "env" }],
  ["formats/labels.npz", { inputs: "x", environment: "when" }],
  ["formats/csr.npz"],
  ["formats/general.mtx"],
];

for (const [name, roles] of FILES) {
  test.serial(`${name}${roles === undefined ? "" : ` ${JSON.stringify(roles)}`}: damaged`, async (t) => {
    t.timeout(Math.max(120_000, COUNT * 1000));
    const good = readFileSync(fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url)));
    const path = join(folder, name.split("/").at(-1)!);
    const random = generator(SEED);
    const read = async (bytes: Uint8Array) => {
      writeFileSync(path, bytes);
      return readDataset({ data: path, ...roles });
    };
    const expected = await read(good);
    for (let i = 0; i < COUNT; i++) {
      const bytes = mutated(good, random);
      const start = performance.now();
      for (const work of [() => read(bytes), () => inspect({ data: path })]) {
        try {
          await work();
        } catch (error) {
          if (!isDisentangleError(error)) writeFileSync(`${path}.${i}.failing`, bytes);
          t.true(isDisentangleError(error), `mutation ${i}: ${String(error)}`);
          if (isDisentangleError(error)) t.regex(error.code, /^(DATA|CONFIG)_/, `mutation ${i}: ${error.message}`);
        }
      }
      t.true(performance.now() - start < MOST_MS, `mutation ${i} took ${performance.now() - start} ms`);
      if (i % 20 === 0) t.deepEqual((await read(good)).inputs, expected.inputs, `after mutation ${i}`);
    }
    t.true(process.resourceUsage().maxRSS * 1024 < MOST_BYTES, `${process.resourceUsage().maxRSS} kB`);
  });
}

/** Bytes overwritten, bits turned, parts removed or doubled, then perhaps cut short. */
function mutated(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  let out = Buffer.from(bytes);
  for (let edits = 1 + random(6); edits > 0; edits--) {
    const at = random(out.length);
    const length = Math.min(out.length - at, 1 + random(8));
    const kind = random(5);
    if (kind === 0) out[at] = random(256);
    else if (kind === 1) out[at]! ^= 1 << random(8);
    else if (kind === 2) out.fill(random(2) * 255, at, at + length);
    else if (kind === 3) out = Buffer.concat([out.subarray(0, at), out.subarray(at + length)]);
    else out = Buffer.concat([out.subarray(0, at + length), out.subarray(at)]);
  }
  return random(8) === 0 ? out.subarray(0, random(out.length)) : out;
}

/** The 32-bit generator `mulberry32`. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % Math.max(1, below);
  };
}
