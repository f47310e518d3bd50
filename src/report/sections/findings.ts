import { conditionedText } from "../conditioned.js";
import type { SectionInput } from "../context.js";
import { defined, name, table } from "../figure.js";
import { finite, significant } from "../format.js";
import { html } from "../markup.js";
import { focusName, type Section } from "./section.js";

/** Verdicts on a latent, in words. */
export const IDENTIFIED = {
  ok: "nothing speaks against it",
  warning: "no",
  violated: "no",
  unknown: "not checked",
} as const;

/** The latents as numbers, and whatever else the method has to say about them. */
export async function findingsSection(input: SectionInput): Promise<Section | undefined> {
  const { latents, facts, conditioned, identification = [] } = input.study.focus.summary;
  if (latents.names.length === 0 && facts.length === 0) return undefined;
  const latentTable = table(
    "Estimated latents. One that does not vary carries nothing.",
    [{ label: "Latent" }, { label: "Mean", numeric: true }, { label: "Standard deviation", numeric: true }],
    latents.names.map((latent, i) => {
      const sd = finite(latents.sd[i]);
      return [
        name(latent),
        defined(significant(latents.mean[i])),
        sd === 0 ? html`0 <span class="absent">constant</span>` : defined(significant(sd)),
      ];
    }),
  );
  const factTable =
    facts.length > 0 &&
    table(
      "Further numbers.",
      [{ label: "What" }, { label: "Value", numeric: true }],
      facts.map(({ label, value }) => [label, defined(significant(value, 4))]),
    );
  const identificationTable =
    identification.length > 0 &&
    table(
      "Which latents the data identify, as far as it shows without truth.",
      [{ label: "Latent" }, { label: "Identified" }, { label: "What decides" }],
      identification.map(({ latent, status, finding }) => [name(latent), IDENTIFIED[status], finding]),
    );
  return {
    id: "findings",
    title: "The latents in numbers",
    lead: `Of ${focusName(input)}.${conditioned === undefined ? "" : ` Their prior is conditioned on ${conditionedText(conditioned)}.`}`,
    body: html`<div class="grid">${latentTable}${factTable}</div>${identificationTable}`,
  };
}
