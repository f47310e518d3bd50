// `npm run benchmark [-- --only NAME] [--work TEXT] [--json] [--fresh] [--check] [--checkout DIR]`; `npm run benchmark:torch` adds PyTorch
// and SciPy. A benchmark that ran wholly, with all it compares itself with, leaves its rows in results/NAME.json; a part of
// one does not, and `--check` compares with those rows where figures repeat.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { provenance } from "./provenance.mjs";
import { updateReadme } from "./readme.mjs";
import { BENCHMARKS } from "./registry.mjs";

const usage = `npm run benchmark -- [--only NAME] [--work TEXT] [--json] [--fresh] [--check] [--checkout DIR]
names: ${Object.keys(BENCHMARKS).join(", ")}
benchmark/README.md says what each asks`;

const { values } = asked({
  options: {
    help: { type: "boolean", short: "h", default: false },
    only: { type: "string" },
    work: { type: "string" },
    torch: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    fresh: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    checkout: { type: "string" },
  },
});

if (values.help) {
  console.log(usage);
  process.exit(0);
}

const names = values.only === undefined ? Object.keys(BENCHMARKS) : [values.only];
const unknown = names.find((name) => !(name in BENCHMARKS));
if (unknown !== undefined) {
  console.error(`no benchmark is called ${unknown}; there are ${Object.keys(BENCHMARKS).join(", ")}`);
  process.exit(2);
}

const results = [];
for (const name of names) {
  const benchmark = await BENCHMARKS[name]();
  if (benchmark.peers === "required" && !values.torch) {
    console.error(`${name} compares with PyTorch: npm run benchmark:torch -- --only ${name}`);
    if (values.only !== undefined) process.exit(2);
    continue;
  }
  const log = (line) => console.error(`${name}: ${line}`);
  const works = (work) => values.work === undefined || work.includes(values.work);
  if (values.check && benchmark.check === undefined) continue;
  if (benchmark.needsCheckout && values.checkout === undefined) {
    console.error(`${name} compares with an earlier version: npm run benchmark -- --only ${name} --checkout DIR`);
    if (values.only !== undefined) process.exit(2);
    continue;
  }
  const { torch, fresh, checkout } = values;
  const { rows, versions } = await benchmark.run({ torch, works, log, fresh, checkout });
  if (values.check) {
    const { note, complaints = [] } = benchmark.check(rows, versions);
    for (const line of [note, ...complaints].filter(Boolean)) log(line);
    if (complaints.length > 0) process.exitCode = 1;
    continue;
  }
  const result = { benchmark: name, about: benchmark.about, ...provenance(versions), rows };
  results.push(result);
  if (values.work === undefined && (values.torch || benchmark.peers === undefined)) {
    writeFileSync(new URL(`./results/${name}.json`, import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
    await updateReadme();
  }
  if (!values.json) console.log(`\n${name}: ${benchmark.about}\n\n${benchmark.render(rows)}`);
}
if (values.json && !values.check)
  console.log(JSON.stringify(results.length === 1 ? results[0] : { benchmarks: results }, null, 2));

function asked(config) {
  try {
    return parseArgs(config);
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
}
