// Tables and lists as text, piece by piece: the same as in one piece, whatever their length.
import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chain, checkTable, jsonChunks, jsonList, jsonObject, lineChunks, writeText } from "../../src/rows-out.js";
import { testWithAddon as test } from "../addon.js";

// Several pieces, the last of them short.
const LONG = (1 << 18) + 3;

test("lists, tables and objects in pieces are JSON, and lines are in order", (t) => {
  for (const length of [0, 1, 3, LONG]) {
    const numbers = Float32Array.from({ length }, (_, i) => i / 3);
    const words = Array.from({ length }, (_, i) => `"${i}"\n`);
    const pieces = [
      ...jsonObject({ numbers: jsonList(numbers), words: jsonList(words), none: undefined, rows: length }),
    ];
    t.deepEqual(JSON.parse(pieces.join("")), { numbers: [...numbers], words, rows: length });
    t.true(length < LONG || pieces.length > 6);
    t.deepEqual([...lineChunks(length, (row) => `${row}\n`)].join("").split("\n").length, length + 1);
  }
  const table = { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] as const, columns: ["a", "b"] };
  const nested = jsonObject({ values: jsonChunks(table), of: jsonObject({ shape: [2, 2] }) });
  t.deepEqual(JSON.parse([...nested].join("")), {
    values: [
      [1, 2],
      [3, 4],
    ],
    of: { shape: [2, 2] },
  });
});

test("a file is written in pieces, whole or not at all", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "disentangle-rows-"));
  await writeText(
    join(dir, "a.csv"),
    chain(
      ["id\n"],
      lineChunks(LONG, (row) => `${row}\n`),
    ),
  );
  t.is((await readFile(join(dir, "a.csv"), "utf8")).split("\n").length, LONG + 2);
  const broken = lineChunks(LONG, (row) => {
    if (row === LONG - 1) throw new Error("the last row");
    return "x\n";
  });
  await t.throwsAsync(writeText(join(dir, "b.csv"), broken), { code: "FILE_WRITE" });
  t.deepEqual(await readdir(dir), ["a.csv"]);
});

test("what is no copy of the data is refused before anything is computed", (t) => {
  t.throws(() => checkTable("x.h5ad", "decoded inputs"), { code: "CONFIG_USAGE", message: /decoded inputs/ });
  t.throws(() => checkTable("x.txt", "decoded inputs"), { code: "CONFIG_USAGE" });
  t.notThrows(() => checkTable("x.parquet", "decoded inputs"));
});
