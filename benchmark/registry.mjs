// The benchmarks by name, in the order in which they run: quick ones first.

export const BENCHMARKS = {
  start: () => import("./start.mjs"),
  compat: () => import("./compat.mjs"),
  installs: () => import("./installs.mjs"),
  simd: () => import("./simd.mjs"),
  onnx: () => import("./onnx.mjs"),
  memory: () => import("./memory.mjs"),
  determinism: () => import("./determinism.mjs"),
  assignment: () => import("./assignment.mjs"),
  mcc: () => import("./mcc.mjs"),
  reading: () => import("./reading.mjs"),
  formats: () => import("./formats.mjs"),
  wide: () => import("./wide.mjs"),
  normals: () => import("./normals.mjs"),
  gemm: () => import("./gemm.mjs"),
  serving: () => import("./serving.mjs"),
  models: () => import("./models.mjs"),
  eventloop: () => import("./eventloop.mjs"),
  checkpoint: () => import("./checkpoint.mjs"),
  instructions: () => import("./instructions.mjs"),
  steps: () => import("./steps.mjs"),
  images: () => import("./images.mjs"),
  against: () => import("./against.mjs"),
  build: () => import("./build.mjs"),
  "tbr-torch": () => import("./tbr-torch.mjs"),
  "mtrn-torch": () => import("./mtrn-torch.mjs"),
  "mtlcm-torch": () => import("./mtlcm-torch.mjs"),
  "pdgmm-stage1": () => import("./pdgmm-stage1.mjs"),
  "pdgmm-published": () => import("./pdgmm-published.mjs"),
  "pdgmm-cost": () => import("./pdgmm-cost.mjs"),
  "latent-anm-torch": () => import("./latent-anm-torch.mjs"),
  "latent-anm-cost": () => import("./latent-anm-cost.mjs"),
  modalities: () => import("./modalities.mjs"),
  growth: () => import("./growth.mjs"),
  "tbr-bands": () => import("./tbr-bands.mjs"),
  choosing: () => import("./choosing.mjs"),
  splits: () => import("./splits.mjs"),
  violations: () => import("./violations.mjs"),
};

/** What has a table in README.md. */
export const TABLES = {
  ...BENCHMARKS,
  chaos: () => import("./chaos/table.mjs"),
  soak: () => import("./soak/table.mjs"),
};

/** What has blocks of its own in the pages of docs/. */
export const BLOCKS = {
  choosing: () => import("./choosing-tables.mjs"),
};
