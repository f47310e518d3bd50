import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { DataConfig } from "../../src/data/config.js";
import { inspect, readDataset } from "../../src/data/index.js";
import { fit } from "../../src/index.js";
import { ANNDATA, type Columns, FORMS } from "./forms.js";
import { matrixOf, textsOf } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "disentangle-kinds-"));
test.after.always(() => rmSync(folder, { recursive: true }));

const N = 40;
const column = <T>(of: (i: number) => T): T[] => Array.from({ length: N }, (_, i) => of(i));
const wave = (step: number) => column((i) => Number(Math.sin(step * i + step).toFixed(4)));
const plain = { g0: wave(1), g1: wave(2.3), g2: wave(3.7) };

/** What is read right in every form: the table, and what must be true of it. */
interface Kind {
  /** Whether it is about names of rows, which AnnData has of its own. */
  readonly isOfIndexes?: boolean;
  readonly columns: Columns;
  readonly holds: (t: ExecutionContext, data: NonNullable<DataConfig["data"]>) => Promise<void>;
}

const KINDS: Readonly<Record<string, Kind>> = {
  "row indexes": {
    isOfIndexes: true,
    columns: { "Unnamed: 0": column((i) => (i * 7) % N), ...plain },
    holds: async (t, data) => {
      const { inputNames, rowIds, provenance } = await readDataset({ data });
      t.deepEqual(inputNames, Object.keys(plain));
      t.is(rowIds[1], "7");
      t.regex(provenance, /Unnamed: 0.*row index/);
      const report = await inspect({ data });
      t.is(report.columns.find(({ name }) => name === "Unnamed: 0")?.role, "rowId");
      t.true(report.notes.some((note) => note.includes("row index")));
      t.true((await readDataset({ data, rowId: false })).inputNames.includes("Unnamed: 0"));
      t.deepEqual((await readDataset({ data, inputs: ["Unnamed: 0", "g1"] })).inputNames, ["Unnamed: 0", "g1"]);
    },
  },
  "row numbers": {
    isOfIndexes: true,
    columns: { nr: column((i) => i + 1), ...plain },
    holds: async (t, data) => {
      const { inputNames, rowIds } = await readDataset({ data });
      t.deepEqual([inputNames, rowIds.at(-1)], [Object.keys(plain), String(N)]);
      t.is((await inspect({ data })).columns.find(({ name }) => name === "nr")?.role, "rowId");
      t.deepEqual((await readDataset({ data, inputs: "nr,g0" })).inputNames, ["nr", "g0"]);
    },
  },
  sentinels: {
    columns: { ...plain, g1: plain.g1.map((value, i) => (i % 10 === 3 ? -999 : value)) },
    holds: async (t, data) => {
      const { inputs } = await readDataset({ data, missingValues: "-999.0,NA" });
      t.is(matrixOf(inputs).filter((row) => Number.isNaN(row[1])).length, 4);
      const report = await inspect({ data });
      t.true(report.notes.some((note) => /"g1" holds -999 \(4 cells\)/.test(note)));
    },
  },
  "exact labels": {
    columns: { ...plain, day: column((i) => 20_200_100 + (i % 4)), site: column((i) => `0${i % 3}`) },
    holds: async (t, data) => {
      const { labels } = await readDataset({
        data,
        inputs: "g*",
        environment: "site",
        task: "day",
        target: "g0",
      }).catch(() => readDataset({ data, inputs: "g1,g2", environment: "site", task: "day", target: "g0" }));
      t.deepEqual(labels.task?.levels.map(Number), [20_200_100, 20_200_101, 20_200_102, 20_200_103]);
      t.deepEqual(textsOf(labels.environment!).slice(0, 3), ["00", "01", "02"]);
    },
  },
  "32 bits": {
    columns: { ...plain, when: column((i) => 1_600_000_000 + ((i * 11) % N)) },
    holds: async (t, data) => {
      const { targets, offsets, provenance } = await readDataset({ data, inputs: "g*", target: "when" });
      const [offset = 0] = offsets?.targets ?? [];
      t.deepEqual(
        matrixOf(targets!.values).map(([value]) => value! + offset),
        column((i) => 1_600_000_000 + ((i * 11) % N)),
      );
      t.regex(provenance, /40 different values/);
      const says = (notes: readonly string[]) => notes.some((note) => /"when" has 40 different values/.test(note));
      t.true(says((await inspect({ data, inputs: "g*", target: "when" })).notes));
      // Columns of obs are no inputs unless they are named.
      t.not(says((await inspect({ data })).notes), /(h5ad|zarr)$/.test(String(data)));
    },
  },
  "truth values": {
    columns: { ...plain, flag: column((i) => i % 3 === 0) },
    holds: async (t, data) => {
      t.false((await readDataset({ data })).inputNames.includes("flag"));
      const { targets } = await readDataset({ data, inputs: "g*", target: "flag" });
      t.deepEqual(
        matrixOf(targets!.values).flat(),
        column((i) => Number(i % 3 === 0)),
      );
    },
  },
  "as in the fit": {
    columns: { ...plain, g1: plain.g1.map((value, i) => (i % 10 === 3 ? -999 : value)) },
    holds: async (t, data) => {
      const config = { method: "pca", data, latentDim: 2, missingValues: "-999,NA", missing: "mean" } as const;
      await using model = await fit(config).result;
      const { data: again } = await model.transform(data);
      t.deepEqual(again, model.latents.data);
    },
  },
};

const ALL = { ...FORMS, ...ANNDATA };
const isTold = (kind: string, form: string): boolean => !(KINDS[kind]!.isOfIndexes && form in ANNDATA);
for (const [kind, { columns, holds }] of Object.entries(KINDS)) {
  for (const [form, write] of Object.entries(ALL)) {
    if (!isTold(kind, form)) continue;
    test(`${form}: ${kind}`, async (t) => {
      await holds(t, await write(folder, `${kind}-${form}`.replaceAll(" ", "-"), columns));
    });
  }
}

test("the table of kinds and forms in the documentation is that of these tests", (t) => {
  const documented = readFileSync(new URL("../../docs/data.md", import.meta.url), "utf8").split("\n");
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const forms = Object.keys(ALL);
  t.true(documented.includes(row(["read right in", ...forms])));
  for (const kind of Object.keys(KINDS)) {
    const line = row([kind, ...forms.map((form) => (isTold(kind, form) ? "yes" : "has names of rows"))]);
    t.true(documented.includes(line), line);
  }
});
