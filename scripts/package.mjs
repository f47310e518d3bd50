// What a user would get, checked as a user gets it: packed, linted, installed into an empty folder, loaded by `import`,
// by `require` and by `tsc`, started as a command, traced and bundled.
//
//   node scripts/package.mjs

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { esbuild, nft, typescript } from "../benchmark/compat/checks.mjs";
import { addonFile, hostTarget, platforms } from "./platforms.mjs";
import { checkFolders, checkGlibc, pack } from "./release.mjs";
import { isMain, main, node, npm, root, Stop, step, targetFolder, tool } from "./steps.mjs";

/** All checks. Returns a word on the sizes. */
export async function packageChecks() {
  await checkFolders();
  checkGlibc(join(root, addonFile(hostTarget())));
  const tarballs = await packHost();
  tool("publint", ["--strict", tarballs.disentangle]);
  // One ESM build serves `require` too on every Node we support (docs/decisions/0001), hence this profile.
  tool("@arethetypeswrong/cli#attw", ["--profile", "esm-only", tarballs.disentangle]);
  const folder = mkdtempSync(join(tmpdir(), "disentangle-package-"));
  try {
    install(folder, Object.values(tarballs));
    use(folder);
    await compatible(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const addon = statSync(join(root, addonFile(hostTarget()))).size;
  return `${megabytes(statSync(tarballs.disentangle).size)} packed, addon ${megabytes(addon)}`;
}

/** Tarballs of the main package and of this machine's addon, by package name. `addons`: the folder that the addon lies in. */
export async function packHost(addons = root) {
  const host = (await platforms()).filter(({ target }) => target === hostTarget());
  return pack(addons, join(targetFolder(), "package"), host);
}

function install(folder, tarballs) {
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  npm(["install", "--silent", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", ...tarballs], {
    cwd: folder,
  });
  const { packages } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
  const scripted = Object.keys(packages).filter((path) => packages[path].hasInstallScript);
  if (scripted.length > 0) throw new Stop(`users would run install scripts of ${scripted.join(", ")}`);
}

function use(folder) {
  cpSync(join(root, "__test__/package"), folder, { recursive: true });
  node(["import.mjs"], { cwd: folder });
  node(["require.cjs"], { cwd: folder });
  tool("typescript#tsc", ["-p", "."], { cwd: folder });
  node([join("node_modules", "disentangle", "bin", "disentangle.js"), "--version"], { cwd: folder });
}

/** What `npm run compat` tries with every tool, with those that are here anyway. */
async function compatible(folder) {
  for (const name of ["@vercel/nft", "esbuild", "typescript"]) {
    mkdirSync(dirname(join(folder, "node_modules", name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name), "junction");
  }
  const compilers = ["node16", "nodenext", "bundler"].map((module) => typescript("typescript", module));
  for (const [i, check] of [nft.run, esbuild.run, ...compilers].entries()) {
    const project = join(folder, `check-${i}`);
    mkdirSync(project);
    await check(folder, project);
  }
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

if (isMain(import.meta.url)) await main(() => step("package", packageChecks));
