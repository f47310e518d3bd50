import { type DrawGraph, loadGraphviz } from "./draw/graphviz.js";
import { type DrawChart, loadVega } from "./draw/vega.js";
import type { LabeledAgreement } from "./model.js";
import type { Study } from "./studies.js";

/** What draws: loaded only when a report is made, because importing it takes longer than everything else together. */
export interface Pens {
  readonly chart: DrawChart;
  readonly graph: DrawGraph;
}

export async function loadPens(): Promise<Pens> {
  const [chart, graph] = await Promise.all([loadVega(), loadGraphviz()]);
  return { chart, graph };
}

/** What a section is made from. */
export interface SectionInput {
  readonly study: Study;
  /** How far the runs of each method agree; the method the report is about comes first. */
  readonly agreements: readonly LabeledAgreement[];
  readonly pens: Pens;
}
