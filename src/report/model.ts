import type { RunRecord } from "../record.js";
import { shortened } from "./format.js";
import type { Agreement, ReportOptions } from "./options.js";
import { type Study, studiesOf } from "./studies.js";
import { type Tile, tilesOf } from "./tiles.js";
import { type Verdict, verdictOf } from "./verdict.js";

/** Everything a report says before it takes a form. */
export interface ReportModel {
  readonly title: string;
  readonly introduction?: string | undefined;
  /** "disentangle 0.1.0", or several versions. */
  readonly version: string;
  readonly studies: readonly StudyModel[];
}
export interface StudyModel {
  readonly study: Study;
  /** Name of the data and, where it matters, the target. */
  readonly title: string;
  /** Of the method the report is about. */
  readonly agreement: Agreement | undefined;
  /** Of every method that has one, that method first. */
  readonly agreements: readonly LabeledAgreement[];
  readonly verdict: Verdict;
  readonly tiles: readonly Tile[];
  readonly remarks: readonly string[];
}

/** How far the runs of one method agree. */
export interface LabeledAgreement {
  readonly label: string;
  readonly agreement: Agreement;
}

/** The model of a report on these records. */
export function modelOf(records: readonly RunRecord[], options: ReportOptions): ReportModel {
  const studies = studiesOf(records, options.method);
  const agreements = [options.agreement ?? []].flat();
  const names = studies.map(({ name }) => name);
  const entries = studies.map((study): StudyModel => {
    const fits = ({ dataset, target }: { dataset?: string; target?: string }) =>
      (dataset === undefined || dataset === study.name) && (target === undefined || target === study.target);
    const found = study.methods.flatMap(({ label, method }, i): LabeledAgreement[] => {
      const agreement = agreements.find(
        (candidate) =>
          fits(candidate) && (candidate.method === undefined ? i === 0 : [method, label].includes(candidate.method)),
      );
      return agreement === undefined ? [] : [{ label, agreement }];
    });
    const agreement = found[0]?.label === study.methods[0]!.label ? found[0].agreement : undefined;
    const shared = names.filter((other) => other === study.name).length > 1;
    return {
      study,
      title: shared && study.target !== undefined ? `${study.name}: ${study.target}` : study.name,
      agreement,
      agreements: found,
      verdict: verdictOf(study, agreement),
      tiles: tilesOf(study, agreement),
      remarks: (options.remarks ?? []).filter(fits).map(({ text }) => text),
    };
  });
  const only = entries.length === 1 ? entries[0] : undefined;
  const versions = [...new Set(records.map(({ manifest }) => manifest.version))].sort();
  return {
    title:
      options.title ?? (only === undefined ? "Hidden causes" : `Hidden causes in ${shortened([only.title], 60)[0]}`),
    introduction: options.introduction,
    version: `disentangle ${versions.join(", ")}`,
    studies: entries,
  };
}
