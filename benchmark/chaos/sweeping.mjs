// `node sweeping.mjs CONFIG OPTIONS`, both as JSON: runs a sweep and prints what became of each trial, and how long it took.

import { sweep } from "disentangle";

const [config, options] = process.argv.slice(2).map((text) => JSON.parse(text));
let began = 0;
let ended = 0;
const { trials } = await sweep(config, {
  ...options,
  onEvent({ kind, how }) {
    if (kind === "start") began = performance.now();
    if (kind === "ended" && how === "done") ended = performance.now();
  },
});
console.log(JSON.stringify({ states: trials.map(({ id, state }) => [id, state]), ms: ended - began }));
