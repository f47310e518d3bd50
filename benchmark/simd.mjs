// One portable addon on processors of three generations, which qemu plays: which instructions it chooses there, and what that changes
// in a fit.

import { spawnSync } from "node:child_process";
import { root } from "./provenance.mjs";
import { table } from "./tables.mjs";

export const about =
  "The addon on processors with AVX-512, with AVX2 and without both: the instructions it chooses, and the largest difference between the latents of a short fit there and here";

/** A processor as qemu names it -> what the core should take. */
const PROCESSORS = { Nehalem: "sse2", Haswell: "avx2" };

const PROGRAM = `
import { fit, simulate } from "disentangle";
const data = await simulate({ simulator: "tree-world", seed: 1, depth: 2, pointsPerEnvironment: 60, inputs: 6, latents: 3 });
const model = await fit({ method: "ivae", data, latentDim: 3, seed: 2, threads: 1 }, { budgets: { steps: 20 } }).result;
const latents = await model.transform(data);
console.log(JSON.stringify([...latents.data]));
`;

export async function run({ works, log }) {
  const version = provide(log);
  const here = { simd: simd([]), latents: latents([]) };
  const rows = [{ work: "this machine", simd: here.simd, difference: 0, works: true }];
  for (const [work, expected] of Object.entries(PROCESSORS).filter(([work]) => works(work))) {
    const emulated = ["qemu-x86_64", "-cpu", work];
    const got = latents(emulated);
    const difference = got.reduce((most, value, i) => Math.max(most, Math.abs(value - here.latents[i])), 0);
    const chosen = simd(emulated);
    rows.push({ work, simd: chosen, difference, works: chosen === expected });
    log(`${work}: ${rows.at(-1).simd}, largest difference ${difference}`);
  }
  if (rows.some((row) => !row.works)) process.exitCode = 1;
  return { rows, versions: { qemu: version } };
}

const simd = (emulated) =>
  JSON.parse(start([...emulated, process.execPath, "bin/disentangle.js", "doctor", "--json"])).simd;

const latents = (emulated) => JSON.parse(start([...emulated, process.execPath, "--input-type=module", "-e", PROGRAM]));

function start([program, ...args]) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`${program} ${args[0]} ended with ${status}: ${stderr}`);
  return stdout;
}

/** The version of qemu; installed from Debian when it is missing and may be. */
function provide(log) {
  const found = version();
  if (found) return found;
  log("installing qemu-user");
  start(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "qemu-user"]);
  return version();
}

function version() {
  return /version ([\d.]+)/.exec(spawnSync("qemu-x86_64", ["--version"], { encoding: "utf8" }).stdout ?? "")?.[1];
}

export function render(rows) {
  return table(
    ["processor", "instructions", "as expected", "largest difference"],
    rows.map(({ work, simd, works, difference }) => [
      work,
      simd,
      works ? "yes" : "no",
      difference ? difference.toExponential(1) : "0",
    ]),
  );
}
