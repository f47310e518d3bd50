// Products as dense layers do them, beside PyTorch and ml-matrix: from the networks of the step benchmark, and square ones.

import { operations } from "./nets.mjs";
import { best } from "./statistics.mjs";
import { number, table } from "./tables.mjs";
import { inTurns, programs, THREADS } from "./turns.mjs";

export const about =
  "GFLOP/s of one product `x W + b` (rows x inputs x outputs), best of 1 and 2 threads; PyTorch as `linear` and as `mm` into memory it has";
/** Python packages: without them their columns stay empty, and nothing is saved. */
export const peers = "optional";

const PRODUCTS = [
  [64, 16, 64],
  [128, 128, 16],
  [128, 64, 128],
  [512, 64, 128],
  [1024, 256, 64],
  [256, 128, 512],
  [512, 512, 512],
  [2048, 2048, 2048],
  [6144, 1000, 1000],
];
/** ml-matrix needs seconds beyond this many multiplications. */
const LARGEST_FOR_ML_MATRIX = 512 ** 3;

const name = ([rows, inner, cols]) => `${rows}x${inner}x${cols}`;
const request = ([rows, inner, cols]) => ({ net: { kind: "product", rows, inner, cols }, batch: rows });

export async function run({ torch, works, log }) {
  const tools = programs(torch, log);
  const rows = [];
  for (const product of PRODUCTS.filter((sizes) => works(name(sizes)))) {
    const small = product.reduce((a, b) => a * b) <= LARGEST_FOR_ML_MATRIX;
    const peers = { pytorch: ["linear", "mm"], ...(small && { "ml-matrix": [] }) };
    rows.push(...(await inTurns(name(product), { request: request(product), peers }, tools, log)));
    log(`${name(product)}: ${number(rate(best(rows, name(product), "disentangle"), product))} GFLOP/s`);
  }
  return { rows, versions: tools.versions };
}

const rate = (row, product) => (row ? operations(request(product)) / row.minUs / 1e3 : undefined);

export function render(rows) {
  const on = (count) => rows.filter(({ setting }) => new RegExp(`\\b${count} threads$`).test(setting));
  const done = PRODUCTS.filter((product) => best(rows, name(product), "disentangle"));
  const cell = (some, product, engine) => {
    const value = rate(best(some, name(product), engine), product);
    return value === undefined ? "" : number(value, 3);
  };
  const columns = (engine) => THREADS.map((count) => `${engine}, ${count}`);
  return table(
    ["product", ...columns("ours"), ...columns("PyTorch"), "ml-matrix"],
    done.map((product) => [
      name(product),
      ...["disentangle", "pytorch"].flatMap((engine) => THREADS.map((count) => cell(on(count), product, engine))),
      cell(rows, product, "ml-matrix"),
    ]),
  );
}
