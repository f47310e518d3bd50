import { agreementSection } from "./agreement.js";
import { assumptionsSection } from "./assumptions.js";
import { choicesSection } from "./choices.js";
import { comparisonSection } from "./comparison.js";
import { correlationSection } from "./correlation.js";
import { datasetSection } from "./dataset.js";
import { errorsSection } from "./errors.js";
import { findingsSection } from "./findings.js";
import { headsSection } from "./heads.js";
import { replaySection } from "./replay.js";
import { scoresSection } from "./scores.js";
import type { SectionMaker } from "./section.js";
import { trainingSection } from "./training.js";
import { treeSection } from "./tree.js";
import { warningsSection } from "./warnings.js";

/** Every section in the order of the page: first whether to believe it, then what was found, then how. */
export const SECTIONS: readonly SectionMaker[] = [
  scoresSection,
  agreementSection,
  assumptionsSection,
  comparisonSection,
  correlationSection,
  treeSection,
  headsSection,
  errorsSection,
  findingsSection,
  choicesSection,
  trainingSection,
  warningsSection,
  datasetSection,
  replaySection,
];
