// A model card in Markdown: what the model is, what it was fitted to, how far it can be trusted, how to use it.
import { catalogue } from "../catalogue.js";
import type { ModelInfo } from "../model.js";
import type { RunRecord } from "../record.js";
import { count, counted, listed, NOT_DEFINED, score, significant } from "../report/format.js";
import { inline } from "../report/markdown.js";
import { MEASURES } from "../report/measures.js";
import { ended } from "../report/verdict.js";

/** The card of one run. */
export function cardOf({ info }: { readonly info: ModelInfo }, record: RunRecord): string {
  const { manifest, summary, config } = record;
  const { dataset } = manifest;
  const method = catalogue().methods.find(({ name }) => name === manifest.method);
  const title = method?.title ?? manifest.method;
  return [
    frontMatter(manifest.method, manifest.version),
    `# ${inline(`${title} on ${dataset.name}`)}`,
    ...(method === undefined
      ? []
      : [
          inline(method.summary),
          `Method: \`${method.name}\`, ${inline(method.reference.authors)}, *${inline(method.reference.title)}* (${method.reference.year}), <${method.reference.url}>`,
          `Identifies ${inline(method.identifies)}.`,
        ]),
    "## Data",
    list([
      ["Data set", dataset.name],
      ["Rows", count(dataset.rows)],
      ["Input columns", count(dataset.columns)],
      ["Target", (dataset.targets ?? [dataset.target].flatMap((one) => one ?? [])).join(", ") || "none"],
      ["Environments", count(dataset.environments?.length ?? 0)],
      ["Fingerprint", dataset.fingerprint],
    ]),
    "## Model",
    list([
      ["Latents", info.latents.join(", ")],
      ["How the fit ended", ended(manifest.outcome)],
      ["Seed", String(manifest.seed)],
      ["Version", `disentangle ${manifest.version}`],
      ["Run", manifest.runId],
    ]),
    "## Evaluation",
    ...evaluation(record),
    "## Assumptions",
    summary.assumptions.length === 0
      ? "The method checks none on the data."
      : table(
          ["Assumption", "Status", "Finding"],
          summary.assumptions.map(({ question, status, finding }) => [question, status, finding]),
        ),
    "## Limits",
    ...limits(record, method?.identifies),
    "## Use",
    fenced(`disentangle transform RUN --data new-rows.csv --out latents.csv`, "sh"),
    `The columns are matched by name: ${inline(shown(info.inputs))}.`,
    "Run it again:",
    fenced(manifest.command, "sh"),
    "Configuration:",
    fenced(JSON.stringify(config, null, 2), "json"),
  ]
    .join("\n\n")
    .concat("\n");
}

function frontMatter(method: string, version: string): string {
  return [
    "---",
    "library_name: disentangle",
    "tags:",
    "  - causal-representation-learning",
    `  - ${JSON.stringify(method)}`,
    `disentangle_version: ${JSON.stringify(version)}`,
    "---",
  ].join("\n");
}

function evaluation(record: RunRecord): readonly string[] {
  const { scores, summary } = record;
  const rows = MEASURES.flatMap((measure) => {
    const found = measure.read(record);
    if (found === undefined) return [];
    const text = measure.domain[1] === null ? significant(found.value) : score(found.value);
    return [[measure.label, found.value === null ? `${NOT_DEFINED}: ${found.reason ?? ""}` : text, measure.meaning]];
  });
  const reconstruction = (summary.reconstruction ?? []).map(({ split, explained }) => [
    `Reconstruction, ${split} rows`,
    significant(explained),
    "Share of the variance of the inputs that comes back from the latents.",
  ]);
  const all = [...rows, ...reconstruction];
  const { unrelated, rotation } = scores?.mcc.nulls ?? {};
  const nulls = [
    ...(unrelated ? [`unrelated latents reach an MCC of ${score(unrelated.mean)}`] : []),
    ...(rotation ? [`a random rotation of the truth reaches ${score(rotation.mean)}`] : []),
  ];
  return [
    scores === undefined
      ? "No truth was at hand: the latents were not scored."
      : `Scored on ${counted(scores.rows.count, "row")} (${scores.rows.split}).${nulls.length === 0 ? "" : ` For comparison, ${listed(nulls)}.`}`,
    ...(all.length === 0 ? [] : [table(["Measure", "Value", "Meaning"], all)]),
  ];
}

function limits({ summary, scores, manifest }: RunRecord, identifies: string | undefined): readonly string[] {
  const found = [
    ...(identifies === undefined ? [] : [`What the method cannot settle is left open: it identifies ${identifies}.`]),
    ...(scores === undefined ? ["Without a truth the latents may be wrong although the fit went well."] : []),
    ...(manifest.outcome.kind === "converged" ? [] : [`The fit ${ended(manifest.outcome)}.`]),
    ...summary.warnings.map(({ code, message }) => `${code}: ${message}`),
  ];
  return [found.map((text) => `- ${inline(text)}`).join("\n")];
}

function list(entries: readonly (readonly [name: string, value: string])[]): string {
  return entries.map(([name, value]) => `- ${name}: ${inline(value)}`).join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(inline).join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/** Names, the first of very many. */
function shown(names: readonly string[]): string {
  const most = 20;
  if (names.length === 0) return "they have no names, and are taken by their place";
  return names.length <= most
    ? names.join(", ")
    : `${names.slice(0, most).join(", ")} and ${count(names.length - most)} more`;
}

/** A code block whose fence is longer than any in the text. */
function fenced(text: string, language: string): string {
  const longest = (text.match(/`+/g) ?? []).reduce((most, ticks) => Math.max(most, ticks.length), 2);
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
