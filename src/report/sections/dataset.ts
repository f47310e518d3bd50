import type { SectionInput } from "../context.js";
import { name, table } from "../figure.js";
import { count, counted } from "../format.js";
import { type Content, type Html, html } from "../markup.js";
import type { Section } from "./section.js";

/** Names of inputs shown at once. */
const INPUTS = 40;
/** Environments shown without unfolding. */
const ENVIRONMENTS = 12;

/** What was learnt from. */
export async function datasetSection({ study }: SectionInput): Promise<Section | undefined> {
  const { dataset } = study.focus.manifest;
  const environments = dataset.environments ?? [];
  const several = study.fingerprints.length > 1;
  const inputs = dataset.inputs.slice(0, INPUTS).map((input) => html`<li>${name(input)}</li>`);
  const left = dataset.inputs.length - inputs.length;
  const facts: readonly (readonly [string, Content])[] = [
    ["Rows", count(dataset.rows)],
    ["Columns", count(dataset.columns)],
    ["Inputs", count(dataset.inputs.length)],
    ["Target", dataset.target === undefined ? "none" : name(dataset.target)],
    ["Environments", environments.length === 0 ? "none" : count(environments.length)],
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
<details${environments.length === 0 && dataset.inputs.length > 0 && html` open`}><summary>${counted(dataset.inputs.length, "input")}</summary><ul class="names">${inputs}${left > 0 && html`<li>and ${count(left)} more</li>`}</ul></details>
${environmentTable(environments)}${provenance}`,
  };
}

function environmentTable(environments: readonly { readonly name: string; readonly rows: number }[]): Html | undefined {
  if (environments.length === 0) return undefined;
  const most = environments.reduce((top, { rows }) => Math.max(top, rows), 1);
  const found = table(
    "Rows of each environment.",
    [{ label: "Environment" }, { label: "Rows", numeric: true }, { label: "" }],
    environments.map((environment) => [
      name(environment.name),
      count(environment.rows),
      html`<span class="bar" style="width:${Math.round((environment.rows / most) * 100)}%"></span>`,
    ]),
  );
  return environments.length <= ENVIRONMENTS
    ? found
    : html`<details><summary>${counted(environments.length, "environment")}</summary>${found}</details>`;
}
