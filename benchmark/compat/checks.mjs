// What users run the package with: each check is a tiny project in the folder of an app that has the package installed.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { inFolder, script, start, versionOf, write } from "./folder.mjs";
import { CJS, ESM, EXPORTED, PRINTED, TYPED } from "./programs.mjs";

/**
 * A check: `packages` are installed beside ours, by name -> what npm is asked for; `run` works in a folder of its own below the app's
 * `node_modules`, and throws where something does not work.
 *
 * @typedef {{
 *   tool: string, setting?: string, packages: Record<string, string>, version: (app: string) => string | Promise<string>,
 *   run: (app: string, folder: string) => Promise<unknown>,
 * }} Check
 */

const PLATFORM = `${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
const NODES = { 20: "20", 22: "22", 24: "24", newest: "latest" };
const TYPESCRIPTS = ["5.2", "5.3", "5.4", "5.5", "5.6", "5.7", "5.8", "5.9", "6.0", "latest"];
const BUN = { linux: `@oven/bun-linux-${process.arch}`, darwin: `@oven/bun-darwin-${process.arch}` }[process.platform];
const DENO = { linux: `@deno/linux-${process.arch}-glibc`, darwin: `@deno/darwin-${process.arch}` }[process.platform];

function prints(text) {
  const last = text.trim().split("\n").at(-1);
  if (last !== PRINTED) throw new Error(`it printed ${JSON.stringify(last)}, expected ${JSON.stringify(PRINTED)}`);
}

/** Where the binary of a Node from npm lies. */
const nodeIn = (app, name) =>
  join(app, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");

const nodes = Object.entries(NODES).flatMap(([name, range]) => {
  const alias = `node-${name}`;
  const packages = { [alias]: `npm:node-${PLATFORM}@${range}` };
  return ["import", "require"].map((setting) => ({
    tool: "node",
    setting,
    packages,
    version: (app) => start(nodeIn(app, alias), ["-p", "process.versions.node"], { cwd: app }),
    run: async (app, folder) => {
      const file = setting === "import" ? "use.mjs" : "use.cjs";
      write(folder, { [file]: setting === "import" ? ESM : CJS });
      prints(await start(nodeIn(app, alias), [file], { cwd: folder }));
    },
  }));
});

const others = [
  {
    tool: "bun",
    packages: { [BUN]: "latest" },
    version: (app) => versionOf(app, BUN),
    run: async (app, folder) => {
      write(folder, { "use.mjs": ESM });
      prints(await start(join(app, "node_modules", BUN, "bin/bun"), ["use.mjs"], { cwd: folder }));
    },
  },
  {
    tool: "deno",
    packages: { [DENO]: "latest" },
    version: (app) => versionOf(app, DENO),
    run: async (app, folder) => {
      write(folder, { "use.mjs": ESM, "deno.json": { nodeModulesDir: "manual" } });
      const deno = join(app, "node_modules", DENO, "deno");
      const flags = ["--allow-read", "--allow-ffi", "--allow-env", "--allow-sys"];
      prints(await start(deno, ["run", ...flags, "use.mjs"], { cwd: folder, env: { DENO_NO_UPDATE_CHECK: "1" } }));
    },
  },
].filter(({ packages }) => !("undefined" in packages));

/** The compiler of a TypeScript that is installed under a name. */
export function typescript(alias, module) {
  return async (app, folder) => {
    const bundled = module === "bundler";
    const options = bundled ? { module: "esnext", moduleResolution: "bundler" } : { module };
    write(folder, {
      [bundled ? "use.ts" : "use.mts"]: TYPED,
      "tsconfig.json": {
        compilerOptions: {
          ...options,
          target: "es2022",
          lib: ["es2022", "esnext.disposable", "dom"],
          types: [],
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          noEmit: true,
        },
      },
    });
    await start(process.execPath, [script(app, alias, "tsc"), "-p", "."], { cwd: folder });
  };
}

const compilers = TYPESCRIPTS.flatMap((range) => {
  const alias = `typescript-${range}`;
  return ["node16", "nodenext", "bundler"].map((module) => ({
    tool: "typescript",
    setting: module,
    packages: { [alias]: `npm:typescript@${range}` },
    version: (app) => versionOf(app, alias),
    run: typescript(alias, module),
  }));
});

/** Bundles `use.mjs` to `dist/use.mjs`, our package left out of it, and runs the result. */
const bundler = (tool, packages, bundle) => ({
  tool,
  packages,
  version: (app) => versionOf(app, tool),
  run: async (app, folder) => {
    write(folder, { "use.mjs": ESM });
    await bundle(app, folder);
    prints(await start(process.execPath, ["dist/use.mjs"], { cwd: folder }));
  },
});

export const esbuild = bundler("esbuild", { esbuild: "latest" }, (_, folder) => {
  write(folder, {
    "build.mjs": `import { build } from "esbuild";
await build({ entryPoints: ["use.mjs"], bundle: true, platform: "node", format: "esm", external: ["disentangle"], outfile: "dist/use.mjs" });
`,
  });
  return start(process.execPath, ["build.mjs"], { cwd: folder });
});

const bundlers = [
  esbuild,
  bundler("rollup", { rollup: "latest" }, (app, folder) =>
    start(
      process.execPath,
      [script(app, "rollup"), "use.mjs", "--external", "disentangle", "--file", "dist/use.mjs", "--format", "es"],
      {
        cwd: folder,
      },
    ),
  ),
  bundler("vite", { vite: "latest" }, (app, folder) => {
    write(folder, {
      "vite.config.mjs": `export default { build: { ssr: "use.mjs" }, ssr: { external: ["disentangle"] } };\n`,
    });
    return start(process.execPath, [script(app, "vite"), "build", "--logLevel", "error"], { cwd: folder }).then(() => {
      const [file] = readdirSync(join(folder, "dist"));
      if (file !== "use.mjs") cpSync(join(folder, "dist", file), join(folder, "dist/use.mjs"));
    });
  }),
  bundler("webpack", { webpack: "latest" }, (_, folder) => {
    write(folder, {
      "build.mjs": `import webpack from "webpack";
const config = {
  mode: "production", target: "node20", context: process.cwd(), entry: "./use.mjs",
  experiments: { outputModule: true }, externals: { disentangle: "module disentangle" },
  output: { path: process.cwd() + "/dist", filename: "use.mjs", library: { type: "module" } },
};
webpack(config, (error, stats) => {
  if (error || stats.hasErrors()) { console.error(error ?? stats.toString()); process.exit(1); }
});
`,
    });
    return start(process.execPath, ["build.mjs"], { cwd: folder });
  }),
];

/** Traces the files of a program and runs a copy of them, as serverless bundlers do. */
export const nft = {
  tool: "@vercel/nft",
  packages: { "@vercel/nft": "latest" },
  version: (app) => versionOf(app, "@vercel/nft"),
  run: async (app, folder) => {
    write(folder, {
      "use.mjs": ESM,
      "trace.mjs": `import { nodeFileTrace } from "@vercel/nft";
const { fileList } = await nodeFileTrace([process.cwd() + "/use.mjs"], { base: process.argv[2] });
console.log(JSON.stringify([...fileList]));
`,
    });
    const files = JSON.parse(await start(process.execPath, ["trace.mjs", app], { cwd: folder }));
    if (!files.some((file) => file.endsWith(".node") && file.includes("@disentangle")))
      throw new Error("the addon is not among the traced files");
    await inFolder(async (elsewhere) => {
      for (const file of files) cpSync(join(app, file), join(elsewhere, file), { recursive: true, dereference: true });
      const program = files.find((file) => file.endsWith("use.mjs"));
      prints(await start(process.execPath, [program], { cwd: elsewhere }));
    });
  },
};

const next = {
  tool: "next",
  setting: "standalone",
  packages: { next: "latest", react: "latest", "react-dom": "latest" },
  version: (app) => versionOf(app, "next"),
  run: async (app, folder) => {
    write(folder, {
      "package.json": { private: true },
      "next.config.mjs": `export default {
  output: "standalone", outputFileTracingRoot: ${JSON.stringify(app)}, serverExternalPackages: ["disentangle"],
  turbopack: { root: ${JSON.stringify(app)} },
};
`,
      "app/layout.jsx": "export default ({ children }) => <html lang='en'><body>{children}</body></html>;\n",
      "app/use/route.js": `${EXPORTED.replace("export { use };", "")}
export const dynamic = "force-dynamic";
export const GET = async () => new Response(await use());
`,
    });
    const env = { NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };
    await start(process.execPath, [script(app, "next"), "build"], { cwd: folder, env });
    const standalone = join(folder, ".next/standalone");
    const found = readdirSync(standalone, { recursive: true }).map(String);
    if (!found.some((file) => file.endsWith(".node") && file.includes("@disentangle")))
      throw new Error("the addon is not in .next/standalone");
    const server = found.find((file) => file.endsWith("server.js") && !file.includes("node_modules"));
    // Elsewhere: beside the project its own node_modules would be found.
    await inFolder(async (elsewhere) => {
      cpSync(standalone, elsewhere, { recursive: true });
      prints(await served(join(elsewhere, server), "/use"));
    });
  },
};

async function served(server, path) {
  const port = await freePort();
  const env = { ...process.env, PORT: String(port), HOSTNAME: "127.0.0.1" };
  const child = spawn(process.execPath, [server], { cwd: dirname(server), env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
  try {
    for (let turn = 0; turn < 100; turn++) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
      if (answer?.ok) return await answer.text();
      if (answer) throw new Error(`the server answered ${answer.status}: ${said.slice(-1500)}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`the server did not answer: ${said.slice(-1500)}`);
  } finally {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

const TEST = (api) => `${api}
import { use } from "./use.mjs";
test("fits a model", async () => { expect(await use()).toBe(${JSON.stringify(PRINTED)}); }, 60000);
`;

const runners = [
  ...["node", "jsdom"].map((environment) => ({
    tool: "jest",
    setting: environment,
    packages: { jest: "latest", "jest-environment-jsdom": "latest" },
    version: (app) => versionOf(app, "jest"),
    run: async (app, folder) => {
      write(folder, {
        "package.json": { private: true, type: "module" },
        "use.mjs": EXPORTED,
        "use.test.mjs": TEST(""),
        "jest.config.json": { testEnvironment: environment, testMatch: ["**/*.test.mjs"] },
      });
      const flags = ["--experimental-vm-modules", script(app, "jest"), "--config", "jest.config.json"];
      await start(process.execPath, flags, { cwd: folder });
    },
  })),
  {
    tool: "vitest",
    // Vitest 5 does not run on Node 20.
    packages: { vitest: "latest", vite: "latest", "node-24": `npm:node-${PLATFORM}@24` },
    version: (app) => versionOf(app, "vitest"),
    run: async (app, folder) => {
      write(folder, {
        "package.json": { private: true, type: "module" },
        "use.mjs": EXPORTED,
        "use.test.mjs": TEST('import { expect, test } from "vitest";'),
      });
      await start(nodeIn(app, "node-24"), [script(app, "vitest"), "run", "--root", "."], { cwd: folder });
    },
  },
];

/** @type {readonly Check[]} */
export const CHECKS = [...nodes, ...others, ...compilers, ...bundlers, nft, next, ...runners];
