// Linear assignment by munkres-js: requests {"n": 100, "file": ".f64", "seconds": 0.3}, answers {"cost", "us": [...]}.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import munkres from "munkres-js";

for await (const line of createInterface({ input: process.stdin })) {
  const { n, file, seconds } = JSON.parse(line);
  const bytes = readFileSync(file);
  const flat = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const matrix = Array.from({ length: n }, (_, i) => [...flat.subarray(i * n, (i + 1) * n)]);
  const us = [];
  let cost = 0;
  const end = performance.now() + 1e3 * seconds;
  while (us.length === 0 || performance.now() < end) {
    const start = performance.now();
    const pairs = munkres(matrix);
    us.push((performance.now() - start) * 1e3);
    cost = pairs.reduce((sum, [i, j]) => sum + matrix[i][j], 0);
  }
  console.log(JSON.stringify({ cost, us }));
}
