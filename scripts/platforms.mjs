// The platforms that get a prebuilt addon. The addon, its package and its folder under npm/ share one name: the target.

/** @typedef {{ target: string, rust: string, os: string, cpu: string, libc?: "glibc" | "musl", library: string }} Platform */

/** @type {readonly Platform[]} */
export const platforms = [
  linux("linux-x64-gnu", "x86_64-unknown-linux-gnu", "x64", "glibc"),
  linux("linux-arm64-gnu", "aarch64-unknown-linux-gnu", "arm64", "glibc"),
  linux("linux-x64-musl", "x86_64-unknown-linux-musl", "x64", "musl"),
  linux("linux-arm64-musl", "aarch64-unknown-linux-musl", "arm64", "musl"),
  darwin("darwin-x64", "x86_64-apple-darwin", "x64"),
  darwin("darwin-arm64", "aarch64-apple-darwin", "arm64"),
  {
    target: "win32-x64-msvc",
    rust: "x86_64-pc-windows-msvc",
    os: "win32",
    cpu: "x64",
    library: "disentangle_node.dll",
  },
];

/** The target of this process, also where no prebuilt addon exists: a local build has to be named too. */
export function hostTarget() {
  const { platform, arch } = process;
  if (platform === "linux") return `linux-${arch}-${isMusl() ? "musl" : "gnu"}`;
  if (platform === "win32") return `win32-${arch}-msvc`;
  return `${platform}-${arch}`;
}

/** Name of the addon's file for a target. */
export function addonFile(target) {
  return `disentangle.${target}.node`;
}

/** Name of the dynamic library that cargo writes on this machine. */
export function hostLibrary() {
  if (process.platform === "win32") return "disentangle_node.dll";
  return process.platform === "darwin" ? "libdisentangle_node.dylib" : "libdisentangle_node.so";
}

function isMusl() {
  return !process.report.getReport().header.glibcVersionRuntime;
}

function linux(target, rust, cpu, libc) {
  return { target, rust, os: "linux", cpu, libc, library: "libdisentangle_node.so" };
}

function darwin(target, rust, cpu) {
  return { target, rust, os: "darwin", cpu, library: "libdisentangle_node.dylib" };
}
