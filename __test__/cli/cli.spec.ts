import { readFile } from "node:fs/promises";
import test from "ava";
import packageJson from "../../package.json" with { type: "json" };
import { COMMANDS } from "../../src/cli/program.js";
import { run } from "./run.js";

test("--version prints the version of package.json", async (t) => {
  t.deepEqual(await run(["--version"]), { code: 0, signal: null, stdout: `${packageJson.version}\n`, stderr: "" });
});

test("--help lists every command and goes to stdout", async (t) => {
  const { code, stdout, stderr } = await run(["--help"]);
  t.is(code, 0);
  t.is(stderr, "");
  const text = stdout.replace(/\s+/g, " ");
  for (const { name, summary } of COMMANDS) t.true(text.includes(`${name} ${summary}`), name);
  t.true(stdout.includes("Examples:"));
});

const usage = [
  { law: "an unknown command", args: ["fti"], code: "CONFIG_USAGE", says: /did you mean fit\?/ },
  {
    law: "a retired option",
    args: ["inspect", "a.csv", "--segment", "day"],
    code: "CONFIG_UNKNOWN_KEY",
    says: /--environment/,
  },
  { law: "an unknown option", args: ["score", "runs/a", "--row", "all"], code: "CONFIG_UNKNOWN_KEY", says: /--rows/ },
  { law: "a missing argument", args: ["score"], code: "CONFIG_USAGE", says: /missing required argument/ },
  { law: "a missing option", args: ["transform", "runs/a"], code: "CONFIG_USAGE", says: /--data/ },
  {
    law: "a value that is none of the choices",
    args: ["score", "runs/a", "--rows", "some"],
    code: "CONFIG_USAGE",
    says: /test/,
  },
];
for (const { law, args, code, says } of usage) {
  test(`${law} is exit code 2, told on stderr and, under --json, as one object on stdout`, async (t) => {
    const plain = await run(args);
    t.is(plain.code, 2);
    t.is(plain.stdout, "");
    t.regex(plain.stderr, says);
    const json = await run([...args, "--json"]);
    t.is(json.code, 2);
    t.is((JSON.parse(json.stdout) as { error: { code: string } }).error.code, code);
  });
}

test("a folder without a run is exit code 1", async (t) => {
  const { code, stdout, stderr } = await run(["report", "docs"]);
  t.is(code, 1);
  t.is(stdout, "");
  t.regex(stderr, /RUN_NOT_FOUND/);
});

test("without arguments the help is shown and the exit code is 2", async (t) => {
  const { code, stdout, stderr } = await run([]);
  t.is(code, 2);
  t.is(stdout, "");
  t.true(stderr.includes("Usage: disentangle"));
});

/** The packages that are loaded with a module of ours, as far as its imports are not left for later. */
async function packagesOf(module: URL, seen = new Map<string, ReadonlySet<string>>()): Promise<ReadonlySet<string>> {
  if (seen.has(module.href)) return new Set();
  const packages = new Set<string>();
  seen.set(module.href, packages);
  const source = await readFile(module, "utf8");
  for (const [, name = ""] of source.matchAll(/^(?:import|export) (?!type )[^;]*?from "([^"]+)";$/gm)) {
    if (!name.startsWith(".")) packages.add(name);
    else {
      const inner = new URL(name.replace(/\.js$/, ".ts"), module);
      for (const one of await packagesOf(inner, seen)) packages.add(one);
    }
  }
  return packages;
}

test("no command waits for the parser of configuration files that reads none", async (t) => {
  const of = async (name: string): Promise<readonly string[]> => [
    ...(await packagesOf(new URL(`../../src/cli/${name}.ts`, import.meta.url))),
  ];
  t.true((await of("commands/fit")).includes("yaml"));
  for (const name of ["main", "commands/doctor", "commands/runs", "commands/graph", "commands/predict"]) {
    t.false((await of(name)).includes("yaml"), name);
  }
  t.true((await of("main")).includes("commander"));
});
