// The page of every error names causes and ways out that exist, and `explain` prints it.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import plainTest from "ava";
import { pageText } from "../../src/cli/commands/explain.js";
import { buildProgram } from "../../src/cli/program.js";
import type { ErrorCode } from "../../src/errors.js";
import { explanations, pages } from "../../src/generated/errors.js";
import { testWithAddon as test } from "../addon.js";
import { run } from "../cli/run.js";

const codes = Object.keys(explanations) as ErrorCode[];
const root = fileURLToPath(new URL("../..", import.meta.url));
const plain = { strong: (text: string) => text };

/** Flags of npm, which some ways out need. */
const OF_NPM = ["--omit", "--os", "--cpu"];
const FLAG = /--[a-z][a-z-]*/g;

/** The commands, each with its flags; under "" what all of them together have. */
async function flagsOfCommands(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { commands } = await buildProgram(["complete"], { exitCode: 0 });
  const flags = new Map(
    commands.map((command) => [
      command.name(),
      new Set([...command.options.map(({ long }) => String(long)), "--help"]),
    ]),
  );
  flags.set("help", new Set());
  return new Map([...flags, ["", new Set([...flags.values()].flatMap((of) => [...of]))]]);
}

plainTest("every code has causes and ways out, in whole sentences", (t) => {
  t.deepEqual(Object.keys(pages), codes);
  for (const code of codes)
    for (const text of Object.values(pages[code])) {
      t.regex(text, /^[A-Z`].{30,}\.$/, code);
      t.is((text.match(/`/g) ?? []).length % 2, 0, `${code}: a backtick is open`);
    }
});

plainTest("a document that a page names is there", (t) => {
  const named = codes.flatMap((code) => JSON.stringify(pages[code]).match(/docs\/[\w-]+\.md/g) ?? []);
  t.true(named.length > 0);
  t.deepEqual(
    named.filter((path) => !existsSync(`${root}/${path}`)),
    [],
  );
});

test("every command and every flag that a page names exists", async (t) => {
  const flags = await flagsOfCommands();
  for (const code of codes) {
    const text = Object.values(pages[code]).join(" ");
    for (const flag of text.match(FLAG) ?? [])
      t.true(flags.get("")!.has(flag) || OF_NPM.includes(flag) || flag === "--version", `${code}: ${flag}`);
    for (const [, command = "", rest = ""] of text.matchAll(/`disentangle ([a-z]+)([^`]*)/g)) {
      const own = flags.get(command);
      t.truthy(own, `${code}: disentangle ${command}`);
      for (const flag of rest.match(FLAG) ?? []) t.true(own?.has(flag), `${code}: disentangle ${command} ${flag}`);
    }
  }
});

plainTest("no page is wider than a terminal of 80 columns", (t) => {
  for (const code of codes) {
    const lines = pageText(code, plain).split("\n");
    t.true(lines.every((line) => line.length <= 80) && lines.includes("What to do"), code);
  }
});

test("explain prints the page of a code", async (t) => {
  const { code, stdout } = await run(["explain", "data-ragged-row"]);
  t.is(code, 0);
  t.is(stdout, `${pageText("DATA_RAGGED_ROW", plain)}\n`);
  const unfolded = stdout.replace(/\s+/g, " ");
  for (const text of [explanations.DATA_RAGGED_ROW, ...Object.values(pages.DATA_RAGGED_ROW)])
    t.true(unfolded.includes(text), text);
});

test("explain lists the codes of an area, and without one all of them, each with its sentence", async (t) => {
  const area = await run(["explain", "tree"]);
  const listed = area.stdout.split("\n").filter((line) => line.startsWith("TREE_"));
  t.deepEqual(
    listed.map((line) => line.replace(/ .*/, "")),
    codes.filter((code) => code.startsWith("TREE_")),
  );
  t.true(area.stdout.includes(explanations.TREE_ROOTS) && !area.stdout.includes("What to do"));
  const lines = (await run(["explain"])).stdout.trimEnd().split("\n");
  t.deepEqual(
    lines.filter((line) => !line.startsWith(" ")).map((line) => line.replace(/ .*/, "")),
    codes,
  );
  t.true(lines.every((line) => line.length <= 80));
});

test("explain --json has the same for one code and for several", async (t) => {
  const one = await run(["explain", "DATA_RAGGED_ROW", "--json"]);
  const page = { meaning: explanations.DATA_RAGGED_ROW, ...pages.DATA_RAGGED_ROW };
  t.deepEqual(JSON.parse(one.stdout), { codes: { DATA_RAGGED_ROW: page } });
  const all = await run(["explain", "data", "--json"]);
  const found = (JSON.parse(all.stdout) as { codes: Record<string, unknown> }).codes;
  t.deepEqual(
    Object.keys(found),
    codes.filter((code) => code.startsWith("DATA_")),
  );
  t.deepEqual(found.DATA_RAGGED_ROW, page);
});

test("a word that is no code is refused, and the nearest code offered", async (t) => {
  const near = await run(["explain", "TREE_CYCEL"]);
  t.deepEqual([near.code, near.stdout], [2, ""]);
  t.regex(near.stderr, /no error has the code "TREE_CYCEL".*\n.*did you mean TREE_CYCLE\?/);
  const far = await run(["explain", "nothing-at-all"]);
  t.is(far.code, 2);
  t.regex(far.stderr, /`disentangle explain` lists all codes/);
});
