// CUDA without NVIDIA's installer: compiler and libraries from PyPI, laid out as a build expects them, and a driver without a device for
// machines that have none.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { addonFile, hostLibrary, hostTarget } from "./platforms.mjs";
import { fromPypi } from "./pypi.mjs";
import { output, run, Stop, targetFolder, withEnvironment } from "./steps.mjs";

/**
 * The oldest CUDA that PyPI has a whole compiler of: kernels are compiled for the GPU when the addon starts, by a driver that has to be as new
 * as the compiler.
 */
const VERSIONS = {
  "nvidia-cuda-nvcc": "13.0.88",
  "nvidia-cuda-crt": "13.0.88",
  "nvidia-nvvm": "13.0.88",
  "nvidia-cuda-runtime": "13.0.96",
  "nvidia-cuda-cccl": "13.0.85",
  "nvidia-cuda-nvrtc": "13.0.88",
  "nvidia-cublas": "13.1.0.3",
  "nvidia-curand": "10.4.0.35",
};

/** The oldest GPU that the addon is compiled for; what is newer runs it, too. 8.0 is the A100, 8.6 an RTX 3090. */
const CAPABILITY = "80";

/** What the addon needs when it is loaded, beside the C and C++ libraries of the system: the driver's, and those of CUDA. */
export const LIBRARIES = ["libcuda.so.1", "libcublas.so.13", "libcudart.so.13", "libcurand.so.10"];

/** `cuInit` without a device says this, and so does every function of our driver. */
const NO_DEVICE = 100;

/**
 * Folders of a CUDA toolkit: `home` of all, `libraries` of what is linked and loaded, `stub` of a driver without a device.
 *
 * @returns {{ readonly home: string, readonly libraries: string, readonly stub: string }}
 */
export function toolkit() {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Stop("CUDA is built on Linux x64 only", "its compiler comes from PyPI for that system");
  // Each package names others that nothing here needs.
  const environment = fromPypi("cuda-toolkit", VERSIONS, ["--no-deps"]);
  const [python] = readdirSync(join(environment, "lib")).filter((name) => name.startsWith("python"));
  const home = join(environment, "lib", python, "site-packages", "nvidia", "cu13");
  const libraries = join(home, "lib");
  // A linker looks for names without a version.
  for (const name of readdirSync(libraries).filter((name) => name.includes(".so."))) {
    const plain = join(libraries, `${name.split(".so.")[0]}.so`);
    if (!existsSync(plain)) symlinkSync(name, plain);
  }
  return { home, libraries, stub: driver(home) };
}

/** A libcuda with every function of the header, each of which says that there is no device. Returns its folder. */
function driver(home) {
  const folder = join(home, "lib", "stubs");
  if (existsSync(join(folder, "libcuda.so.1"))) return folder;
  mkdirSync(folder, { recursive: true });
  const header = readFileSync(join(home, "include", "cuda.h"), "utf8");
  const names = [...new Set(header.match(/\bcu[A-Z]\w*/g))];
  const source = join(folder, "driver.c");
  writeFileSync(source, names.map((name) => `int ${name}(void) { return ${NO_DEVICE}; }\n`).join(""));
  run("cc", ["-shared", "-fPIC", "-w", "-Wl,-soname,libcuda.so.1", "-o", join(folder, "libcuda.so"), source], {
    hint: "install a C compiler: apt-get install build-essential",
  });
  symlinkSync("libcuda.so", join(folder, "libcuda.so.1"));
  return folder;
}

/** The environment of a build with CUDA. */
function buildEnvironment({ home }) {
  return {
    CUDA_HOME: home,
    // A machine that builds need not have a GPU to be asked.
    CUDA_COMPUTE_CAP: process.env.CUDA_COMPUTE_CAP ?? CAPABILITY,
    PATH: `${join(home, "bin")}${delimiter}${process.env.PATH}`,
  };
}

/** Runs `build` with the toolkit in the environment. */
export const withCuda = (build) => withEnvironment(buildEnvironment(toolkit()), build);

/** Where builds with CUDA that are not published go: never into the folder of the gate, whose crates have other features. */
export const cudaTarget = () => join(targetFolder(), "cuda");

/**
 * Runs cargo with the toolkit, in a target folder of its own.
 *
 * Kernels that we call are translated for a GPU by its driver. Those that the compiler translates itself are candle's for quantised language
 * models, which nothing here calls: not to optimise them spares minutes, and makes the addon larger.
 */
export function cargo(args) {
  const env = { ...buildEnvironment(toolkit()), NVCC_APPEND_FLAGS: "-Xptxas -O0" };
  run("cargo", [...args, "--release", "--locked", "--target-dir", cudaTarget()], { env });
}

/** Compiles an addon with CUDA, with more arguments of cargo. Returns its file. */
export function compiledAddon(args = []) {
  cargo(["build", "--package", "disentangle-node", "--features", "cuda", ...args]);
  const file = join(cudaTarget(), addonFile(hostTarget()));
  copyFileSync(join(cudaTarget(), "release", hostLibrary()), file);
  return file;
}

/** The environment that an addon with CUDA is loaded in: `folders` are where its libraries are looked for first. */
export function loadEnvironment(addon, folders) {
  const path = [...folders, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  return { NAPI_RS_NATIVE_LIBRARY_PATH: addon, LD_LIBRARY_PATH: path };
}

/** The libraries that a file names as needed. */
export function needed(file) {
  const text = output("readelf", ["--dynamic", file]);
  if (text === undefined) throw new Stop("`readelf` failed", "it comes with the compiler: apt-get install binutils");
  return [...text.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name);
}

/** The GPUs of this machine, a line for each; none where there is no driver. */
export function gpus() {
  return (output("nvidia-smi", ["--list-gpus"]) ?? "").split("\n").filter((line) => line.startsWith("GPU "));
}
