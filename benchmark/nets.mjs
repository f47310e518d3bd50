// The networks of the step benchmark, at the sizes of the papers of this field; crates/nn/examples/steps/nets.rs has
// the same list.

const dense = (sizes, batch, target) => ({ net: { kind: "dense", sizes }, batch, target });

/** `target`: how many times faster than PyTorch's best a step is to be. */
export const NETS = {
  "8-8": dense([8, 8], 8),
  "16-64-32-5": dense([16, 64, 32, 5], 64, 15),
  "64-128-16-128-64": dense([64, 128, 16, 128, 64], 128, 5),
  "64-128-5": dense([64, 128, 5], 512, 3.5),
  "16-256-64-5": dense([16, 256, 64, 5], 1024, 1.7),
  "128-512-64-512-128": dense([128, 512, 64, 512, 128], 256, 1.5),
  // iVAE: four networks of three layers, a sample and a fixed variance of the decoder.
  "ivae-5": { net: { kind: "ivae", inputs: 5, segments: 20, hidden: 50 }, batch: 256, target: 1 },
  // MTRN: 100-200-20 with ReLU and a linear head with bias for each task.
  "mtrn-100": { net: { kind: "mtrn", sizes: [100, 200, 20], tasks: 500 }, batch: 1024, target: 1 },
  // pdGMM, stage 1: an autoencoder whose code passes a batch normalisation. A step takes TensorFlow.js a minute.
  "pdgmm-10": {
    net: { kind: "pdgmm", sizes: [10, 500, 1000, 1000, 500, 10] },
    batch: 6144,
    target: 1.1,
    shareOfPeak: 0.75,
    seconds: 2,
    without: ["tfjs-wasm", "tfjs-cpu"],
  },
};

/** The first stage of pdGMM for 5 and 10 latents, with the batches of its published and of its default recipe. */
export const AUTOENCODERS = Object.fromEntries(
  [5, 10].flatMap((k) => {
    const net = { kind: "pdgmm", sizes: [k, 50 * k, 100 * k, 100 * k, 50 * k, k] };
    return [
      [`pdgmm-${k}`, { net, batch: 6144 }],
      [`pdgmm-${k}-512`, { net, batch: 512 }],
    ];
  }),
);

/** Multiplications and additions of the products of one step; undefined for networks whose time is elsewhere. */
export function operations({ net, batch }) {
  const weights = (sizes) => sizes.slice(1).reduce((sum, size, i) => sum + size * sizes[i], 0);
  switch (net.kind) {
    case "product":
      return 2 * net.rows * net.inner * net.cols;
    case "dense": // Forward, weights and inputs of every layer, but for the inputs of the first.
      return 2 * batch * (3 * weights(net.sizes) - net.sizes[0] * net.sizes[1]);
    case "pdgmm":
      return 2 * batch * (6 * weights(net.sizes) - net.sizes[0] * net.sizes[1]);
    default:
      return undefined;
  }
}
