// What is published: one package per platform with its addon, and the main package that names them as optional
// dependencies of the same version. The repository's own package.json does not name them (docs/decisions/0003).
//
//   node scripts/release.mjs ADDONS OUT     ADDONS holds disentangle.<target>.node files; OUT gets the tarballs
//                                           (cargo build --profile dist --locked -p disentangle-node, on each platform)
//   node scripts/release.mjs --folders      rewrites npm/ after a change of version, engines or platforms

import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { addonFile, platforms } from "./platforms.mjs";
import { isFile, isMain, main, npm, root, Stop } from "./steps.mjs";

/** Packs the main package and those of the platforms whose addon is in `addons`. Returns the tarballs by package name. */
export function pack(addons, out, wanted = platforms) {
  rmSync(out, { recursive: true, force: true });
  const manifest = readManifest();
  const names = wanted.map(({ target }) => `@disentangle/${target}`);
  const optionalDependencies = Object.fromEntries(names.map((name) => [name, manifest.version]));
  const tarballs = { disentangle: packMain({ ...manifest, optionalDependencies }, out) };
  for (const { target } of wanted) {
    const file = join(addons, addonFile(target));
    if (!isFile(file)) throw new Stop(`${file} is missing`, "every platform of a release needs its addon");
    const stage = join(out, target);
    cpSync(join(root, "npm", target), stage, { recursive: true });
    copyFileSync(file, join(stage, addonFile(target)));
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
        files: [addonFile(target)],
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
  for (const path of [...manifest.files, "README.md", "LICENSE-APACHE", "LICENSE-MIT"]) {
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

function writeFolders() {
  rmSync(join(root, "npm"), { recursive: true, force: true });
  for (const [path, text] of platformFolders()) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const [addons, out] = process.argv.slice(2);
    if (addons === "--folders") return writeFolders();
    if (!out) throw new Stop("two folders are needed", "node scripts/release.mjs ADDONS OUT");
    for (const tarball of Object.values(pack(resolve(addons), resolve(out)))) console.log(tarball);
  });
}
