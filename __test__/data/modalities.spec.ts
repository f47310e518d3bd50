import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { inspect, readDataset } from "../../src/data/index.js";
import { png, write } from "./pictures.js";
import { fixture, matrixOf, textsOf, thrown } from "./support.js";

const home = mkdtempSync(join(tmpdir(), "disentangle-modalities-"));
test.after.always(() => rmSync(home, { recursive: true }));

const table = (name: string, text: string): string => write(join(home, name), text);
const rna = table("rna.csv", "subject,a,b,site\n01,1,2,n\n1,3,4,s\n7,5,6,n\nx,7,8,s\n");
const protein = table("protein.csv", "a,subject\n30,7\n10,01\n99,y\n");

test("rows are joined by exact ids, in the order of the first table; what is in one table only is counted", async (t) => {
  const data = await readDataset({
    modalities: { rna: { data: rna }, protein: { data: protein } },
    join: "subject",
    environment: "rna.site",
  });
  t.deepEqual(data.rowIds, ["01", "7"], "01 is not 1");
  t.deepEqual(data.inputNames, ["rna.a", "rna.b", "protein.a"]);
  t.deepEqual(matrixOf(data.inputs), [
    [1, 2, 10],
    [5, 6, 30],
  ]);
  t.deepEqual(data.views, [
    { name: "rna", start: 0, end: 2 },
    { name: "protein", start: 2, end: 3 },
  ]);
  t.deepEqual(textsOf(data.labels.environment!), ["n", "n"]);
  const { joined, notes } = JSON.parse(data.provenance);
  t.deepEqual(joined.tables, [
    { view: "rna", rows: 4, dropped: 2 },
    { view: "protein", rows: 3, dropped: 1 },
  ]);
  t.is(notes[0], "joined by subject: 2 rows in common; rows of rna 4 (2 left out), protein 3 (1 left out)");
});

test("rows that lack a table are kept when asked for, with missing numbers, after those of the first table", async (t) => {
  const modalities = { rna: { data: rna }, protein: { data: protein } };
  const data = await readDataset({ modalities, join: "subject", unmatched: "keep" });
  t.deepEqual(data.rowIds, ["01", "1", "7", "x", "y"]);
  const none = Number.NaN;
  t.deepEqual(matrixOf(data.inputs), [
    [1, 2, 10],
    [3, 4, none],
    [5, 6, 30],
    [7, 8, none],
    [none, none, 99],
  ]);
  const { joined, notes } = JSON.parse(data.provenance);
  t.deepEqual(joined.tables, [
    { view: "rna", rows: 4, dropped: 0, lacking: 1 },
    { view: "protein", rows: 3, dropped: 0, lacking: 2 },
  ]);
  t.is(notes[0], "joined by subject: 5 rows in all; rows of rna 4 (lacks 1), protein 3 (lacks 2)");
  const alone = await thrown(t, readDataset({ data: rna, unmatched: "keep" }));
  t.like(alone, { code: "CONFIG_CONFLICT", path: "unmatched" });
});

test("a modality may choose its columns, lie in memory, or be images with file names as ids", async (t) => {
  const folder = join(home, "photos");
  for (const [id, value] of [
    ["7", 9],
    ["01", 8],
  ] as const)
    write(join(folder, `${id}.png`), png(1, 2, [value, 0]));
  const ids = { subject: ["7.png", "01.png"], depth: [0.5, 0.25], spare: [1, 2] };
  const data = await readDataset({
    modalities: { photo: { data: folder }, probe: { data: ids, inputs: "depth" } },
    join: "subject",
  });
  t.deepEqual(
    data.views?.map(({ name, image }) => [name, image?.height]),
    [
      ["photo", 2],
      ["probe", undefined],
    ],
  );
  t.deepEqual(matrixOf(data.inputs), [
    [8, 0, 0.25],
    [9, 0, 0.5],
  ]);
  ids.depth[0] = 77;
  t.deepEqual(data.inputNames, ["probe.depth"]);
});

test("a table without numbers gives labels, and is refused where it gives nothing", async (t) => {
  const notes = table("notes.csv", "subject,kind\n01,u\n7,v\n");
  const modalities = { rna: { data: rna }, notes: { data: notes } };
  const data = await readDataset({ modalities, join: "subject", environment: "notes.kind" });
  t.deepEqual(textsOf(data.labels.environment!), ["u", "v"]);
  t.deepEqual(
    data.views?.map(({ name }) => name),
    ["rna"],
  );
  const idle = await thrown(t, readDataset({ modalities, join: "subject" }));
  t.like(idle, { code: "DATA_EMPTY", path: "modalities.notes" });
});

test("an inspection shows each view and how rows were joined", async (t) => {
  const report = await inspect({ modalities: { rna: { data: rna }, protein: { data: protein } }, join: "subject" });
  t.deepEqual(report.views, [
    { name: "rna", columns: 2, missing: 0, min: 1, max: 6 },
    { name: "protein", columns: 1, missing: 0, min: 10, max: 30 },
  ]);
  t.is(report.joined?.rows, 2);
  t.is(report.rows, 2);
  t.regex(report.command, /--modality rna=\S+ --modality protein=\S+ --join subject/);
});

test("tables that cannot be joined say why, with the ids", async (t) => {
  const twice = table("twice.csv", "subject,a\n01,1\n01,2\n7,3\n");
  const other = table("other.csv", "subject,a\nq,1\nr,2\n");
  const empty = table("empty.csv", "subject,a\n");
  const refused = (data: string, key = "subject") =>
    thrown(t, readDataset({ modalities: { rna: { data: rna }, other: { data } }, join: key }));
  const again = await refused(twice);
  t.like(again, { code: "DATA_JOIN", path: "modalities.other", context: { ids: ["01"], count: 1 } });
  const apart = await refused(other);
  t.is(apart.code, "DATA_JOIN");
  t.regex(apart.hint!, /rna: "01", "1"; other: "q", "r"/);
  t.like(await refused(empty), { code: "DATA_EMPTY", path: empty });
  t.like(await refused(other, "subjekt"), {
    code: "DATA_MISSING_COLUMN",
    path: "join",
    hint: 'did you mean "subject"?',
  });
  const noJoin = await thrown(t, readDataset({ modalities: { rna: { data: rna }, other: { data: other } } }));
  t.like(noJoin, { code: "CONFIG_MISSING", path: "join" });
  const none = await thrown(t, readDataset({ modalities: { rna: {} } }));
  t.like(none, { code: "CONFIG_MISSING", path: "modalities.rna.data" });
  const both = await thrown(t, readDataset({ data: rna, modalities: { rna: { data: rna } } }));
  t.like(both, { code: "CONFIG_CONFLICT", path: "modalities.rna.data" });
  const dotted = await thrown(t, readDataset({ modalities: { "r.na": { data: rna } } }));
  t.is(dotted.code, "CONFIG_WRONG_TYPE");
  const wrong = await thrown(t, readDataset({ modalities: { rna: { data: rna, inputs: "c*" } }, join: "subject" }));
  t.like(wrong, { code: "DATA_MISSING_COLUMN", path: "modalities.rna.inputs" });
  t.is((await thrown(t, readDataset({ data: rna, join: "subject" }))).code, "CONFIG_CONFLICT");
});

test("one table can be cut into views by its columns or by the arrays of an .npz", async (t) => {
  const wide = table("wide.csv", "g1,p1,g2,site\n1,2,3,n\n4,5,6,s\n");
  const data = await readDataset({ data: wide, modalities: { gene: { inputs: "g*" }, protein: { inputs: "p*" } } });
  t.deepEqual(
    [data.inputNames, data.views?.map(({ end }) => end)],
    [
      ["g1", "g2", "p1"],
      [2, 3],
    ],
  );
  t.deepEqual(matrixOf(data.inputs)[1], [4, 6, 5]);
  const arrays = await readDataset({ data: fixture("arrays.npz"), modalities: { s: {}, x: {} } });
  t.deepEqual(arrays.views, [
    { name: "s", start: 0, end: 2 },
    { name: "x", start: 2, end: 5 },
  ]);
  const overlap = await thrown(
    t,
    readDataset({ data: wide, modalities: { gene: { inputs: "g*" }, all: { inputs: "*1" } } }),
  );
  t.like(overlap, { code: "CONFIG_CONFLICT", path: "modalities.all.inputs", context: { column: "g1" } });
  const unknown = await thrown(t, readDataset({ data: fixture("arrays.npz"), modalities: { sz: {} } }));
  t.like(unknown, { code: "DATA_MISSING_COLUMN", path: "modalities.sz" });
});
