import type { SectionInput } from "../context.js";
import type { Html } from "../markup.js";

/** A section of a report: its heading, what it is about in a sentence or two, and its content. */
export interface Section {
  /** Unique within a study. */
  readonly id: string;
  readonly title: string;
  readonly lead?: string;
  readonly body: Html;
}

/** Makes a section from a study, or nothing where the study has nothing to show in it. */
export type SectionMaker = (input: SectionInput) => Promise<Section | undefined>;

/** "seed 3", or with its method where a study has several. */
export function focusName({ study: { focus, methods } }: SectionInput): string {
  const seed = `seed ${focus.manifest.seed}`;
  return methods.length > 1 ? `${methods[0]!.label}, ${seed}` : seed;
}
