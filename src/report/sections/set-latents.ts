import type { Pictures } from "../../generated/types.js";
import { name, table } from "../figure.js";
import { significant } from "../format.js";
import type { Html } from "../markup.js";

/** The values that latents were set to for pictures of them. */
export function valuesTable(all: readonly { readonly latent: string; readonly values: readonly number[] }[]): Html {
  return table(
    "What each latent is set to.",
    [{ label: "latent" }, ...(all[0]?.values ?? []).map((_, i) => ({ label: `${i + 1}`, numeric: true as const }))],
    all.map(({ latent, values }) => [name(latent), ...values.map((value) => significant(value))]),
  );
}

/** What the shades of pictures mean. */
export function shades({ lowest, highest }: Pick<Pictures, "lowest" | "highest">): string {
  return `Black is ${significant(lowest)}, white ${significant(highest)}, the range of the training rows.`;
}
