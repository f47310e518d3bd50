// The addon and its names. Which platforms get a prebuilt one stands in package.json under `napi`; everything about their packages is
// left to @napi-rs/cli.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./steps.mjs";

/** What @napi-rs/cli is told in package.json. */
export function napiConfig() {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).napi;
}

/**
 * The platforms that get a prebuilt addon: `target` as npm names it (`linux-x64-gnu`), `rust` as Rust does.
 *
 * @returns {Promise<readonly { target: string, rust: string, libc?: "gnu" | "musl" }[]>}
 */
export async function platforms() {
  // Set-up names the addon before there are packages.
  const { parseTriple } = await import("@napi-rs/cli");
  return napiConfig().targets.map((rust) => {
    const { platformArchABI, platform, abi } = parseTriple(rust);
    return { target: platformArchABI, rust, ...(platform === "linux" && { libc: abi }) };
  });
}

/** Name of the package with the addon of a target. */
export function packageName(target) {
  return `${napiConfig().packageName}-${target}`;
}

/** The target of this process, also where no prebuilt addon exists: a local build has to be named too. */
export function hostTarget() {
  const { platform, arch } = process;
  if (platform === "linux") return `linux-${arch}-${isMusl() ? "musl" : "gnu"}`;
  if (platform === "win32") return `win32-${arch}-msvc`;
  return `${platform}-${arch}`;
}

/** Name of the addon's file for a target. */
export function addonFile(target) {
  return `${napiConfig().binaryName}.${target}.node`;
}

/** Name of the dynamic library that cargo writes on this machine. */
export function hostLibrary() {
  if (process.platform === "win32") return "disentangle_node.dll";
  return process.platform === "darwin" ? "libdisentangle_node.dylib" : "libdisentangle_node.so";
}

function isMusl() {
  process.report.excludeNetwork = true;
  return !process.report.getReport().header.glibcVersionRuntime;
}
