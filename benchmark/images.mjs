// Training steps of the networks of images, beside PyTorch.

import { example } from "./engines.mjs";
import { python, pythonVersions } from "./python.mjs";
import { best } from "./statistics.mjs";
import { number, table } from "./tables.mjs";
import { inTurns, THREADS } from "./turns.mjs";

export const about =
  "Milliseconds per training step of autoencoders of images, 64 images a step: forward, backward and Adam, in single precision; least of all blocks, PyTorch in its best setting";
export const peers = "required";

const BATCH = 64;
const halved = (channels, side, hidden, code) => ({ kind: "images", channels, side, hidden, code });

/** crates/nn/examples/steps/images.rs has the same list. */
const NETS = {
  "images-14": { net: halved(1, 14, [50, 50], 10), about: "14 x 14, gray: 2 halvings" },
  "images-28": { net: halved(1, 28, [50, 50], 10), about: "28 x 28, gray: 3 halvings" },
  "images-64": {
    net: halved(3, 64, [30, 30], 6),
    about: "64 x 64, color: 4 halvings, as latent neural causal models",
  },
  "balls-64": { net: { kind: "balls" }, about: "64 x 64, color: 3 x 3 and pooling, as pdGMM's balls" },
};
/** A step of the largest takes a tenth of a second. */
const SECONDS = 1;

export async function run({ works, log }) {
  const interpreter = python(log);
  const tools = { binary: example("disentangle-nn", "steps", log), interpreter };
  const rows = [];
  for (const [work, { net }] of Object.entries(NETS).filter(([name]) => works(name))) {
    const request = { net, batch: BATCH };
    const settings = { pytorch: ["eager", "fused", "compiled"] };
    rows.push(...(await inTurns(work, { request, peers: settings, seconds: SECONDS }, tools, log)));
    log(`${work}: ${number(best(rows, work, "disentangle").minUs / 1e3)} ms`);
  }
  return { rows, versions: pythonVersions(interpreter, ["torch"]) };
}

export function render(rows) {
  const on = (count) => rows.filter(({ setting }) => new RegExp(`\\b${count} threads$`).test(setting));
  const done = Object.keys(NETS).filter((work) => best(rows, work, "disentangle"));
  const cells = (work, count) => {
    const [own, theirs] = ["disentangle", "pytorch"].map((engine) => best(on(count), work, engine)?.minUs);
    return [own && number(own / 1e3), theirs && number(theirs / 1e3), own && theirs && `${number(theirs / own)}x`];
  };
  const heads = THREADS.flatMap((count) => [`ours, ${count}`, `PyTorch, ${count}`, "ratio"]);
  return table(
    ["network", "images", ...heads],
    done.map((work) => [work, NETS[work].about, ...THREADS.flatMap((count) => cells(work, count)).map((c) => c ?? "")]),
  );
}
