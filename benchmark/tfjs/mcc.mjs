// MCC by ml-matrix and munkres-js: requests {rows, columns, truth: ".f64", estimate: ".f64", seconds}, answers
// {"value", "us": [...]}.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { correlation, Matrix } from "ml-matrix";
import munkres from "munkres-js";

function read(file, rows, columns) {
  const bytes = readFileSync(file);
  const flat = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return new Matrix(Array.from({ length: rows }, (_, i) => flat.slice(i * columns, (i + 1) * columns)));
}

function mcc(truth, estimate) {
  const costs = Matrix.mul(correlation(truth, estimate).abs(), -1).to2DArray();
  const pairs = munkres(costs.map((row) => row.map((cost) => 1 + cost)));
  return -pairs.reduce((sum, [i, j]) => sum + costs[i][j], 0) / pairs.length;
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const [truth, estimate] = [request.truth, request.estimate].map((file) => read(file, request.rows, request.columns));
  const us = [];
  let value;
  const end = performance.now() + 1e3 * request.seconds;
  while (us.length === 0 || performance.now() < end) {
    const start = performance.now();
    value = mcc(truth, estimate);
    us.push((performance.now() - start) * 1e3);
  }
  console.log(JSON.stringify({ value, us }));
}
