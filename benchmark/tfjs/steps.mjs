// Training steps in TensorFlow.js: the same requests and answers as torch/steps.py; the argument names the backend.
// Runs in the folder its packages were installed in.

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { answer } from "./blocks.mjs";

const backend = process.argv[2];
if (backend === "wasm") {
  setWasmPaths(`${join(dirname(fileURLToPath(import.meta.url)), "node_modules/@tensorflow/tfjs-backend-wasm/dist")}/`);
}
tf.enableProdMode();
await tf.setBackend(backend);
await tf.ready();

const leaky = (slope) => (x) => tf.leakyRelu(x, slope);
const uniform = (shape, inputs) => tf.variable(tf.randomUniform(shape, -(inputs ** -0.5), inputs ** -0.5));

function mlp(sizes, activation) {
  const weights = sizes.slice(1).map((size, i) => uniform([sizes[i], size], sizes[i]));
  const biases = sizes.slice(1).map((size, i) => uniform([size], sizes[i]));
  const last = weights.length - 1;
  return (x) =>
    weights.reduce((h, w, i) => {
      const out = tf.add(tf.matMul(h, w), biases[i]);
      return i === last ? out : activation(out);
    }, x);
}

function dense(batch, { sizes }) {
  const net = mlp(sizes, leaky(0.01));
  const [x, target] = [tf.randomNormal([batch, sizes[0]]), tf.randomNormal([batch, sizes.at(-1)])];
  return () => tf.mean(tf.square(tf.sub(net(x), target)));
}

/** Rows that choose one of `count` columns at random. */
const oneHot = (batch, count) => tf.cast(tf.oneHot(tf.randomUniform([batch], 0, count, "int32"), count), "float32");

function ivae(batch, { inputs, segments, hidden }) {
  const net = (from, to) => mlp([from, hidden, hidden, to], leaky(0.1));
  const [mean, spread] = [net(inputs + segments, inputs), net(inputs + segments, inputs)];
  const [prior, decoder] = [net(segments, inputs), net(inputs, inputs)];
  const x = tf.randomNormal([batch, inputs]);
  const segment = oneHot(batch, segments);
  const both = tf.concat([x, segment], 1);
  const logNormal = (value, m, logVariance) => {
    const squares = tf.mul(tf.square(tf.sub(value, m)), tf.exp(tf.neg(logVariance)));
    return tf.mul(tf.sum(tf.add(tf.add(logVariance, squares), Math.log(2 * Math.PI)), 1), -0.5);
  };
  return () => {
    const [m, s] = [mean(both), spread(both)];
    const z = tf.add(m, tf.mul(tf.exp(tf.mul(s, 0.5)), tf.randomNormal([batch, inputs])));
    const observed = logNormal(x, decoder(z), tf.fill([batch, inputs], Math.log(0.01)));
    const expected = logNormal(z, tf.zerosLike(z), prior(segment));
    return tf.mean(tf.sub(logNormal(z, m, s), tf.add(observed, expected)));
  };
}

/** The rows of the heads by a product with one-hot rows: the backends cannot sum gradients by index. */
function mtrn(batch, { sizes, tasks }) {
  const net = mlp(sizes, tf.relu);
  const [heads, bias] = [uniform([tasks, sizes.at(-1)], sizes.at(-1)), uniform([tasks, 1], sizes.at(-1))];
  const [x, target, chosen] = [tf.randomNormal([batch, sizes[0]]), tf.randomNormal([batch]), oneHot(batch, tasks)];
  return () => {
    const products = tf.sum(tf.mul(net(x), tf.matMul(chosen, heads)), 1);
    return tf.mean(tf.square(tf.sub(tf.add(products, tf.squeeze(tf.matMul(chosen, bias), [1])), target)));
  };
}

const RECIPES = { dense, ivae, mtrn };

await answer(({ net, batch }) => {
  const loss = RECIPES[net.kind](batch, net);
  const adam = tf.train.adam(1e-3);
  return () => adam.minimize(loss)?.dispose();
});
