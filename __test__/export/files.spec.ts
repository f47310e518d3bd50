// Formats that others define, as their own libraries read them: golden/exports.py.
import { readFile } from "node:fs/promises";
import test from "ava";
import { crc32c, eventFileName } from "../../src/export/tensorboard.js";
import { METADATA, samples, TENSORS } from "./samples.js";

interface Golden {
  readonly written: { readonly safetensors: string; readonly events: string };
  readonly tensors: Readonly<Record<string, { dtype: string; shape: number[]; values: number[] }>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly events: readonly { time: number; step: number; tag: string; value: number }[];
}

const golden = readFile(new URL("../../golden/exports.json", import.meta.url), "utf8").then(
  (text) => JSON.parse(text) as Golden,
);

test("Python's safetensors reads names, types, shapes, values and words as they were written", async (t) => {
  const { written, tensors, metadata } = await golden;
  t.is(samples().safetensors, written.safetensors, "other bytes: run golden/exports.py");
  t.deepEqual(metadata, { ...METADATA });
  t.deepEqual(
    Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1)),
    TENSORS.map(({ name, shape, data }): [string, Golden["tensors"][string]] => [
      name,
      { dtype: `F${data.BYTES_PER_ELEMENT * 8}`, shape: [...shape], values: [...data] },
    ]).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
});

test("TensorBoard reads every point of the loss curves that is a finite number", async (t) => {
  const { written, events } = await golden;
  t.is(samples().events, written.events, "other bytes: run golden/exports.py");
  const time = Date.parse("2026-01-02T03:04:05Z") / 1000;
  const point = (tag: string, step: number, value: number) => ({ time, step, tag, value });
  t.deepEqual(events, [
    point("joint/fit", 0, 2),
    point("joint/fit", 10, 1.5),
    point("joint/fit", 20, 1.25),
    point("joint/changes", 0, 0.5),
    point("joint/changes", 10, 0.25),
    point("joint/changes", 20, 0.125),
    point("joint/validation", 20, 1.75),
    point("joint/gradient-norm", 0, 3),
    point("joint/gradient-norm", 10, 2),
    point("joint/gradient-norm", 20, 1),
    point("stacks/sparsity/violation", 5, 0.5),
    point("stacks/sparsity/multiplier", 5, 1),
  ]);
});

test("the checksum is CRC-32C, and TensorBoard knows an event file by its name", (t) => {
  // The check value of the catalogue of parametrised CRC algorithms.
  t.is(crc32c(Buffer.from("123456789")), 0xe3069283);
  t.is(eventFileName(new Date(1_700_000_000_500)), "events.out.tfevents.1700000000.disentangle");
});
