// `npm run cuda:test`: what only a machine with an NVIDIA GPU can show. Every method at tiny scale on the GPU against the processor, and
// steps against PyTorch on the same GPU.
//
//   node scripts/cuda-test.mjs [--device cpu] [--addon FILE] [--no-torch]
//
// `--device cpu` puts the processor in the place of the GPU, which tries this script where there is none. Ends with 0 where everything holds,
// with 1 where something does not, and with 2 where there is no GPU.

import { spawn, spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { NETS } from "../benchmark/nets.mjs";
import { python } from "../benchmark/python.mjs";
import { number, table } from "../benchmark/tables.mjs";
import { cargo, compiledAddon, cudaTarget, gpus, loadEnvironment, toolkit } from "./cuda.mjs";
import { addonFile, hostTarget } from "./platforms.mjs";
import { javascript, addon as ordinaryAddon, packages } from "./setup.mjs";
import { main, printTimes, root, Stop, step, targetFolder } from "./steps.mjs";

const NO_GPU = 2;
/** Steps of a fit. */
const STEPS = 60;
/** The first steps, of which losses and gradients have to agree: rounding grows with every further one. */
const FEW = 4;
/** Both add up the same numbers of single precision in another order, as in crates/methods/tests/engine/expressions.rs. */
const TOLERANCE = 1e-3;
/** Of an MCC, after steps in which rounding has grown. */
const SCORE_TOLERANCE = 0.05;
/** A small network, a wide one, and one whose normalisation keeps statistics. */
const TIMED = ["64-128-16-128-64", "128-512-64-512-128", "pdgmm-10"];
const SECONDS = 1;

const { values } = parseArgs({
  options: {
    device: { type: "string", default: "cuda" },
    addon: { type: "string" },
    torch: { type: "boolean", default: true },
  },
  allowNegative: true,
});
const { device } = values;
const onGpu = device === "cuda";

await main(async () => {
  if (!["cuda", "cpu"].includes(device)) throw new Stop(`--device ${device}`, "it is cuda or cpu");
  if (onGpu && gpus().length === 0) {
    console.log("There is no NVIDIA GPU here, or no driver for it (`nvidia-smi` lists none): nothing was tested.");
    console.log("`npm run cuda:check` checks what can be checked without one.");
    process.exitCode = NO_GPU;
    return;
  }
  console.log(onGpu ? gpus().join("\n") : "NO GPU IS TESTED: the processor stands in for it");
  await packages();
  await ordinaryAddon();
  await javascript();
  let built;
  await step("addon and steps", () => {
    built = onGpu ? withCudaBuilt() : withoutCudaBuilt();
  });
  await step(`every method, ${device} against cpu`, async () => {
    const [there, here] = [await fits(device, built.env), await fits("cpu", built.env)];
    const wrong = here.flatMap((wanted, i) => differences(wanted, there[i]));
    if (wrong.length > 0) throw new Stop(`${wrong.length} differences`, wrong.join("\n  "));
    return `${here.length} methods`;
  });
  await step("microseconds per step", async () => {
    const interpreter = values.torch ? python(console.log) : undefined;
    const rows = [];
    for (const name of TIMED) rows.push([name, ...(await timed(name, built, interpreter))]);
    console.log(table(["network", `ours, ${device}`, `PyTorch, ${device}`, "PyTorch over ours"], rows));
  });
  printTimes();
  console.log(onGpu ? "\nCUDA: everything holds" : "\nNO GPU WAS TESTED: this script runs to its end");
});

/** The addon and the program of steps with CUDA, and the environment that they run in. */
function withCudaBuilt() {
  const addon = values.addon === undefined ? compiledAddon() : resolve(values.addon);
  cargo(["build", "--package", "disentangle-nn", "--example", "steps", "--features", "cuda"]);
  // The driver is the machine's own.
  const env = loadEnvironment(addon, [toolkit().libraries]);
  return { env, steps: join(cudaTarget(), "release", "examples", "steps") };
}

function withoutCudaBuilt() {
  const env = { NAPI_RS_NATIVE_LIBRARY_PATH: resolve(values.addon ?? join(root, addonFile(hostTarget()))) };
  const build = ["build", "--release", "--locked", "--workspace", "--lib", "--bins", "--tests", "--examples"];
  const { status } = spawnSync("cargo", build, { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Stop("cargo could not build the program of steps");
  return { env, steps: join(targetFolder(), "release", "examples", "steps") };
}

/** What cuda-fits.mjs says of every method on a device; each line is told as it comes. */
async function fits(where, env) {
  const script = [join(root, "scripts", "cuda-fits.mjs"), JSON.stringify({ device: where, steps: STEPS })];
  const child = spawn(process.execPath, script, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const found = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const fit = JSON.parse(line);
    found.push(fit);
    console.log(
      `${where}  ${fit.method}: ${fit.code ? `${fit.code}: ${fit.message}` : `${fit.outcome}, MCC ${fit.mcc?.toFixed(3) ?? "-"}`}`,
    );
  }
  const status = await ended;
  if (status !== 0) throw new Stop(`${script.join(" ")} ended with ${status}`);
  return found;
}

/** Where a fit on a device is another than that on the processor, a line for each. */
function differences(wanted, got) {
  const { method } = wanted;
  if (wanted.code !== undefined) return [`${method}: ${wanted.code} on the processor: ${wanted.message}`];
  if (got?.code !== undefined) return [`${method}: ${got.code}: ${got.message}`];
  const fallback = device !== "cpu" && got.warnings.some(({ code }) => code === "DEVICE_FALLBACK");
  const lines = fallback ? [`${method}: was not computed on the device`] : [];
  for (const [i, { name, values }] of wanted.curves.entries()) {
    const other = got.curves[i];
    if (other?.name !== name || other.values.length < Math.min(FEW, values.length)) {
      lines.push(`${method}, ${name}: is not there`);
      continue;
    }
    for (const [step, value] of values.slice(0, FEW).entries()) {
      const gap = Math.abs(other.values[step] - value);
      if (!(gap <= TOLERANCE * Math.max(Math.abs(value), 1e-2)))
        lines.push(`${method}, ${name}, point ${step}: ${other.values[step]}, on the processor ${value}`);
    }
  }
  if (wanted.mcc !== undefined && !(Math.abs(got.mcc - wanted.mcc) <= SCORE_TOLERANCE))
    lines.push(`${method}: MCC ${got.mcc}, on the processor ${wanted.mcc}`);
  return lines;
}

/** Our time, PyTorch's, and how many times ours it is. */
async function timed(name, { steps, env }, interpreter) {
  const args = [name, "1", "--json", `--seconds=${SECONDS}`, `--device=${device}`];
  const ours = Math.min(...JSON.parse(answer(steps, args, { env })).us);
  if (interpreter === undefined) return [number(ours), "", ""];
  const { net, batch } = NETS[name];
  const request = { net, batch, threads: 1, seconds: SECONDS, device };
  const theirs = ["eager", "fused"].map((setting) => {
    const input = `${JSON.stringify({ ...request, setting })}\n`;
    return JSON.parse(answer(interpreter, [join(root, "benchmark", "torch", "steps.py")], { input }));
  });
  const errors = theirs.flatMap(({ error }) => error ?? []);
  if (errors.length > 0) console.log(`${name}: PyTorch: ${errors.join("; ")}`);
  const best = Math.min(...theirs.flatMap(({ us }) => us ?? []));
  return Number.isFinite(best) ? [number(ours), number(best), `${number(best / ours)}x`] : [number(ours), "", ""];
}

function answer(program, args, { env = {}, input }) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    env: { ...process.env, ...env },
    input,
    encoding: "utf8",
  });
  if (status !== 0) throw new Stop(`${program} ${args.join(" ")} ended with ${status}`, stderr);
  return stdout;
}
