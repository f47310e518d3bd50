// The pages of the documentation site, in the order in which a reader meets them. The README is the front page.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root, Stop } from "./steps.mjs";

/** Where files are read that are no pages. */
export const repository = "https://github.com/disentangle/disentangle/blob/main";

// Methods in the order of the catalogue: the schema is generated from it.
const { oneOf } = JSON.parse(readFileSync(join(root, "src/generated/schema.json"), "utf8"));
const methods = oneOf.map(({ properties }) => properties.method.const);

/** Title of each group in the navigation, and its pages as paths in the repository. */
export const groups = {
  Tutorials: ["tbr", "mtlcm", "pdgmm", "latent-anm", "multimodal", "interventional"].map(
    (name) => `docs/tutorials/${name}.md`,
  ),
  Gallery: ["docs/gallery.md"],
  "Choosing a method": ["docs/how-to-choose.md", "docs/choosing.md"],
  Data: ["docs/data.md"],
  Methods: [...methods.map((name) => `docs/methods/${name}.md`), "docs/notation.md"],
  "Runs and reports": ["docs/runs-and-reports.md", "docs/graphs-and-interventions.md", "docs/exports.md"],
  Sweeps: ["docs/sweeps.md", "docs/reproduce.md"],
  Metrics: ["docs/metrics.md", "benchmark/README.md"],
  Errors: ["docs/errors.md"],
  Deployment: ["docs/deployment.md", "SECURITY.md", "THIRD_PARTY.md"],
  Decisions: markdownIn("docs/decisions"),
  Development: ["CHANGELOG.md", "CONTRIBUTING.md", "ARCHITECTURE.md"],
};

const listed = Object.values(groups).flat();
const unlisted = ["docs", "docs/tutorials", "docs/methods", "docs/decisions"]
  .flatMap(markdownIn)
  .filter((page) => !listed.includes(page));
if (unlisted.length > 0) throw new Stop(`no group for ${unlisted.join(", ")}`, "name them in scripts/docs-pages.mjs");

function markdownIn(folder) {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith(".md"));
  return names.sort().map((name) => `${folder}/${name}`);
}
