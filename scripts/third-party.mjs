// What others wrote and we ship, from the lock files alone: packages that npm installs with ours, and crates that are compiled into the
// addon. Refused are licenses that are not listed here, sources without a checksum, and packages that run something at install.
//
//   node scripts/third-party.mjs            rewrites THIRD_PARTY.md
//   node scripts/third-party.mjs --check    stops when it is not current
//   node scripts/third-party.mjs --texts F  writes the license texts of the crates to F, for the packages with the addon

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isMain, main, output, root, Stop } from "./steps.mjs";

const FILE = "THIRD_PARTY.md";

/** Licenses that ask for no more than their text and a notice: one list, for `cargo deny` as well. */
const ALLOWED = new Set(
  JSON.parse(/^allow = (\[[^\]]*\])/m.exec(readFileSync(join(root, "deny.toml"), "utf8"))[1].replace(/,\s*\]/, "]")),
);

/** Licenses in words of their own, read by a person: name of the package -> what they say. */
const READ = {
  h5wasm: "NIST software (public domain in the USA, free use elsewhere), with the BSD-style license of HDF5",
};

/** Data that the package ships, each in its folder with a NOTICE.md: what it is, by whom, under which license. */
const DATA = {
  "examples/data/light-tunnel": [
    "light tunnel of the causal chambers, measurements (a part; changes are listed there)",
    "Juan L. Gamella, Jonas Peters, Peter Bühlmann",
    "CC BY 4.0",
  ],
  "examples/data/pbmc68k": ["700 blood cells, as scanpy ships them", "10x Genomics, scverse", "BSD-3-Clause"],
};

/** Whether one of the choices that a license offers is allowed as a whole. */
export function isAllowed(expression) {
  const text = expression.replace(/\s*\/\s*/g, " OR ").trim();
  const bare = isEnclosed(text) ? text.slice(1, -1) : text;
  const [choices, parts] = [split(bare, " OR "), split(bare, " AND ")];
  if (choices.length > 1) return choices.some(isAllowed);
  if (parts.length > 1) return parts.every(isAllowed);
  return bare === text ? ALLOWED.has(bare) : isAllowed(bare);
}

/** Parts between the word, outside parentheses. */
function split(text, word) {
  const parts = [];
  let [depth, from] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "(") depth++;
    else if (text[at] === ")") depth--;
    else if (depth === 0 && text.startsWith(word, at)) {
      parts.push(text.slice(from, at));
      from = at + word.length;
    }
  }
  return [...parts, text.slice(from)];
}

function isEnclosed(text) {
  if (!text.startsWith("(")) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "(") depth++;
    else if (text[at] === ")" && --depth === 0) return at === text.length - 1;
  }
  return false;
}

/** Packages that npm installs with ours: name, version, license. */
function npmPackages() {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const shipped = Object.entries(packages).filter(([path, { dev, link }]) => path !== "" && !dev && !link);
  return shipped.map(([path, { version, license, integrity, hasInstallScript }]) => {
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    if (integrity === undefined) throw new Stop(`${name}: package-lock.json has no checksum of it`, "npm install");
    if (hasInstallScript)
      throw new Stop(`${name} runs a script when it is installed`, "choose a package that does not");
    return { name, version, license: licenseOf(name, license) };
  });
}

/** Crates that are compiled into the addon with these features, or that take part in compiling it. */
export function crates(features = []) {
  const chosen = features.flatMap((feature) => ["--features", `disentangle-node/${feature}`]);
  const text = output("cargo", ["metadata", "--format-version", "1", "--locked", ...chosen]);
  if (text === undefined)
    throw new Stop("`cargo metadata --locked` failed", "install Rust, or bring Cargo.lock up to date");
  const { packages, resolve } = JSON.parse(text);
  const byId = new Map(packages.map((one) => [one.id, one]));
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const used = new Set();
  const use = (id) => {
    if (used.has(id)) return;
    used.add(id);
    for (const { pkg, dep_kinds } of nodes.get(id).deps) if (dep_kinds.some(({ kind }) => kind === null)) use(pkg);
  };
  use(packages.find(({ name }) => name === "disentangle-node").id);
  const others = [...used].map((id) => byId.get(id)).filter(({ source }) => source !== null);
  return others.map(({ name, version, license, source, manifest_path }) => {
    if (!source.startsWith("registry+"))
      throw new Stop(`the crate ${name} comes from ${source}`, "take it from crates.io");
    return { name, version, license: licenseOf(name, license), folder: dirname(manifest_path) };
  });
}

function licenseOf(name, license) {
  if (name in READ) return READ[name];
  if (license && isAllowed(license)) return license;
  throw new Stop(`${name} has the license ${license ?? "(none)"}`, "it is not on the list in deny.toml");
}

/** Data of others that npm packs with ours. */
function data() {
  const { files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return files
    .filter((folder) => folder.startsWith("examples/"))
    .map((folder) => {
      if (!(folder in DATA)) throw new Stop(`${folder} has no entry`, "add it to DATA in scripts/third-party.mjs");
      const [what, whose, license] = DATA[folder];
      return `| ${what} | ${whose} | ${license} | [${folder}/NOTICE.md](${folder}/NOTICE.md) |`;
    });
}

/** THIRD_PARTY.md as it has to be. */
export function thirdParty() {
  const [npm, rust] = [npmPackages(), crates()].map((list) =>
    list
      .map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`)
      .filter((row, i, rows) => rows.indexOf(row) === i)
      .sort(),
  );
  const table = (rows) => ["| name | version | license |", "| --- | --- | --- |", ...rows].join("\n");
  return `# Third-party software

Written by \`node scripts/third-party.mjs\` from package-lock.json and Cargo.lock; changes are lost.

Where a license offers a choice, each choice is listed. None of this software runs anything when it is installed.

## Installed beside the package by npm

${table(npm)}

## Compiled into the native addon

The texts of these licenses are in \`LICENSES.txt\` of the packages with the addon.

${table(rust)}

## Data

| what | by | license | notice |
| --- | --- | --- | --- |
${data().join("\n")}
`;
}

/** The license texts of the crates, each text once, after the crates that it belongs to. */
export function licenseTexts(features = []) {
  const texts = new Map();
  for (const { name, version, folder } of crates(features)) {
    for (const file of readdirSync(folder)
      .filter((entry) => /^(licen[cs]e|copying|notice)/i.test(entry))
      .sort()) {
      let text;
      try {
        text = readFileSync(join(folder, file), "utf8").trim();
      } catch {
        continue; // a folder of texts, whose files other crates have at their top
      }
      texts.set(text, [...(texts.get(text) ?? []), `${name} ${version}`]);
    }
  }
  const rule = "=".repeat(80);
  const parts = [...texts].map(
    ([text, names]) => `${rule}\n${[...new Set(names)].sort().join(", ")}\n${rule}\n\n${text}\n`,
  );
  return parts.sort().join("\n");
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const [flag, file] = process.argv.slice(2);
    if (flag === "--texts") {
      if (!file) throw new Stop("a file is needed", "node scripts/third-party.mjs --texts LICENSES.txt");
      return writeFileSync(file, licenseTexts());
    }
    const text = thirdParty();
    if (flag !== "--check") return writeFileSync(join(root, FILE), text);
    let kept = "";
    try {
      kept = readFileSync(join(root, FILE), "utf8");
    } catch {}
    if (kept !== text) throw new Stop(`${FILE} is not current`, "node scripts/third-party.mjs");
  });
}
