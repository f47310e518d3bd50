// What is published: one package per platform with its addon, and the main package that names them as optional dependencies of the
// same version. @napi-rs/cli builds the addons, lays the packages out and writes what belongs into their manifests; this script calls it
// on copies, so that nothing of the repository is edited (docs/decisions/0003).
//
//   node scripts/release.mjs --addon DIR [--target TRIPLE | --cuda]   builds an addon as it is published, into DIR; with CUDA from PyPI
//   node scripts/release.mjs ADDONS OUT      ADDONS holds disentangle.<target>.node files; OUT gets the tarballs
//   node scripts/release.mjs --cuda-package FILE OUT   packs an addon with CUDA, as npm/cuda-linux-x64-gnu lays it out
//   node scripts/release.mjs --dist          builds the JavaScript and the loader
//   node scripts/release.mjs --sbom FILE     what npm installs with the package and what is compiled into the addon, as CycloneDX
//   node scripts/release.mjs --publish OUT   publishes them, those with addons first; --dry-run does everything but that
//   node scripts/release.mjs --check TAG     stops where TAG, the versions and CHANGELOG.md do not belong together
//   node scripts/release.mjs --notes         prints what CHANGELOG.md says of this version
//   node scripts/release.mjs --folders       rewrites npm/ after a change of version, engines or platforms
//   node scripts/release.mjs --glibc FILE    stops where an addon asks for a newer glibc than we promise
//   node scripts/release.mjs --dry-run       all of it for this machine alone, and publishes nothing (`npm run release -- --dry-run`)

import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { withCuda } from "./cuda.mjs";
import { loader } from "./loader.mjs";
import { addonFile, hostTarget, packageName, platforms } from "./platforms.mjs";
import { addonHash, javascript } from "./setup.mjs";
import {
  filesUnder,
  isCurrent,
  isFile,
  isMain,
  main,
  npm,
  output,
  root,
  run,
  Stop,
  stamp,
  step,
  targetFolder,
} from "./steps.mjs";
import { crates, licenseTexts } from "./third-party.mjs";
import { withZig } from "./zig.mjs";

/** The oldest glibc that a released addon runs on: Debian 10, RHEL 8, Ubuntu 20.04 and all that is newer have it. */
const GLIBC = "2.28";
/** The platform that the addon with CUDA is for, and the folder of its package. */
const CUDA_TARGET = "linux-x64-gnu";
const CUDA_FOLDER = `npm/cuda-${CUDA_TARGET}`;

/** Packs the main package and those of the platforms whose addon is in `addons`. Returns the tarballs by package name. */
export async function pack(addons, out, wanted) {
  rmSync(out, { recursive: true, force: true });
  const stage = join(out, "main");
  stageMain(stage, wanted);
  for (const { target } of wanted) {
    const file = join(addons, addonFile(target));
    if (!isFile(file)) throw new Stop(`${file} is missing`, "every platform of a release needs its addon");
    mkdirSync(join(stage, "artifacts"), { recursive: true });
    copyFileSync(file, join(stage, "artifacts", addonFile(target)));
  }
  const cli = await napi();
  await cli.createNpmDirs({ cwd: stage });
  await cli.artifacts({ cwd: stage });
  // The packages are published by `publish` below: with provenance, and the main one last.
  await cli.prePublish({ cwd: stage, skipOptionalPublish: true, ghRelease: false });
  const tarballs = {};
  const licenses = licenseTexts();
  for (const { target } of wanted) {
    const folder = join(out, target);
    renameSync(join(stage, "npm", target), folder);
    addLicenses(folder, licenses);
    tarballs[packageName(target)] = packFolder(folder, out);
  }
  // What only the repository needs stays out of what users read.
  const { scripts, devDependencies, ava, napi: _, ...published } = manifestOf(stage);
  writeManifest(stage, published);
  tarballs.disentangle = packFolder(stage, out);
  return tarballs;
}

function stageMain(stage, wanted) {
  const manifest = manifestOf(root);
  for (const path of [...manifest.files, "README.md", "LICENSE-APACHE", "LICENSE-MIT", "THIRD_PARTY.md"]) {
    if (!existsSync(join(root, path))) throw new Stop(`${path} is missing`, "`npm run setup` builds what is published");
    cpSync(join(root, path), join(stage, path), { recursive: true });
  }
  writeManifest(stage, { ...manifest, napi: { ...manifest.napi, targets: wanted.map(({ rust }) => rust) } });
}

function addLicenses(folder, licenses) {
  writeFileSync(join(folder, "LICENSES.txt"), licenses);
  const manifest = manifestOf(folder);
  writeManifest(folder, { ...manifest, files: [...manifest.files, "LICENSES.txt"] });
}

/**
 * The files of the package with CUDA: path relative to the root -> text. It is none of the optional dependencies of the main package: it does
 * not load without a driver and the libraries of CUDA, so who installs it names it to the loader (docs/deployment.md).
 */
function cudaFolder() {
  const { version, description, keywords, license, repository, engines } = manifestOf(root);
  const main = addonFile(CUDA_TARGET);
  const [os, cpu] = CUDA_TARGET.split("-");
  const manifest = {
    name: `@disentangle/cuda-${CUDA_TARGET}`,
    version,
    cpu: [cpu],
    main,
    files: [main],
    description: `${description} The native addon with CUDA.`,
    keywords,
    license,
    engines,
    repository,
    os: [os],
    libc: ["glibc"],
  };
  const readme = [
    `# \`${manifest.name}\``,
    "",
    "This is the addon of `disentangle` for Linux x64 with CUDA. It needs NVIDIA's driver and the libraries of CUDA 13, and is loaded where",
    "`NAPI_RS_NATIVE_LIBRARY_PATH` names it:",
    "",
    "```sh",
    `export NAPI_RS_NATIVE_LIBRARY_PATH=$(node -p 'require.resolve("${manifest.name}")')`,
    "```",
    "",
    "[Deployment](https://github.com/disentangle/disentangle/blob/main/docs/deployment.md#cuda) says where the libraries come from.",
  ];
  return new Map([
    [`${CUDA_FOLDER}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`],
    [`${CUDA_FOLDER}/README.md`, `${readme.join("\n")}\n`],
  ]);
}

/** Packs an addon with CUDA. */
function packCuda(addon, out) {
  const folder = join(out, basename(CUDA_FOLDER));
  mkdirSync(folder, { recursive: true });
  for (const [path, text] of cudaFolder()) writeFileSync(join(folder, basename(path)), text);
  copyFileSync(addon, join(folder, addonFile(CUDA_TARGET)));
  addLicenses(folder, licenseTexts(["cuda"]));
  return packFolder(folder, out);
}

/** The files under npm/, as @napi-rs/cli lays them out, and beside them those of the package with CUDA: path relative to the root -> text. */
export async function platformFolders() {
  const folder = mkdtempSync(join(tmpdir(), "disentangle-npm-"));
  try {
    copyFileSync(join(root, "package.json"), join(folder, "package.json"));
    await (await napi()).createNpmDirs({ cwd: folder });
    const files = readdirSync(join(folder, "npm"), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const paths = files.map(({ parentPath, path, name }) => join(parentPath ?? path, name));
    const platforms = paths.map((path) => [
      path.slice(folder.length + 1).replaceAll("\\", "/"),
      `${readFileSync(path, "utf8").trim()}\n`,
    ]);
    return new Map([...platforms, ...cudaFolder()]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Stops where npm/ is not current. */
export async function checkFolders() {
  const wanted = await platformFolders();
  const there = filesUnder("npm").filter((path) => !path.endsWith(".node"));
  const stale = [...wanted.keys(), ...there].find(
    (path) => !isFile(join(root, path)) || readFileSync(join(root, path), "utf8") !== wanted.get(path),
  );
  if (stale) throw new Stop(`${stale} is not current`, "node scripts/release.mjs --folders");
}

async function writeFolders() {
  const wanted = await platformFolders();
  rmSync(join(root, "npm"), { recursive: true, force: true });
  for (const [path, text] of wanted) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

function packFolder(folder, out) {
  npm(["pack", "--silent", "--pack-destination", out], { cwd: folder });
  const { name, version } = manifestOf(folder);
  return join(out, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

function writeManifest(folder, manifest) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

async function napi() {
  const { NapiCli } = await import("@napi-rs/cli");
  return new NapiCli();
}

/** Builds an addon as it is published, into a folder. Linux is linked by zig, against an old glibc or musl, on any Linux. */
export async function buildAddon(folder, { target = hostTarget(), features = [] } = {}) {
  const platform = (await platforms()).find((one) => one.target === target || one.rust === target);
  if (!platform) throw new Stop(`${target} is none of the platforms under \`napi\` in package.json`);
  const { rust, libc } = platform;
  // What CUDA brings along is linked by the compiler that it was built for; crates/node/glibc.rs keeps that one to the old glibc too.
  const byZig = libc !== undefined && features.length === 0;
  if (platform.target !== hostTarget()) run("rustup", ["target", "add", rust]);
  const build = async () => {
    const { task } = await (await napi()).build({
      cwd: root,
      package: "disentangle-node",
      profile: "dist",
      platform: true,
      noJsBinding: true,
      // The types of the boundary are written by hand in src/native.ts.
      dts: "napi-types.d.ts",
      outputDir: folder,
      target: byZig && libc === "gnu" ? `${rust}.${GLIBC}` : rust,
      crossCompile: byZig,
      ...(features.length > 0 && { features }),
      cargoOptions: ["--locked"],
    });
    await task;
    rmSync(join(folder, "napi-types.d.ts"), { force: true });
  };
  mkdirSync(folder, { recursive: true });
  if (byZig) await withZig(build);
  else await (features.includes("cuda") ? withCuda(build) : build());
  const file = join(folder, addonFile(platform.target));
  checkGlibc(file);
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

/** Stops at an addon that only a newer Linux than promised can load. Returns what it asks for. */
export function checkGlibc(file) {
  const newest = newestGlibc(readFileSync(file));
  if (newest !== undefined && Number(newest.split(".")[1]) > Number(GLIBC.split(".")[1]))
    throw new Stop(
      `${basename(file)} asks for glibc ${newest}, newer than ${GLIBC}`,
      "`objdump -T` names the symbols; scripts/release.mjs --addon builds against the old one",
    );
  return newest;
}

/** What npm installs with the package, and what is compiled into the addon, as CycloneDX. */
function sbom(file) {
  const text = output("npm", ["sbom", "--omit=dev", "--sbom-format=cyclonedx", "--package-lock-only"]);
  if (text === undefined) throw new Stop("`npm sbom` failed", "it is part of npm 10 and newer");
  const bill = JSON.parse(text);
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  const compiled = crates().map(({ name, version, license }) => {
    const entry = lock.indexOf(`name = "${name}"\nversion = "${version}"\n`);
    const [, checksum] = /checksum = "(\w+)"/.exec(lock.slice(entry));
    const purl = `pkg:cargo/${name}@${version}`;
    const licenses = [{ expression: license.replaceAll("/", " OR ") }];
    return {
      "bom-ref": purl,
      type: "library",
      name,
      version,
      purl,
      licenses,
      hashes: [{ alg: "SHA-256", content: checksum }],
    };
  });
  bill.components.push(...compiled);
  const self = bill.dependencies.find(({ ref }) => ref === bill.metadata.component["bom-ref"]);
  self.dependsOn.push(...compiled.map(({ purl }) => purl));
  bill.dependencies.push(...compiled.map(({ purl }) => ({ ref: purl, dependsOn: [] })));
  writeFileSync(file, `${JSON.stringify(bill, null, 2)}\n`);
}

/** Stops where the tag of a release, the versions of its parts and its changelog do not belong together. */
export async function checkTag(tag) {
  const { version } = manifestOf(root);
  if (tag !== `v${version}`)
    throw new Stop(`the tag ${tag} is not v${version}`, "bring the version up to date, or tag again");
  const cargo = /^version = "(.+)"$/m.exec(readFileSync(join(root, "Cargo.toml"), "utf8"))?.[1];
  if (cargo !== version)
    throw new Stop(`Cargo.toml has the version ${cargo}, package.json ${version}`, "give both one version");
  await checkFolders();
  notes();
}

function notes() {
  return releaseNotes(readFileSync(join(root, "CHANGELOG.md"), "utf8"), manifestOf(root).version);
}

/** Publishes the tarballs of a folder: the packages with addons first, so that the main one never names what is not there. */
function publish(out, { dryRun }) {
  const main = `disentangle-${manifestOf(root).version}.tgz`;
  const tarballs = readdirSync(out).filter((name) => name.endsWith(".tgz"));
  if (!tarballs.includes(main)) throw new Stop(`${join(out, main)} is missing`, "node scripts/release.mjs ADDONS OUT");
  // Provenance is signed by the workflow that publishes: there is none of a trial.
  const flags = dryRun ? ["--dry-run"] : ["--provenance"];
  for (const name of [...tarballs.filter((name) => name !== main), main])
    npm(["publish", join(out, name), "--access", "public", ...flags]);
}

/** Where `npm run release -- --dry-run` leaves the addon of this machine as it would be published. */
export const rehearsedAddons = () => join(targetFolder(), "release-dry-run", "addons");

/** That addon; built where there is none of the sources as they are. @napi-rs/cli has cargo build it each time, for minutes. */
export async function publishedAddon() {
  const [file, hash] = [join(rehearsedAddons(), addonFile(hostTarget())), addonHash()];
  if (isFile(file) && isCurrent("published", hash)) return file;
  await buildAddon(rehearsedAddons());
  stamp("published", hash);
  return file;
}

async function rehearse() {
  const [addons, out] = [rehearsedAddons(), join(targetFolder(), "release-dry-run", "packages")];
  await step("tag, versions, changelog", () => checkTag(`v${manifestOf(root).version}`));
  await step("addon", async () => {
    const file = await publishedAddon();
    const newest = checkGlibc(file);
    const size = `${(statSync(file).size / 1e6).toFixed(2)} MB`;
    return newest === undefined ? size : `${size}, asks for glibc ${newest}`;
  });
  await step("javascript", dist);
  await step("packages", async () => {
    const host = (await platforms()).filter(({ target }) => target === hostTarget());
    await pack(addons, out, host);
    sbom(join(out, "sbom.cdx.json"));
  });
  await step("publish (dry run)", () => publish(out, { dryRun: true }));
}

async function dist() {
  await javascript();
  await loader();
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        addon: { type: "string" },
        target: { type: "string" },
        cuda: { type: "boolean" },
        "cuda-package": { type: "string" },
        dist: { type: "boolean" },
        sbom: { type: "string" },
        publish: { type: "string" },
        "dry-run": { type: "boolean" },
        check: { type: "string" },
        notes: { type: "boolean" },
        folders: { type: "boolean" },
        glibc: { type: "string" },
      },
    });
    const { target, cuda, "dry-run": dryRun = false } = values;
    if (values.addon) {
      const features = cuda ? ["cuda"] : [];
      return console.log(await buildAddon(resolve(values.addon), { target, features }));
    }
    if (values.dist) return dist();
    if (values.sbom) return sbom(resolve(values.sbom));
    if (values.publish) return publish(resolve(values.publish), { dryRun });
    if (values.check) return checkTag(values.check);
    if (values.notes) return console.log(notes());
    if (values.folders) return writeFolders();
    if (values.glibc) return console.log(checkGlibc(resolve(values.glibc)) ?? "none");
    if (dryRun) return rehearse();
    const [first, second] = positionals.map((path) => resolve(path));
    if (values["cuda-package"] && first) return console.log(packCuda(resolve(values["cuda-package"]), first));
    if (!second) throw new Stop("two folders are needed", "node scripts/release.mjs ADDONS OUT");
    const all = await platforms();
    for (const { target, libc } of all) if (libc === "gnu") checkGlibc(join(first, addonFile(target)));
    for (const tarball of Object.values(await pack(first, second, all))) console.log(tarball);
  });
}
