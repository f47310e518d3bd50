import { agreementSection } from "./agreement.js";
import { assumptionsSection } from "./assumptions.js";
import { calibrationSection } from "./calibration.js";
import { choicesSection } from "./choices.js";
import { comparisonSection } from "./comparison.js";
import { correlationSection } from "./correlation.js";
import { counterfactualSection } from "./counterfactuals.js";
import { datasetSection } from "./dataset.js";
import { errorsSection } from "./errors.js";
import { findingsSection } from "./findings.js";
import { graphSection } from "./graph.js";
import { headsSection } from "./heads.js";
import { loadingsSection } from "./loadings.js";
import { replaySection } from "./replay.js";
import { restartsSection } from "./restarts.js";
import { scoresSection } from "./scores.js";
import type { SectionMaker } from "./section.js";
import { silenceSection } from "./silence.js";
import { tasksSection } from "./tasks.js";
import { trainingSection } from "./training.js";
import { traversalSection } from "./traversals.js";
import { treeSection } from "./tree.js";
import { warningsSection } from "./warnings.js";

/** What a section needs of the run shown in detail: that it ended with a result, or only that there is a record of it. */
interface Entry {
  readonly make: SectionMaker;
  readonly needs: "result" | "record";
}

/** Every section in the order of the page: first whether to believe it, then what was found, then how. */
export const SECTIONS: readonly Entry[] = [
  { make: scoresSection, needs: "result" },
  { make: agreementSection, needs: "record" },
  { make: calibrationSection, needs: "result" },
  { make: assumptionsSection, needs: "result" },
  { make: comparisonSection, needs: "record" },
  { make: correlationSection, needs: "result" },
  { make: graphSection, needs: "result" },
  { make: traversalSection, needs: "result" },
  { make: counterfactualSection, needs: "result" },
  { make: tasksSection, needs: "result" },
  { make: silenceSection, needs: "result" },
  { make: treeSection, needs: "result" },
  { make: headsSection, needs: "result" },
  { make: loadingsSection, needs: "result" },
  { make: errorsSection, needs: "record" },
  { make: findingsSection, needs: "result" },
  { make: choicesSection, needs: "result" },
  { make: restartsSection, needs: "result" },
  { make: trainingSection, needs: "record" },
  { make: warningsSection, needs: "record" },
  { make: datasetSection, needs: "record" },
  { make: replaySection, needs: "record" },
];
