import type { SectionInput } from "../context.js";
import { html, prose } from "../markup.js";
import { bySeed, type Study } from "../studies.js";
import type { Section } from "./section.js";

/** A warning with the runs that gave it. */
export interface GroupedWarning {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** "tbr, seed 0", in order. */
  readonly runs: readonly string[];
}

/** Warnings of all runs of a study, equal ones once. */
export function warningsOf(study: Study): GroupedWarning[] {
  const groups = new Map<string, GroupedWarning>();
  for (const { label, runs, failed } of study.methods)
    for (const run of bySeed([...runs, ...failed]))
      for (const warning of run.summary.warnings) {
        const key = JSON.stringify([warning.code, warning.message, warning.hint]);
        const seen = groups.get(key)?.runs ?? [];
        groups.set(key, { ...warning, runs: [...seen, `${label}, seed ${run.manifest.seed}`] });
      }
  return [...groups.values()];
}

/** What the runs warned of. */
export async function warningsSection({ study }: SectionInput): Promise<Section | undefined> {
  const warnings = warningsOf(study);
  if (warnings.length === 0) return undefined;
  const total = study.runs.length;
  const items = warnings.map(
    ({ code, message, hint, runs }) => html`<li><code>${code}</code>
<p>${prose(message)}${hint && html`<br><span class="hint">${prose(hint)}</span>`}</p>
${total > 1 && html`<p class="runs">${runs.length === total ? "All runs" : runs.join(" \u00b7 ")}</p>`}</li>\n`,
  );
  return { id: "warnings", title: "Warnings", body: html`<ul class="warnings">${items}</ul>\n` };
}
