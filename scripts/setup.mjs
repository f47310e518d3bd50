// From a fresh clone to something that runs: packages, the native addon, the JavaScript. Safe to run at any time: what is
// current is left alone. Needs nothing but Node, so that it can say what else is missing.

import { copyFileSync, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { loader } from "./loader.mjs";
import { addonFile, hostLibrary, hostTarget, packageName } from "./platforms.mjs";
import {
  contentHash,
  inCi,
  isCurrent,
  isFile,
  isMain,
  main,
  npm,
  onPath,
  output,
  root,
  run,
  Stop,
  stamp,
  step,
  targetFolder,
  tool,
} from "./steps.mjs";

/** Everything that `npm run demo` needs. */
export async function setup() {
  await packages();
  await addon();
  await javascript();
}

/** Development packages as the lock file names them. */
export async function packages() {
  checkNode();
  await step("packages", () => {
    if (packagesAreCurrent()) return "current";
    npm(["ci", "--no-audit", "--no-fund"], { hint: "npm could not install the packages of package-lock.json" });
    return "installed";
  });
}

/** The native addon for this machine at the root of the repository, and its loader. */
export async function addon() {
  await step("native addon", async () => {
    const note = buildAddon();
    await loader();
    return note;
  });
}

function buildAddon() {
  const target = hostTarget();
  const prebuilt = packageName(target);
  if (existsSync(join(root, "node_modules", prebuilt))) return `prebuilt (${prebuilt})`;
  checkRust();
  const hash = addonHash();
  if (isFile(join(root, addonFile(target))) && isCurrent("addon", hash)) return "current";
  run("cargo", ["build", "--release", "--locked", "-p", "disentangle-node"]);
  return takeAddon(hash);
}

/** The addon, the tests and xtask in one build. One by one they would compile candle once per set of features. */
export async function addonAndTests() {
  await step("native addon and rust tests: build", async () => {
    checkRust();
    const hash = addonHash();
    run("cargo", ["build", "--release", "--locked", "--workspace", "--lib", "--bins", "--tests", "--examples"]);
    const note = takeAddon(hash);
    await loader();
    return note;
  });
}

/** TypeScript to dist/. */
export async function javascript() {
  await step("javascript", () => {
    const hash = contentHash(["src", "tsconfig.json", "tsconfig.build.json", "package.json"]);
    if (isFile(join(root, "dist/index.js")) && isCurrent("javascript", hash)) return "current";
    rmSync(join(root, "dist"), { recursive: true, force: true });
    tool("typescript#tsc", ["-p", "tsconfig.build.json"]);
    stamp("javascript", hash);
    return "built dist/";
  });
}

/** What the tests need beyond that: a browser to look at the report with. */
export async function browser() {
  await step("browser for the report's tests", () => {
    if (chromiumNames.some(onPath)) return "there";
    if (process.platform === "linux" && process.getuid?.() === 0 && onPath("apt-get")) {
      const env = { DEBIAN_FRONTEND: "noninteractive" };
      run("apt-get", ["update", "-qq"], { env });
      run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"], { env });
      return "installed";
    }
    if (inCi) throw new Stop("no chromium", "CI must run every test: install Debian's chromium");
    console.warn("NO CHROMIUM: the tests of the report in a browser will be SKIPPED. Install chromium to run them.");
    return "missing, tests skipped";
  });
}

/** What the tests of sweeps on many machines need: a server between them, and a clock that can be set back. */
export async function redisServer() {
  await step("redis-server and faketime for the tests of sweeps", () => {
    if (onPath("redis-server") && (process.platform !== "linux" || onPath("faketime"))) return "there";
    if (process.platform === "linux" && onPath("apt-get")) {
      const root = process.getuid?.() === 0;
      if (root || onPath("sudo")) {
        const apt = (...args) => run(root ? "apt-get" : "sudo", root ? args : ["apt-get", ...args], { env });
        const env = { DEBIAN_FRONTEND: "noninteractive" };
        apt("update", "-qq");
        apt("install", "-y", "-qq", "--no-install-recommends", "redis-server", "faketime");
        return "installed";
      }
    }
    if (inCi) throw new Stop("no redis-server", "CI must run every test: install Debian's redis-server");
    console.warn("NO REDIS-SERVER: the tests of sweeps on many machines will be SKIPPED. Install it to run them.");
    return "missing, tests skipped";
  });
}

const addonSources = [
  "Cargo.toml",
  "Cargo.lock",
  ".cargo/config.toml",
  "crates/data",
  "crates/numerics",
  "crates/metrics",
  "crates/nn",
  "crates/engine",
  "crates/methods",
  "crates/node",
];
/** What Chromium is called, where it is. */
export const chromiumNames = ["chromium", "chromium-browser", "google-chrome"];

/** A hash of all that the addon is made of. */
export function addonHash() {
  return contentHash(addonSources, output("rustc", ["-vV"]) ?? "");
}

// A running process may have the old addon mapped: it is replaced by a rename, never written over.
function takeAddon(hash) {
  const file = addonFile(hostTarget());
  const fresh = join(root, `${file}.new`);
  copyFileSync(join(targetFolder(), "release", hostLibrary()), fresh);
  renameSync(fresh, join(root, file));
  stamp("addon", hash);
  return `built ${file}`;
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const [major, minor] = process.versions.node.split(".").map(Number);
  const fits = engines.node.split("||").some((range) => {
    const [, sign, wantedMajor, wantedMinor = "0"] = /(\^|>=)(\d+)(?:\.(\d+))?/.exec(range);
    if (sign === ">=" && major > Number(wantedMajor)) return true;
    return major === Number(wantedMajor) && minor >= Number(wantedMinor);
  });
  if (!fits) throw new Stop(`Node ${process.versions.node} is not ${engines.node}`, "get a newer one: nodejs.org");
}

function checkRust() {
  const wanted = /rust-version = "(\d+)\.(\d+)"/
    .exec(readFileSync(join(root, "Cargo.toml"), "utf8"))
    .slice(1)
    .map(Number);
  const hint = `install Rust ${wanted.join(".")} or newer: https://rustup.rs (or \`rustup update\`)`;
  const version = output("cargo", ["--version"]);
  if (version === undefined) throw new Stop("cargo was not found, and no prebuilt addon is installed", hint);
  const [major, minor] = /(\d+)\.(\d+)/.exec(version).slice(1).map(Number);
  if (major === wanted[0] && minor < wanted[1]) throw new Stop(`${version.trim()} is too old`, hint);
  if (process.platform === "win32" || onPath("cc")) return;
  const compiler = process.platform === "darwin" ? "xcode-select --install" : "apt-get install build-essential";
  throw new Stop("no C compiler (`cc`), which Rust links with", `install one: ${compiler}`);
}

// npm writes what it installed to node_modules/.package-lock.json. Optional packages may be absent: other platforms.
function packagesAreCurrent() {
  const installedPath = join(root, "node_modules", ".package-lock.json");
  if (!isFile(installedPath)) return false;
  const installed = JSON.parse(readFileSync(installedPath, "utf8")).packages;
  const locked = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  return Object.entries(locked).every(
    ([path, { version, optional }]) =>
      path === "" || (optional && !installed[path]) || installed[path]?.version === version,
  );
}

if (isMain(import.meta.url)) await main(setup);
