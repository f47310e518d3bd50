// Writes the tables of README.md, and those of pages in docs/, from the committed results: `node benchmark/readme.mjs`; `--check` only
// compares.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BLOCKS, TABLES } from "./registry.mjs";

const readme = new URL("./README.md", import.meta.url);
const [BEGIN, END] = ["<!-- results: begin -->", "<!-- results: end -->"];

/** Pages with blocks: of a benchmark, by its name and that of the block. */
const pages = ["choosing", "how-to-choose"].map((name) => new URL(`../docs/${name}.md`, import.meta.url));
const BLOCK = /(?<=<!-- results: (\S+) (\S+) -->\n)(?:(?!<!-- results: )[\s\S])*?(?=<!-- \/results -->)/g;

/** The text that belongs between the markers. */
async function sections() {
  const parts = [];
  for (const [name, load] of Object.entries(TABLES)) {
    const { about, render, parts: measuredAlone } = await load();
    const results = (measuredAlone?.map((part) => `${name}/${part}`) ?? [name]).flatMap(resultOf);
    if (results.length === 0) continue;
    const [first] = results;
    const rows = measuredAlone === undefined ? first.rows : results.flatMap(withOrigin);
    const from = measuredAlone === undefined ? `\n\n${origin(first)}` : "";
    parts.push(`### ${name}\n\n${about}.\n\n${render(rows)}${from}`);
  }
  return parts.join("\n\n");
}

/** What is committed under a name; nothing where nothing is. */
function resultOf(name) {
  const file = new URL(`./results/${name}.json`, import.meta.url);
  return existsSync(file) ? [JSON.parse(readFileSync(file, "utf8"))] : [];
}

/** Rows that were measured by themselves say so, each in its line. */
function withOrigin({ rows, date, commit, machine }) {
  const measured = `${date.slice(0, 10)} at ${commit}, ${machine.model}${busy(machine)}`;
  return rows.map((row) => ({ ...row, measured }));
}

function origin({ date, commit, machine, versions }) {
  const engines = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `Measured ${date.slice(0, 10)} at ${commit}, ${machine.cores} cores of ${machine.model} (${machine.simd})${busy(machine)}; ${engines.join(", ")}.`;
}

/** A shared machine that was busy is said to have been. */
function busy({ load, cores }) {
  return load > 2 * cores ? `, shared with others at a load of ${load.toFixed(0)}` : "";
}

async function withTables() {
  const text = readFileSync(readme, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error("README.md has lost the markers of its tables");
  return `${text.slice(0, begin + BEGIN.length)}\n\n${await sections()}\n\n${text.slice(end)}`;
}

async function withBlocks(page) {
  const known = {};
  for (const [name, load] of Object.entries(BLOCKS)) {
    const [result] = resultOf(name);
    if (result !== undefined) known[name] = { ...(await load()).blocks(result), origin: origin(result) };
  }
  const text = readFileSync(page, "utf8");
  if (text.match(BLOCK)?.length !== text.split("<!-- results: ").length - 1)
    throw new Error(`${fileURLToPath(page)}: a block has no end`);
  return text.replace(BLOCK, (_, name, block) => {
    const found = known[name]?.[block];
    if (found === undefined) throw new Error(`${fileURLToPath(page)}: there is no block "${name} ${block}"`);
    return `\n${found}\n\n`;
  });
}

/** Every document with what its text has to be. */
async function documents() {
  const all = [{ file: readme, text: await withTables() }];
  for (const page of pages) all.push({ file: page, text: await withBlocks(page) });
  return all;
}

/** Brings README.md and the pages up to date. */
export async function updateReadme() {
  for (const { file, text } of await documents()) writeFileSync(file, text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!process.argv.includes("--check")) await updateReadme();
  else
    for (const { file, text } of await documents())
      if (text !== readFileSync(file, "utf8")) {
        console.error(`${fileURLToPath(file)} is not what the results give: node benchmark/readme.mjs`);
        process.exitCode = 1;
      }
}
