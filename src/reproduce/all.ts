// All presets on one page.
import { join } from "node:path";
import { writeFileAtomic } from "../files.js";
import type { Verdict } from "./judge.js";
import type { Scale } from "./preset.js";
import type { Reproduction } from "./reproduction.js";
import { bandsChanged, cellsOf, HEADINGS, inBand, madeByText, table, verdictText } from "./table.js";

/** What all presets found. */
export interface AllPage {
  readonly scale: Scale | undefined;
  readonly version: string | undefined;
  readonly machine: Reproduction["machine"] | undefined;
  readonly presets: readonly Reproduction[];
  /** Presets that were not run. */
  readonly left: readonly string[];
}

/** The page of several reproductions. */
export function allPage(presets: readonly Reproduction[], left: readonly string[]): AllPage {
  const [first] = presets;
  return { scale: first?.scale, version: first?.version, machine: first?.machine, presets, left };
}

/** Writes it as JSON and as Markdown. */
export async function writeAllPage(
  out: string,
  scale: Scale,
  page: AllPage,
): Promise<{ readonly json: string; readonly markdown: string }> {
  const base = join(out, `all.${scale}`);
  await writeFileAtomic(`${base}.json`, `${JSON.stringify(page, null, 2)}\n`);
  await writeFileAtomic(`${base}.md`, markdownOfAll(page));
  return { json: `${base}.json`, markdown: `${base}.md` };
}

/** The page as Markdown: a table of all presets, then the table of each. */
export function markdownOfAll({ scale, presets, left }: AllPage): string {
  const trials = ({ trials: { total, failed } }: Reproduction): string =>
    failed.length === 0 ? String(total) : `${total}, ${failed.length} failed`;
  const verdicts = VERDICTS.map((word) => `${presets.filter(({ verdict }) => verdict === word).length} ${word}`);
  const summary = table(
    ["preset", "repeats", "trials", "rows in band", "verdict"],
    presets.map((one) => [one.preset, one.repeats, trials(one), inBand(one.rows), verdictText(one)]),
  );
  return `${[
    `# All presets, ${scale} scale`,
    `${presets.length} presets: ${verdicts.join(", ")}.`,
    summary,
    ...(left.length === 0 ? [] : [`Not run: ${left.join(", ")}.`]),
    'Spread: standard deviation with divisor n. A band holds on every seed unless it says "mean".',
    ...presets.flatMap((one) => [
      `## ${one.preset}`,
      `${one.title} Repeats ${one.repeats} (${one.paper}).`,
      table([...HEADINGS], one.rows.map(cellsOf)),
      ...bandsChanged(one.rows),
    ]),
    `\`disentangle reproduce all --scale ${scale}\`; ${presets.slice(0, 1).map(madeByText).join()}.`,
  ].join("\n\n")}\n`;
}

const VERDICTS: readonly Verdict[] = ["in band", "outside", "failed", "incomplete"];
