// What is published: one package per platform with its addon, and the main package that names them as optional
// dependencies of the same version. The repository's own package.json does not name them (docs/decisions/0003).
//
//   node scripts/release.mjs --addon DIR     builds the addon of this machine as it is published, into DIR
//   node scripts/release.mjs ADDONS OUT      ADDONS holds disentangle.<target>.node files; OUT gets the tarballs
//   node scripts/release.mjs --dist          builds the JavaScript
//   node scripts/release.mjs --sbom FILE     what npm installs with the package, as CycloneDX
//   node scripts/release.mjs --publish OUT   publishes them, those with addons first; --dry-run does everything but that
//   node scripts/release.mjs --check TAG     stops where TAG, the versions and CHANGELOG.md do not belong together
//   node scripts/release.mjs --notes         prints what CHANGELOG.md says of this version
//   node scripts/release.mjs --folders       rewrites npm/ after a change of version, engines or platforms
//   node scripts/release.mjs --dry-run       all of it for this machine alone, and publishes nothing (`npm run release -- --dry-run`)

import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { addonFile, hostLibrary, hostTarget, platforms } from "./platforms.mjs";
import { javascript } from "./setup.mjs";
import { isFile, isMain, main, npm, output, root, run, Stop, step, targetFolder } from "./steps.mjs";
import { licenseTexts } from "./third-party.mjs";

/** Packs the main package and those of the platforms whose addon is in `addons`. Returns the tarballs by package name. */
export function pack(addons, out, wanted = platforms) {
  rmSync(out, { recursive: true, force: true });
  const manifest = readManifest();
  const names = wanted.map(({ target }) => `@disentangle/${target}`);
  const optionalDependencies = Object.fromEntries(names.map((name) => [name, manifest.version]));
  const tarballs = { disentangle: packMain({ ...manifest, optionalDependencies }, out) };
  const licenses = licenseTexts();
  for (const { target } of wanted) {
    const file = join(addons, addonFile(target));
    if (!isFile(file)) throw new Stop(`${file} is missing`, "every platform of a release needs its addon");
    const stage = join(out, target);
    cpSync(join(root, "npm", target), stage, { recursive: true });
    copyFileSync(file, join(stage, addonFile(target)));
    writeFileSync(join(stage, "LICENSES.txt"), licenses);
    tarballs[`@disentangle/${target}`] = packFolder(stage, out);
  }
  return tarballs;
}

/** The files under npm/ as they have to be: path relative to the root -> text. */
export function platformFolders() {
  const { version, license, repository, engines } = readManifest();
  return new Map(
    platforms.flatMap(({ target, rust, os, cpu, libc }) => {
      const manifest = {
        name: `@disentangle/${target}`,
        version,
        description: `The native addon of disentangle for ${target}`,
        license,
        repository,
        os: [os],
        cpu: [cpu],
        ...(libc && { libc: [libc] }),
        main: addonFile(target),
        files: [addonFile(target), "LICENSES.txt"],
        engines,
      };
      return [
        [`npm/${target}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`],
        [`npm/${target}/README.md`, `The native addon of \`disentangle\` for **${rust}**.\n`],
      ];
    }),
  );
}

function packMain(manifest, out) {
  const stage = join(out, "main");
  for (const path of [...manifest.files, "README.md", "LICENSE-APACHE", "LICENSE-MIT", "THIRD_PARTY.md"]) {
    if (!existsSync(join(root, path))) throw new Stop(`${path} is missing`, "`npm run setup` builds what is published");
    cpSync(join(root, path), join(stage, path), { recursive: true });
  }
  // What only the repository needs stays out of what users read.
  const { scripts, devDependencies, ava, ...published } = manifest;
  writeFileSync(join(stage, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
  return packFolder(stage, out);
}

function packFolder(folder, out) {
  npm(["pack", "--silent", "--pack-destination", out], { cwd: folder });
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(out, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
}

function readManifest() {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
}

/** Builds the addon of this machine as it is published, into a folder. */
export function buildAddon(folder) {
  run("cargo", ["build", "--profile", "dist", "--locked", "-p", "disentangle-node"]);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, addonFile(hostTarget()));
  copyFileSync(join(targetFolder(), "dist", hostLibrary()), file);
  return file;
}

/** What CHANGELOG.md says of a version, without its heading. */
export function releaseNotes(changelog, version) {
  const lines = changelog.split("\n");
  const names = (line) => line.startsWith("## ") && line.slice(3).trim().split(/\s/)[0] === version;
  const from = lines.findIndex(names);
  if (from === -1) throw new Stop(`CHANGELOG.md says nothing of ${version}`, `give it a heading: ## ${version}`);
  const rest = lines.slice(from + 1);
  const end = rest.findIndex((line) => line.startsWith("## "));
  return `${rest
    .slice(0, end === -1 ? undefined : end)
    .join("\n")
    .trim()}\n`;
}

/** The newest glibc that a library asks for, such as `2.28`; undefined where it asks for none. */
export function newestGlibc(library) {
  const found = [...library.toString("latin1").matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(([, major, minor]) => [
    +major,
    +minor,
  ]);
  return found.sort(([a, b], [c, d]) => c - a || d - b)[0]?.join(".");
}

/** What a release for glibc may ask for: Debian 10, RHEL 8 and all that is newer have it. */
const GLIBC = 28;

/** Stops at an addon that only a newer Linux can load. */
function checkGlibc(addons) {
  for (const { target } of platforms.filter(({ libc }) => libc === "glibc")) {
    const newest = newestGlibc(readFileSync(join(addons, addonFile(target))));
    if (newest !== undefined && Number(newest.split(".")[1]) > GLIBC)
      throw new Stop(
        `${addonFile(target)} asks for glibc ${newest}, newer than 2.${GLIBC}`,
        "scripts/linux-addon.sh builds it",
      );
  }
}

/** What npm installs with the package, as CycloneDX. */
function sbom(file) {
  const text = output("npm", ["sbom", "--omit=dev", "--sbom-format=cyclonedx", "--package-lock-only"]);
  if (text === undefined) throw new Stop("`npm sbom` failed", "it is part of npm 10 and newer");
  writeFileSync(file, text);
}

/** Stops where the tag of a release, the versions of its parts and its changelog do not belong together. */
export function checkTag(tag) {
  const { version } = readManifest();
  if (tag !== `v${version}`)
    throw new Stop(`the tag ${tag} is not v${version}`, "bring the version up to date, or tag again");
  const cargo = /^version = "(.+)"$/m.exec(readFileSync(join(root, "Cargo.toml"), "utf8"))?.[1];
  if (cargo !== version)
    throw new Stop(`Cargo.toml has the version ${cargo}, package.json ${version}`, "give both one version");
  for (const [path, text] of platformFolders())
    if (!isFile(join(root, path)) || readFileSync(join(root, path), "utf8") !== text)
      throw new Stop(`${path} is not current`, "node scripts/release.mjs --folders");
  notes();
}

function notes() {
  return releaseNotes(readFileSync(join(root, "CHANGELOG.md"), "utf8"), readManifest().version);
}

/** Publishes the tarballs of a folder: the packages with addons first, so that the main one never names what is not there. */
function publish(out, { dryRun }) {
  const main = `disentangle-${readManifest().version}.tgz`;
  const tarballs = readdirSync(out).filter((name) => name.endsWith(".tgz"));
  if (!tarballs.includes(main)) throw new Stop(`${join(out, main)} is missing`, "node scripts/release.mjs ADDONS OUT");
  // Provenance is signed by the workflow that publishes: there is none of a trial.
  const flags = dryRun ? ["--dry-run"] : ["--provenance"];
  for (const name of [...tarballs.filter((name) => name !== main), main])
    npm(["publish", join(out, name), "--access", "public", ...flags]);
}

async function rehearse() {
  const folder = join(targetFolder(), "release-dry-run");
  const [addons, out] = [join(folder, "addons"), join(folder, "packages")];
  await step("tag, versions, changelog", () => checkTag(`v${readManifest().version}`));
  await step("addon", () => {
    const newest = newestGlibc(readFileSync(buildAddon(addons)));
    return newest === undefined ? "built" : `built, asks for glibc ${newest}`;
  });
  await step("javascript", javascript);
  await step("packages", () => {
    pack(
      addons,
      out,
      platforms.filter(({ target }) => target === hostTarget()),
    );
  });
  await step("publish (dry run)", () => publish(out, { dryRun: true }));
}

function writeFolders() {
  rmSync(join(root, "npm"), { recursive: true, force: true });
  for (const [path, text] of platformFolders()) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const [addons, out, more] = process.argv.slice(2);
    if (addons === "--folders") return writeFolders();
    if (addons === "--notes") return console.log(notes());
    if (addons === "--dry-run") return rehearse();
    if (addons === "--dist") return javascript();
    if (!out) throw new Stop("two folders are needed", "node scripts/release.mjs ADDONS OUT");
    if (addons === "--addon") return console.log(buildAddon(resolve(out)));
    if (addons === "--check") return checkTag(out);
    if (addons === "--sbom") return sbom(resolve(out));
    if (addons === "--publish") return publish(resolve(out), { dryRun: more === "--dry-run" });
    checkGlibc(resolve(addons));
    for (const tarball of Object.values(pack(resolve(addons), resolve(out)))) console.log(tarball);
  });
}
