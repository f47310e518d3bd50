// The table of methods of a report in LaTeX, for the package booktabs.
import type { RunRecord } from "../record.js";
import { deviation, NOT_DEFINED, score, significant } from "../report/format.js";
import { visible } from "../report/markup.js";
import { type Measure, measured, spread } from "../report/measures.js";
import { modelOf, type StudyModel } from "../report/model.js";

/** One table for each data set and target: a row per method, mean and standard deviation over its seeds. */
export function latexOf(records: readonly RunRecord[]): string {
  const { studies, version } = modelOf(records, {});
  const head = `% Written by ${version}. Needs \\usepackage{booktabs}.`;
  return [head, ...studies.map(tableOf)].join("\n\n").concat("\n");
}

function tableOf({ study, title }: StudyModel): string {
  const measures = measured(study.methods);
  const rows = study.methods.map(({ label, runs, failed }) => [
    latexText(label),
    failed.length === 0 ? String(runs.length) : `${runs.length} of ${runs.length + failed.length}`,
    ...measures.map((measure) => cellOf(measure, runs)),
  ]);
  const line = (cells: readonly string[]): string => `    ${cells.join(" & ")} \\\\`;
  const arrows = { higher: "\\uparrow", lower: "\\downarrow" } as const;
  return [
    "\\begin{table}",
    "  \\centering",
    `  \\caption{${latexText(title)}: mean $\\pm$ standard deviation over seeds.}`,
    `  \\label{tab:${study.id}}`,
    `  \\begin{tabular}{lr${"r".repeat(measures.length)}}`,
    "    \\toprule",
    line(["Method", "Runs", ...measures.map(({ label, better }) => `${latexText(label)} $${arrows[better]}$`)]),
    "    \\midrule",
    ...rows.map(line),
    "    \\bottomrule",
    "  \\end{tabular}",
    "\\end{table}",
  ].join("\n");
}

function cellOf(measure: Measure, runs: readonly RunRecord[]): string {
  const found = spread(measure, runs);
  if (found === undefined) return "--";
  const { mean, sd } = found;
  if (mean === null) return latexText(NOT_DEFINED);
  const isOpen = measure.domain[1] === null;
  const number = isOpen ? significant(mean) : score(mean);
  return sd === null
    ? `$${math(number)}$`
    : `$${math(number)} \\pm ${math(isOpen ? significant(sd, 2) : deviation(sd))}$`;
}

/** A number as math: the minus sign of reports is no character of LaTeX's, and their powers of ten are. */
function math(number: string): string {
  return number
    .replaceAll("\u2212", "-")
    .replaceAll(",", "{,}")
    .replace(/e([+-]?\d+)$/, (_, power: string) => ` \\times 10^{${Number(power)}}`);
}

const SPECIAL: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "\u00b2": "\\textsuperscript{2}",
  "\u2212": "$-$",
};

/** Text that LaTeX prints as it is. */
export function latexText(text: string): string {
  return visible(text)
    .replace(/\s+/g, " ")
    .replace(/[\\~^\u00b2\u2212]|[{}$&#%_]/g, (character) => SPECIAL[character] ?? `\\${character}`);
}
