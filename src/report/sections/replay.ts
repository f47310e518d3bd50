import type { SectionInput } from "../context.js";
import { name, scroller, table } from "../figure.js";
import { count } from "../format.js";
import { html } from "../markup.js";
import { bySeed } from "../studies.js";
import { ended } from "../verdict.js";
import type { Section } from "./section.js";

/** What was run and how to run it again. */
export async function replaySection({ study }: SectionInput): Promise<Section | undefined> {
  const { manifest, config } = study.focus;
  const runs = study.methods.flatMap(({ label, runs, failed }) =>
    bySeed([...runs, ...failed]).map((run) => ({ label, run })),
  );
  const commands = runs.filter(({ run }) => run !== study.focus).map(({ run }) => run.manifest.command);
  return {
    id: "replay",
    title: "Run it again",
    lead: "The same command, data and version give the same bits.",
    body: html`${scroller(html`<pre class="command"><code>${manifest.command}</code></pre>`, "Command")}
${
  commands.length > 0 &&
  html`<details><summary>${commands.length === 1 ? "Command of the other run" : `Commands of the other ${count(commands.length)} runs`}</summary>${scroller(
    html`<pre><code>${commands.join("\n")}</code></pre>`,
    "Commands",
  )}</details>`
}
${table(
  "Every run of this report on these data.",
  [
    { label: "Method" },
    { label: "Seed", numeric: true },
    { label: "Steps", numeric: true },
    { label: "Outcome" },
    { label: "Run" },
    { label: "Data" },
  ],
  runs.map(({ label, run }) => [
    name(label),
    run.manifest.seed,
    count(run.manifest.steps),
    ended(run.manifest.outcome),
    html`<code>${name(run.manifest.runId)}</code>`,
    html`<code>${name(run.manifest.dataset.fingerprint)}</code>`,
  ]),
)}
<details><summary>Configuration of seed ${manifest.seed}, every default written out</summary>${scroller(
      html`<pre><code>${JSON.stringify(config, null, 2)}</code></pre>`,
      "Configuration",
    )}</details>
${table(
  "Versions.",
  [{ label: "Part" }, { label: "Version" }],
  [["disentangle", manifest.version] as const, ...Object.entries(manifest.versions)].map(([part, version]) => [
    name(part),
    name(version),
  ]),
)}`,
  };
}
