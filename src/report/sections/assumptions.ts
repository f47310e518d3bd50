import type { Assumption } from "../../generated/types.js";
import type { SectionInput } from "../context.js";
import { type Html, html, prose, trusted } from "../markup.js";
import { focusName, type Section } from "./section.js";

const STATUS: Record<Assumption["status"], { readonly words: string; readonly sign: string }> = {
  ok: { words: "Holds", sign: "M5 10.5l3.5 3.5l6.5-8" },
  warning: { words: "In doubt", sign: "M10 5v6.5M10 14.5v.6" },
  violated: { words: "Violated", sign: "M6 6l8 8M14 6l-8 8" },
  unknown: { words: "Not checked", sign: "M7.5 7.5a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.1.9-1.1 1.9M10 14.5v.6" },
};

/** What must hold for the result to mean anything, and whether it does. */
export async function assumptionsSection(input: SectionInput): Promise<Section | undefined> {
  const { assumptions } = input.study.focus.summary;
  if (assumptions.length === 0) return undefined;
  const items = assumptions.map(
    ({ question, status, finding }) => html`<li class="assumption ${status}">${icon(status)}
<div><p class="question">${question}</p><p>${prose(finding)}</p></div><span class="status">${STATUS[status].words}</span></li>\n`,
  );
  return {
    id: "assumptions",
    title: "Assumptions checked",
    lead: `What must hold for the latents to be the causes (${focusName(input)}).`,
    body: html`<ul class="assumptions">${items}</ul>\n`,
  };
}

/** A status in words. */
export function statusWords(status: Assumption["status"]): string {
  return STATUS[status].words;
}

function icon(status: Assumption["status"]): Html {
  return trusted(
    `<svg class="icon" width="20" height="20" viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="10"/><path d="${STATUS[status].sign}"/></svg>`,
  );
}
