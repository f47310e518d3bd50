// What the prior of the latents is conditioned on, in words.
import type { Conditioned } from "../generated/types.js";
import { counted } from "./format.js";

/** Longer lists of targets are cut. */
const SHOWN = 5;

/** "the 12 environments in site", "target y, not the environments in site". */
export function conditionedText({ on, columns, environments, unused }: Conditioned): string {
  const named = columns.slice(0, SHOWN).join(", ") + (columns.length > SHOWN ? ", ..." : "");
  const without = unused === undefined ? "" : `, not the environments in ${unused}`;
  if (environments !== undefined) return `the ${counted(environments, "environment")} in ${named}${without}`;
  return `${on}${on === "target" && columns.length > 1 ? "s" : ""} ${named}${without}`;
}
