// Training steps in TensorFlow.js: the same requests and answers as torch/steps.py; the argument names the backend.
// Runs in the folder its packages were installed in.

import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";

const BLOCK_MS = 2;
const backend = process.argv[2];
if (backend === "wasm") {
  setWasmPaths(`${join(dirname(fileURLToPath(import.meta.url)), "node_modules/@tensorflow/tfjs-backend-wasm/dist")}/`);
}
tf.enableProdMode();
await tf.setBackend(backend);
await tf.ready();

function stepper(sizes, batch) {
  const weights = sizes.slice(1).map((size, i) => tf.variable(tf.randomNormal([sizes[i], size], 0, sizes[i] ** -0.5)));
  const biases = sizes.slice(1).map((size) => tf.variable(tf.zeros([size])));
  const [x, target] = [tf.randomNormal([batch, sizes[0]]), tf.randomNormal([batch, sizes.at(-1)])];
  const adam = tf.train.adam(1e-3);
  const last = weights.length - 1;
  const forward = () =>
    weights.reduce((h, w, i) => {
      const out = tf.add(tf.matMul(h, w), biases[i]);
      return i === last ? out : tf.leakyRelu(out, 0.01);
    }, x);
  const loss = () => tf.mean(tf.square(tf.sub(forward(), target)));
  return () => adam.minimize(loss)?.dispose();
}

const made = new Map();

function blocks({ sizes, batch, seconds }) {
  const key = `${sizes}/${batch}`;
  if (!made.has(key)) {
    made.set(key, stepper(sizes, batch));
    for (let i = 0; i < 3; i++) made.get(key)();
  }
  const step = made.get(key);
  const began = performance.now();
  step();
  const repeats = Math.max(1, Math.min(500, Math.floor(BLOCK_MS / (performance.now() - began))));
  const times = [];
  const end = performance.now() + 1e3 * seconds;
  while (times.length === 0 || performance.now() < end) {
    const start = performance.now();
    for (let i = 0; i < repeats; i++) step();
    times.push(((performance.now() - start) / repeats) * 1e3);
  }
  return times;
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(JSON.stringify({ us: blocks(JSON.parse(line)) }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error).slice(0, 500) }));
  }
}
