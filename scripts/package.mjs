// What a user would get, checked as a user gets it: packed, linted, installed into an empty folder, loaded by `import`,
// by `require` and by `tsc`, and started as a command.

import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addonFile, hostTarget, platforms } from "./platforms.mjs";
import { pack, platformFolders } from "./release.mjs";
import { isFile, node, npm, root, Stop, targetFolder, tool } from "./steps.mjs";

/** All checks. Returns a word on the sizes. */
export function packageChecks() {
  for (const [path, text] of platformFolders()) {
    if (!isFile(join(root, path)) || readFileSync(join(root, path), "utf8") !== text)
      throw new Stop(`${path} is not current`, "node scripts/release.mjs --folders");
  }
  const host = platforms.filter(({ target }) => target === hostTarget());
  const tarballs = pack(root, join(targetFolder(), "package"), host);
  tool("publint", ["--strict", tarballs.disentangle]);
  // One ESM build serves `require` too on every Node we support (docs/decisions/0001), hence this profile.
  tool("@arethetypeswrong/cli#attw", ["--profile", "esm-only", tarballs.disentangle]);
  const folder = mkdtempSync(join(tmpdir(), "disentangle-package-"));
  try {
    install(folder, Object.values(tarballs));
    use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const addon = statSync(join(root, addonFile(hostTarget()))).size;
  return `${megabytes(statSync(tarballs.disentangle).size)} packed, addon ${megabytes(addon)}`;
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

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
