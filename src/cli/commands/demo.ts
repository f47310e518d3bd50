import type { Command } from "commander";
import type { DemoResult, DemoRow } from "../../demo/run.js";
import { runDemo } from "../../demo/run.js";
import { fail } from "../../errors.js";
import { columns, inform, number, print } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle demo
  $ disentangle demo --seeds 5 --out demo5 --json`;

/** `disentangle demo` */
export function define(command: Command): void {
  command
    .option("--out <dir>", "folder for the runs and the report", "demo")
    .option("--seeds <count>", "seeds for each fit to the cells, at least 2", "3")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (options: { out: string; seeds: string; json?: boolean }) => {
      const result = await runDemo(options.out, seedsOf(options.seeds), inform);
      print(options.json, result, (style) => text(result, style.strong));
    });
}

function seedsOf(text: string): number[] {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 2 || count > 100) {
    fail("CONFIG_OUT_OF_RANGE", `--seeds: ${text} is not a whole number from 2 to 100`, { path: "--seeds" });
  }
  return Array.from({ length: count }, (_, seed) => seed);
}

function text({ rows, notes, agreement, report }: DemoResult, strong: (text: string) => string): string {
  const agree = agreement.map(({ method, mean, null: chance }) => {
    const by = `${number(mean)} (unrelated latents: ${number(chance?.mean)})`;
    return `  ${method}: ${by}`;
  });
  return [
    columns([["data", "method", "seeds", "MCC", "rotation null", "error / mean predictor"], ...rows.map(cells)]),
    "",
    ...notes.map(({ dataset, text }) => `${strong(dataset)}: ${text}`),
    "",
    `${strong("MCC")} 1 is perfect; the rotation null is what latents score that find the space but not the axes.`,
    "What 700 cells can and cannot show stands in the report.",
    "",
    "Agreement of the latents over seeds, where no truth is known (MCC between runs):",
    ...agree,
    "",
    `Report: ${strong(report)}`,
    "Next:   disentangle inspect YOUR_FILE",
  ].join("\n");
}

function cells({ dataset, method, seeds, mcc, rotation, error }: DemoRow): string[] {
  // One seed has no spread.
  const pm = ({ mean, sd }: { mean: number; sd: number }): string =>
    seeds === 1 ? mean.toFixed(3) : `${mean.toFixed(3)} ± ${sd.toFixed(3)}`;
  const rotated = rotation === null ? "-" : rotation.toFixed(3);
  const found = mcc === null ? "no truth" : pm(mcc);
  return [dataset, method, String(seeds), found, rotated, error === null ? "no target" : pm(error)];
}
