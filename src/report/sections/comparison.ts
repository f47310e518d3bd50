import { stripChart } from "../charts/dots.js";
import type { SectionInput } from "../context.js";
import { chartFigure, defined, legend, name, table } from "../figure.js";
import { count, deviation, score, significant } from "../format.js";
import { type Content, type Html, html } from "../markup.js";
import { type Measure, measured, type Spread, spread } from "../measures.js";
import { series } from "../theme.js";
import type { Section } from "./section.js";

/** Methods beside each other over all their seeds, by every measure they have. */
export async function comparisonSection({ study, pens }: SectionInput): Promise<Section | undefined> {
  const measures = measured(study.methods);
  const runs = study.methods.reduce((sum, method) => sum + method.runs.length, 0);
  if (measures.length === 0 || runs < 2) return undefined;
  const figures: Html[] = [];
  for (const measure of measures) {
    const rows = study.methods.flatMap(({ label, runs }) => {
      const found = spread(measure, runs);
      return found === undefined ? [] : [{ label, found }];
    });
    if (rows.every(({ found }) => found.mean === null)) continue;
    const figure = {
      id: `${study.id}-compare-${measure.id}`,
      title: measure.label,
      description: measure.meaning,
      table: seedTable(measure, rows),
    };
    const strip = {
      axis: `${measure.label} (${measure.better} is better)`,
      domain: measure.domain,
      rows: rows.map(({ label, found }) => ({
        label,
        mean: found.mean,
        values: found.values.map(({ value }) => value),
      })),
      ...(measure.id === "error" ? { reference: 1 } : {}),
    };
    figures.push(await chartFigure(figure, stripChart(strip), "half", pens));
  }
  return {
    id: "comparison",
    title: study.methods.length > 1 ? "Method and baseline" : "Spread over seeds",
    lead: "Every ring is one seed, a filled mark is the mean. Runs that gave no result are not part of any mean.",
    body: html`${summaryTable(study.methods, measures)}${
      study.methods.length > 1 && legend(study.methods.map(({ label }, i) => ({ label, look: series(i) })))
    }<div class="grid">${figures}</div>`,
  };
}

function summaryTable(methods: SectionInput["study"]["methods"], measures: readonly Measure[]): Html {
  const rows = methods.map(({ label, runs, failed }): Content[] => [
    name(label),
    failed.length === 0 ? count(runs.length) : `${count(runs.length)} of ${count(runs.length + failed.length)}`,
    ...measures.map((measure) => {
      const found = spread(measure, runs);
      return found === undefined ? "\u2013" : plusMinus(measure, found);
    }),
  ]);
  return table(
    "Mean \u00b1 sample standard deviation over seeds. A dash: not measured for this method.",
    [
      { label: "Method" },
      { label: "Runs", numeric: true },
      ...measures.map(({ label }) => ({ label, numeric: true as const })),
    ],
    rows,
  );
}

/** Mean and standard deviation of a measure, and how many seeds it leaves out. */
export function plusMinus(measure: Measure, { mean, sd, reasons }: Spread): Content {
  const text = measure.domain[1] === null ? significant : score;
  if (mean === null) return defined("not defined", reasons.join("; "));
  return html`${text(mean)}${sd !== null && html`<span class="sd"> \u00b1 ${measure.domain[1] === null ? significant(sd, 2) : deviation(sd)}</span>`}${
    reasons.length > 0 && html` <span class="absent">(some not defined: ${reasons.join("; ")})</span>`
  }`;
}

function seedTable(measure: Measure, rows: readonly { readonly label: string; readonly found: Spread }[]): Html {
  const text = measure.domain[1] === null ? significant : score;
  return table(
    `${measure.label} of every seed.`,
    [{ label: "Method" }, { label: "Seed", numeric: true }, { label: measure.label, numeric: true }],
    rows.flatMap(({ label, found }) => found.values.map(({ seed, value }) => [name(label), seed, text(value)])),
  );
}
