// How long a newcomer waits: from an empty project to the first identified model, with each package manager. They install from a registry
// on this machine that holds our packages, those of all platforms, and sends requests for all others on.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { packHost } from "../scripts/package.mjs";
import { packageName, platforms } from "../scripts/platforms.mjs";
import { publishedAddon, rehearsedAddons } from "../scripts/release.mjs";
import { npm, output } from "../scripts/steps.mjs";
import { inFolder, start, versionOf, write } from "./compat/folder.mjs";
import { root } from "./provenance.mjs";
import { number, table } from "./tables.mjs";

export const about =
  "From an empty project to the first identified model: seconds of `install` with an empty cache, then with those of the program in README.md, whose model reaches an MCC of 0.9; bytes on disk";

const TARGET_SECONDS = 60;
/** What an identified model has at least: latents that mix the axes stay below it. */
const IDENTIFIED = 0.9;
/** The program that README.md shows; it has no types, so any Node runs it. */
const FIRST_PROGRAM = join(root, "examples/quickstart.ts");

/** How each is started and told of a registry; every one of them has a cache of its own, empty. */
const MANAGERS = {
  // The one that comes with this Node: that is what its users have.
  npm: {
    install: (_, cache) => ["npm", ["install", "--cache", cache, "--no-audit", "--no-fund"]],
    version: () => output("npm", ["--version"]).trim(),
    files: (registry) => ({ ".npmrc": `registry=${registry}\n` }),
  },
  pnpm: {
    package: `@pnpm/exe.${process.platform}-${process.arch}`,
    install: (tools, cache) => [
      join(tools, "node_modules", `@pnpm/exe.${process.platform}-${process.arch}`, "pnpm"),
      ["install", "--store-dir", join(cache, "store"), "--cache-dir", cache],
    ],
    files: (registry) => ({ ".npmrc": `registry=${registry}\n` }),
  },
  "@yarnpkg/cli-dist": {
    title: "yarn",
    install: (tools) => [process.execPath, [join(tools, "node_modules/@yarnpkg/cli-dist/bin/yarn.js"), "install"]],
    files: (registry, cache) => ({
      ".yarnrc.yml": `npmRegistryServer: "${registry}"
unsafeHttpWhitelist: ["127.0.0.1"]
nodeLinker: node-modules
enableGlobalCache: false
cacheFolder: ${JSON.stringify(cache)}
enableTelemetry: false
`,
      "yarn.lock": "",
    }),
  },
  bun: {
    package: `@oven/bun-${process.platform}-${process.arch}`,
    install: (tools) => [
      join(tools, "node_modules", `@oven/bun-${process.platform}-${process.arch}`, "bin/bun"),
      ["install"],
    ],
    files: (registry) => ({ "bunfig.toml": `[install]\nregistry = "${registry}"\n` }),
    env: (cache) => ({ BUN_INSTALL_CACHE_DIR: cache }),
  },
};

export async function run({ works, log }) {
  // What users get, not what a checkout is tested with.
  const addon = await publishedAddon();
  const tarballs = await packHost(rehearsedAddons());
  const wanted = Object.entries(MANAGERS).filter(([name]) => works(name));
  return inFolder(async (tools) => {
    write(tools, { "package.json": { private: true } });
    const fetched = wanted.filter(([, { version }]) => version === undefined);
    const packages = fetched.map(([name, { package: other = name }]) => `${other}@latest`);
    npm(["install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", ...packages], { cwd: tools });
    const registry = await serve(tarballs);
    try {
      const rows = [];
      for (const [name, manager] of wanted) {
        const row = await installed({ name, ...manager }, tools, registry.url);
        log(`${row.work}: installed in ${row.installSeconds} s, identified after ${row.seconds} s`);
        rows.push(row);
      }
      return { rows: [{ work: "addon, unpacked", bytes: statSync(addon).size }, ...sizes(tarballs), ...rows] };
    } finally {
      registry.close();
    }
  });
}

async function installed(
  { name, package: other = name, title = name, install, files, env = () => ({}), version: own },
  tools,
  registry,
) {
  return inFolder(async (folder) => {
    const [project, cache] = ["project", "cache"].map((part) => join(folder, part));
    mkdirSync(cache);
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    write(project, {
      "package.json": { private: true, dependencies: { disentangle: version } },
      "first.mjs": readFileSync(FIRST_PROGRAM, "utf8"),
      ...files(registry, cache),
    });
    const [program, args] = install(tools, cache);
    const begun = performance.now();
    await start(program, args, { cwd: project, env: env(cache) });
    const installSeconds = since(begun);
    const addons = addonsIn(join(project, "node_modules"));
    if (addons.length !== 1) throw new Error(`${name} installed ${addons.length} addons: ${addons.join(", ")}`);
    const said = await start(process.execPath, ["first.mjs"], { cwd: project });
    const seconds = since(begun);
    const mcc = Number(/^MCC ([\d.]+)/m.exec(said)?.[1]);
    if (!(mcc >= IDENTIFIED)) throw new Error(`the first model is not identified, MCC ${mcc}:\n${said}`);
    return {
      work: title,
      version: own?.() ?? versionOf(tools, other),
      installSeconds,
      seconds,
      mcc,
      targetSeconds: TARGET_SECONDS,
      bytes: sizeOf(join(project, "node_modules")),
    };
  });
}

const since = (begun) => Math.round((performance.now() - begun) / 100) / 10;

/** The addons of ours below a folder; what is linked counts once. */
function addonsIn(folder) {
  const found = readdirSync(folder, { recursive: true }).map(String);
  return [
    ...new Set(found.filter((path) => /[\\/]disentangle\.[\w-]+\.node$/.test(path)).map((path) => basename(path))),
  ];
}

function sizeOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, path, name }) => sum + statSync(join(parentPath ?? path, name)).size, 0);
}

function sizes(tarballs) {
  return Object.entries(tarballs).map(([work, file]) => ({ work, packedBytes: statSync(file).size }));
}

/** A registry with our packages. Those of other platforms are there as well, without an addon: choosing among them is the manager's work. */
async function serve(tarballs) {
  const upstream = output("npm", ["config", "get", "registry"]).trim().replace(/\/$/, "");
  const packuments = new Map();
  const files = new Map(Object.values(tarballs).map((file) => [`/-/${basename(file)}`, file]));
  const server = createServer(async ({ url }, response) => {
    const path = decodeURIComponent(url.split("?")[0]);
    const own = packuments.get(path.slice(1));
    if (files.has(path)) return response.end(readFileSync(files.get(path)));
    if (own) return response.setHeader("content-type", "application/json").end(JSON.stringify(own));
    response.writeHead(307, { location: `${upstream}${url}` }).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `http://127.0.0.1:${server.address().port}`;
  const all = (await platforms()).map(({ target }) => packageName(target));
  const stage = (name) =>
    join(tarballs.disentangle, "..", name === "disentangle" ? "main" : name.slice(packageName("").length));
  const { version } = JSON.parse(readFileSync(join(stage("disentangle"), "package.json"), "utf8"));
  for (const name of ["disentangle", ...all]) {
    const file = tarballs[name];
    const folder = file ? stage(name) : join(root, "npm", name.slice(packageName("").length));
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    if (name === "disentangle") manifest.optionalDependencies = Object.fromEntries(all.map((one) => [one, version]));
    const bytes = file ? readFileSync(file) : Buffer.alloc(0);
    const hash = (algorithm, form) => createHash(algorithm).update(bytes).digest(form);
    const dist = {
      tarball: `${address}/-/${basename(file ?? `${name.split("/").at(-1)}.tgz`)}`,
      shasum: hash("sha1", "hex"),
      integrity: `sha512-${hash("sha512", "base64")}`,
    };
    const time = {
      created: "2020-01-01T00:00:00.000Z",
      modified: "2020-01-01T00:00:00.000Z",
      [version]: "2020-01-01T00:00:00.000Z",
    };
    packuments.set(name, {
      name,
      time,
      "dist-tags": { latest: version },
      versions: { [version]: { ...manifest, dist } },
    });
  }
  return { url: `${address}/`, close: () => server.close() };
}

export function render(rows) {
  return table(
    ["package manager", "version", "install", "identified model", "target", "", "its MCC", "on disk"],
    rows
      .filter(({ seconds }) => seconds)
      .map(({ work, version, installSeconds, seconds, targetSeconds, mcc, bytes }) => [
        work,
        version,
        `${number(installSeconds)} s`,
        `${number(seconds)} s`,
        `< ${targetSeconds} s`,
        seconds < targetSeconds ? "met" : "missed",
        number(mcc),
        `${number(bytes / 1e6)} MB`,
      ]),
  ).concat(
    "\n\nPacked: ",
    rows
      .filter(({ packedBytes }) => packedBytes)
      .map(({ work, packedBytes }) => `\`${work}\` ${number(packedBytes / 1e6)} MB`)
      .join(", "),
    "; the addon unpacked ",
    number(rows[0].bytes / 1e6),
    " MB.",
  );
}
