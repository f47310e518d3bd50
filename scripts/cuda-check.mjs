// `npm run cuda:check`: what can be checked of CUDA on a machine without a GPU. Compiles the addon with the feature `cuda`, loads it with a
// driver that has no device, and computes the expressions that a GPU would be asked for on the processor.
//
//   node scripts/cuda-check.mjs [--addon FILE]   FILE: an addon that is built already, such as the one to be published; the expressions, in
//                                                which it has no part, are then left to the gate

import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { compiledAddon, LIBRARIES, loadEnvironment, needed, toolkit } from "./cuda.mjs";
import { checkGlibc } from "./release.mjs";
import { addonAndTests, javascript, addon as ordinaryAddon, packages } from "./setup.mjs";
import { main, printTimes, root, run, Stop, step } from "./steps.mjs";

/** Names of tests that compute expressions, or look at what they read of a device. */
const TESTS = ["expressions", "on_a_device", "other_devices", "factorised", "task_loss", "norm::tests", "known::tests"];
/** A method without steps and one with them. */
const METHODS = ["pca", "tbr"];

const { values } = parseArgs({ options: { addon: { type: "string" } } });

await main(async () => {
  await packages();
  await (values.addon === undefined ? addonAndTests() : ordinaryAddon());
  await javascript();
  let cuda;
  await step("CUDA from PyPI", () => {
    cuda = toolkit();
  });
  let addon;
  await step("addon with CUDA", () => {
    addon = values.addon === undefined ? compiled() : resolve(values.addon);
    return `${(statSync(addon).size / 1e6).toFixed(1)} MB`;
  });
  await step("libraries that it needs", () => {
    const found = needed(addon).filter((name) => /^lib(cu|nv)/.test(name));
    same("needed libraries", found.sort(), LIBRARIES.toSorted());
    return [...found, `glibc ${checkGlibc(addon)}`].join(", ");
  });
  await step("without these libraries", () => {
    const [{ code, hint }] = fits({ device: "cpu", methods: ["pca"] }, loadEnvironment(addon, []));
    same("failure", code, "NATIVE_NOT_FOUND");
    if (!hint?.includes("LD_LIBRARY_PATH")) throw new Stop(`the hint does not name LD_LIBRARY_PATH: ${hint}`);
    return `${code}: ${hint}`;
  });
  const loaded = loadEnvironment(addon, [cuda.libraries, cuda.stub]);
  const of = (device) => fits({ device, methods: METHODS, steps: 30 }, loaded);
  await step('device: "cuda" without a device', () => {
    for (const { code, message, hint } of of("cuda")) {
      same("failure", code, "DEVICE_NOT_FOUND");
      if (message.includes("\n")) throw new Stop(`the message has more than a line: ${message}`);
      if (!message.includes("CUDA device 0")) throw new Stop(`the message does not say what was tried: ${message}`);
      if (!hint?.includes('"cpu"')) throw new Stop(`the hint does not say what to do: ${hint}`);
    }
    return of("cuda")[0].message;
  });
  const cpu = of("cpu");
  await step('device: "cpu"', () => {
    same("failures", cpu.map(({ code }) => code).filter(Boolean), []);
    same("warnings of the device", cpu.flatMap(fallbacks), []);
    return cpu.map(({ method, outcome }) => `${method}: ${outcome}`).join(", ");
  });
  await step('device: "auto" without a device', () => {
    const auto = of("auto");
    same(
      "latents",
      auto.map(({ latents }) => latents),
      cpu.map(({ latents }) => latents),
    );
    const said = auto.flatMap(fallbacks);
    same("warnings", said.length, METHODS.length);
    if (!said[0].includes("CUDA device 0")) throw new Stop(`the warning does not say what was tried: ${said[0]}`);
    return said[0];
  });
  if (values.addon === undefined) {
    await step("expressions of every operation", () =>
      run("cargo", [
        "test",
        "--release",
        "--locked",
        "--workspace",
        "--quiet",
        "--lib",
        "--test",
        "engine",
        "--",
        ...TESTS,
      ]),
    );
  }
  printTimes();
  console.log(
    "\nCUDA: everything that can be checked without a GPU holds; `npm run cuda:test` checks the rest on a machine with one",
  );
});

/** For a check, not for use: our crates are barely optimised, which spares minutes; the kernels that we call are those of a release. */
function compiled() {
  return compiledAddon(["--config", "profile.release.opt-level=1"]);
}

function fits(request, env) {
  const script = [join(root, "scripts", "cuda-fits.mjs"), JSON.stringify(request)];
  const { status, stdout, stderr } = spawnSync(process.execPath, script, {
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  if (status !== 0) throw new Stop(`${script.join(" ")} ended with ${status}`, stderr);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function fallbacks({ warnings = [] }) {
  return warnings.filter(({ code }) => code === "DEVICE_FALLBACK").map(({ message }) => message);
}

function same(what, got, wanted) {
  if (JSON.stringify(got) !== JSON.stringify(wanted))
    throw new Stop(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);
}
