import { shapeText } from "../../data/views.js";
import type { SectionInput } from "../context.js";
import { name, table } from "../figure.js";
import { count, counted } from "../format.js";
import { type Content, type Html, html } from "../markup.js";
import type { Section } from "./section.js";

/** Names of inputs shown at once. */
const INPUTS = 40;
/** Environments or tasks shown without unfolding. */
const GROUPS = 12;

/** What was learned from. */
export async function datasetSection({ study }: SectionInput): Promise<Section | undefined> {
  const { dataset } = study.focus.manifest;
  const { environments = [], tasks = [] } = dataset;
  const several = study.fingerprints.length > 1;
  const inputs = dataset.inputs.slice(0, INPUTS).map((input) => html`<li>${name(input)}</li>`);
  const left = dataset.inputs.length - inputs.length;
  const facts: readonly (readonly [string, Content])[] = [
    ["Rows", count(dataset.rows)],
    ["Columns", count(dataset.columns)],
    ["Inputs", count(dataset.views === undefined ? dataset.inputs.length : dataset.columns)],
    ...(dataset.views ?? []).map(({ name: view, columns, image }): readonly [string, Content] => [
      `View ${view}`,
      image === undefined ? counted(columns, "column") : `images of ${shapeText(image)}`,
    ]),
    dataset.targets !== undefined
      ? ["Targets", `${count(dataset.targets.length)}, one per task`]
      : ["Target", dataset.target === undefined ? "none" : name(dataset.target)],
    ...(environments.length === 0 ? [] : [["Environments", count(environments.length)] as const]),
    ...(tasks.length === 0 ? [] : [["Tasks", count(tasks.length)] as const]),
    ["Fingerprint", html`<code>${dataset.fingerprint}</code>`],
  ];
  const provenance =
    Object.keys(dataset.provenance).length > 0 &&
    html`<details><summary>Where it came from</summary>
<pre>${JSON.stringify(dataset.provenance, null, 2)}</pre></details>`;
  return {
    id: "dataset",
    title: "Data",
    ...(several
      ? {
          lead: `${counted(study.fingerprints.length, "data set")} of different content go under this name; the numbers below are of the first.`,
        }
      : {}),
    body: html`<dl class="facts">${facts.map(([label, value]) => html`<div${label === "Fingerprint" && html` class="long"`}><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
${dataset.inputs.length > 0 && html`<details${environments.length === 0 && html` open`}><summary>${counted(dataset.inputs.length, "input")}</summary><ul class="names">${inputs}${left > 0 && html`<li>and ${count(left)} more</li>`}</ul></details>`}
${sizeTable("environment", environments)}${sizeTable("task", tasks)}${provenance}`,
  };
}

function sizeTable(
  kind: "environment" | "task",
  groups: readonly { readonly name: string; readonly rows: number }[],
): Html | undefined {
  if (groups.length === 0) return undefined;
  const most = groups.reduce((top, { rows }) => Math.max(top, rows), 1);
  const found = table(
    `Rows of each ${kind}.`,
    [{ label: kind === "task" ? "Task" : "Environment" }, { label: "Rows", numeric: true }, { label: "" }],
    groups.map(({ name: label, rows }) => [
      name(label),
      count(rows),
      html`<span class="bar" style="width:${Math.round((rows / most) * 100)}%"></span>`,
    ]),
  );
  return groups.length <= GROUPS
    ? found
    : html`<details><summary>${counted(groups.length, kind)}</summary>${found}</details>`;
}
