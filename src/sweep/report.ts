// The report of a sweep: a table over all but the seed, the metric over each parameter, and what the choice cost where that is known.
import { stripChart } from "../report/charts/dots.js";
import { loadPens, type Pens } from "../report/context.js";
import { chartFigure, name, table } from "../report/figure.js";
import { count, counted, listed, score, significant } from "../report/format.js";
import type { Report } from "../report/index.js";
import { type Content, type Html, html } from "../report/markup.js";
import { moments } from "../report/measures.js";
import { wholePage } from "../report/page.js";
import { jsonText } from "../results.js";
import type { SweepFile } from "./folder.js";
import { METRICS } from "./metric.js";
import { codeText } from "./planned.js";
import type { SweepResult, SweptSetting } from "./result.js";
import { metricText, ranked, settingText, valueText } from "./shown.js";

/** Settings in the table and rows of a chart, at most: the best ones. All are in the JSON form. */
const MOST_ROWS = 100;
const MOST_VALUES = 24;

/** The report in three forms. Equal results give equal bytes. */
export async function sweepReport(result: SweepResult, file: SweepFile): Promise<Report> {
  const title = file.name ?? "Sweep";
  return {
    html: await page(title, result, file),
    markdown: markdown(title, result, file),
    json: jsonText({ format: 1, kind: "sweep", title, code: file.code, ...withoutFolders(result) }),
  };
}

/** Where it was computed is no result. */
function withoutFolders({ dir: _, trials, ...rest }: SweepResult): object {
  return { ...rest, trials: trials.map(({ dir: __, ...trial }) => trial) };
}

/** What was found, in sentences. */
function sentences(result: SweepResult): readonly string[] {
  const { settings, trials, chosen, regret } = result;
  const complete = settings.filter(({ mean }) => mean !== null).length;
  const best = settings.find(({ setting }) => setting === chosen);
  const stopped = trials.filter(({ state }) => state === "stopped").length;
  return [
    `Compared by: ${metricText(result)}.`,
    best === undefined
      ? "No setting is complete with a finite number, so none is chosen."
      : `Chosen of ${counted(complete, "complete setting")}: ${settingText(best)}, mean ${significant(best.mean)}.`,
    ...(complete < settings.length
      ? [
          `${counted(settings.length - complete, "setting")} of ${count(settings.length)} not complete: they take no part in the choice.`,
        ]
      : []),
    ...(stopped > 0 ? [`Successive halving stopped ${counted(stopped, "trial")} before the end.`] : []),
    ...(regret === undefined
      ? []
      : [
          `The truth, which took no part in the choice: MCC ${score(regret.chosen)} at the chosen setting, ${score(regret.best)} at the best of ${count(regret.of)}; regret ${score(regret.regret)}.`,
        ]),
  ];
}

/** Trials that gave nothing, with their reasons. */
function failures({ trials }: SweepResult): readonly (readonly string[])[] {
  return trials
    .filter(({ state }) => state === "failed" || state === "parked")
    .map((trial) => [trial.id, settingText(trial), String(trial.seed), trial.state, trial.reason ?? ""]);
}

const HEADINGS = ["n", "mean", "sd", "agreement", "remark"] as const;

/** The cells of a setting behind those of its parameters, one per heading. */
function cellsOf({ values, seeds, mean, sd, agreement, missing }: SweptSetting): string[] {
  return [
    values.length === seeds ? count(seeds) : `${count(seeds - missing.length)} of ${count(seeds)}`,
    mean === null ? "-" : significant(mean),
    sd === null ? "-" : significant(sd, 2),
    agreement === undefined || agreement === null ? "-" : score(agreement),
    missing.join("; "),
  ];
}

function markdown(title: string, result: SweepResult, file: SweepFile): string {
  const rows = ranked(result).slice(0, MOST_ROWS);
  const failed = failures(result);
  return `${[
    `# ${title}`,
    sentences(result).join(" "),
    lines(
      [...result.axes, ...HEADINGS],
      rows.map((one) => [...result.axes.map((path) => valueText(one.params[path])), ...cellsOf(one)]),
    ),
    NOTE,
    ...(failed.length > 0 ? ["## Failed", lines(["trial", "setting", "seed", "state", "reason"], failed)] : []),
    footer(file),
  ].join("\n\n")}\n`;
}

const NOTE =
  "Mean and sample standard deviation over seeds. Agreement: mean MCC between pairs of seeds, of the eight lowest at most. A mean stands only where every seed is done with a finite number.";

function footer({ code }: SweepFile): string {
  return `disentangle ${codeText(code)}`;
}

function lines(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

async function page(title: string, result: SweepResult, file: SweepFile): Promise<string> {
  const pens = await loadPens();
  const failed = failures(result);
  const figures: Html[] = [];
  for (const [place, path] of result.axes.entries()) {
    const figure = await slice(result, path, place, pens);
    if (figure !== undefined) figures.push(figure);
  }
  const states = statesText(result);
  const parts = [
    ["settings", "Settings"],
    ...(figures.length > 0 ? [["parameters", "Parameters"]] : []),
    ...(failed.length > 0 ? [["failed", "Failed"]] : []),
  ];
  const body = html`<a class="skip" href="#main">Skip to the report</a>
<div class="sheet">
<nav class="contents" aria-label="Contents"><ul>${parts.map(([id, label]) => html`<li><a href="#${id}">${label}</a></li>`)}</ul></nav>
<main id="main">
<header class="title"><p class="eyebrow">disentangle</p><h1>${title}</h1><p class="meta">${counted(result.settings.length, "setting")} \u00b7 ${counted(result.trials.length, "trial")} \u00b7 ${states}</p></header>
<section class="verdict ${result.chosen === undefined ? "failed" : "unknown"}" aria-label="Verdict"><p class="headline">${headline(result)}</p>
${sentences(result).map((text) => html`<p>${text}</p>`)}</section>
<section class="card" id="settings" aria-labelledby="settings-title"><h2 id="settings-title">Settings</h2>
<p class="lead">${NOTE}</p>${settingsTable(result)}</section>
${
  figures.length > 0 &&
  html`<section class="card" id="parameters" aria-labelledby="parameters-title"><h2 id="parameters-title">Parameters</h2>
<p class="lead">Every ring is one finished trial, a filled mark is the mean over all trials with that value, whatever the other parameters were.</p>
<div class="grid">${figures}</div></section>`
}
${
  failed.length > 0 &&
  html`<section class="card" id="failed" aria-labelledby="failed-title"><h2 id="failed-title">Failed</h2>${table(
    "Trials without a result.",
    ["Trial", "Setting", "Seed", "State", "Reason"].map((label) => ({ label })),
    failed,
  )}</section>`
}
<footer><p>${footer(file)}. Numbers are rounded to three significant digits; the JSON form of this report has all of them.</p></footer>
</main></div>`;
  return wholePage(title, body);
}

/** "12 done, 1 failed" */
function statesText({ trials }: SweepResult): string {
  const counts = new Map<string, number>();
  for (const { state } of trials) counts.set(state, (counts.get(state) ?? 0) + 1);
  return listed([...counts].map(([state, number]) => `${count(number)} ${state}`));
}

function headline({ settings, chosen }: SweepResult): string {
  const best = settings.find(({ setting }) => setting === chosen);
  return best === undefined ? "Nothing can be chosen yet" : `Chosen: ${settingText(best)}`;
}

function settingsTable(result: SweepResult): Html {
  const all = ranked(result);
  const rows = all.slice(0, MOST_ROWS).map((one): Content[] => {
    const marked =
      one.setting === result.chosen ? html`<strong>${String(one.setting + 1)}</strong>` : String(one.setting + 1);
    return [marked, ...result.axes.map((path) => name(valueText(one.params[path]))), ...cellsOf(one)];
  });
  const left = all.length - rows.length;
  const caption =
    left === 0 ? "Every setting, the best first." : `The best ${count(rows.length)} of ${count(all.length)} settings.`;
  return table(
    caption,
    [
      { label: "Setting" },
      ...result.axes.map((label) => ({ label })),
      { label: "Seeds", numeric: true },
      { label: "Mean", numeric: true },
      { label: "SD", numeric: true },
      { label: "Agreement", numeric: true },
      { label: "Remark" },
    ],
    rows,
  );
}

/** The metric over the values of one parameter; nothing where it has one value only, or no trial has a number. */
async function slice(result: SweepResult, path: string, place: number, pens: Pens): Promise<Html | undefined> {
  const rows = sliceRows(result, path);
  if (rows.length < 2) return undefined;
  const all = rows.flatMap(({ values }) => values);
  const lowest = Math.min(0, ...all);
  const { meaning, name: asked } = result.metric;
  const axis = METRICS[meaning ?? asked]!.title;
  const figure = {
    id: `parameter-${place}`,
    title: path,
    description: `The ${axis} of finished trials by the value of ${path}.`,
    table: table(
      `Mean over trials by ${path}.`,
      [{ label: path }, { label: "Trials", numeric: true }, { label: "Mean", numeric: true }],
      rows.map(({ label, values, mean }) => [name(label), count(values.length), significant(mean)]),
    ),
  };
  const strip = { axis, domain: [lowest, null] as const, rows };
  return chartFigure(figure, stripChart(strip), "half", pens);
}

interface SliceRow {
  readonly label: string;
  readonly values: readonly number[];
  readonly mean: number | null;
}

/** Values of a parameter, numbers in order; where there are many, ranges of them. */
export function sliceRows({ settings }: Pick<SweepResult, "settings">, path: string): readonly SliceRow[] {
  const groups = new Map<string, { key: unknown; values: number[] }>();
  for (const { params, values, mean } of settings) {
    const label = valueText(params[path]);
    const group = groups.get(label) ?? { key: params[path], values: [] };
    groups.set(label, group);
    // An agreement is a number of a setting, and not of one of its seeds.
    group.values.push(...(values.length > 0 ? values.map(({ value }) => value) : mean === null ? [] : [mean]));
  }
  const sorted = [...groups].filter(([, { values }]) => values.length > 0);
  if (sorted.every(([, { key }]) => typeof key === "number"))
    sorted.sort(([, a], [, b]) => (a.key as number) - (b.key as number));
  const width = Math.ceil(sorted.length / MOST_VALUES);
  const rows: SliceRow[] = [];
  for (let from = 0; from < sorted.length; from += width) {
    const part = sorted.slice(from, from + width);
    const values = part.flatMap(([, one]) => one.values);
    const label = part.length === 1 ? part[0]![0] : `${part[0]![0]} to ${part.at(-1)![0]}`;
    rows.push({ label, values, mean: moments(values).mean });
  }
  return rows;
}
