import test from "ava";
import { lines } from "../../src/cli/progress-line.js";
import { bytes, columns, duration, number, styleOf } from "../../src/cli/terminal.js";

test("without a terminal there is a line every few seconds, and always the last", (t) => {
  let clock = 0;
  const written: string[] = [];
  const line = lines(
    3000,
    (text) => written.push(text),
    () => clock,
  );
  line.stage("joint");
  for (let step = 1; step <= 100; step++) {
    clock += 100;
    line.progress({ stage: "joint", step, steps: 100, loss: 1 / step, terms: {} });
  }
  line.end();
  t.deepEqual(written, [
    "joint: begins",
    "joint: step 30 of 100, loss 0.03333",
    "joint: step 60 of 100, loss 0.01667",
    "joint: step 90 of 100, loss 0.01111",
    "joint: step 100 of 100, loss 0.01",
  ]);
});

test("a stage that begins first tells the last step of the one before", (t) => {
  const written: string[] = [];
  const line = lines(
    3000,
    (text) => written.push(text),
    () => 0,
  );
  line.progress({ stage: "joint", step: 9, steps: 9, loss: 0.5, terms: {}, validation: 0.25 });
  line.stage("rotation");
  line.end();
  t.deepEqual(written, ["joint: step 9 of 9, loss 0.5, validation 0.25", "rotation: begins"]);
});

test("colour needs a terminal that wants it", (t) => {
  const strong = (isTTY: boolean, env: NodeJS.ProcessEnv): string => styleOf({ isTTY }, env).strong("x");
  t.is(strong(true, {}), "\u001b[1mx\u001b[22m");
  t.is(strong(true, { NO_COLOR: "1" }), "x");
  t.is(strong(true, { TERM: "dumb" }), "x");
  t.is(strong(false, {}), "x");
});

test("numbers, times and sizes are short, and what is not a number is a dash", (t) => {
  t.deepEqual([0.123456, 12, null, undefined, Number.NaN].map(number), ["0.1235", "12", "-", "-", "-"]);
  t.deepEqual([12, 1234, 61_500].map(duration), ["12 ms", "1.2 s", "1 min 2 s"]);
  t.deepEqual([0, 999, 82_000, 4_290_000_000].map(bytes), ["0 B", "999 B", "82 kB", "4.29 GB"]);
});

test("columns are aligned, numbers to the right", (t) => {
  t.is(
    columns([
      ["rows", 5],
      ["columns", 1234],
    ]),
    "rows        5\ncolumns  1234",
  );
});
