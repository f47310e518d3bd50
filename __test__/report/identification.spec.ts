// Which latents the data identify: in the report, and in what a fit prints.
import test from "ava";
import { resultText } from "../../src/cli/run-text.js";
import { styleOf } from "../../src/cli/terminal.js";
import type { Identification } from "../../src/generated/types.js";
import { report } from "../../src/report/index.js";
import type { Run } from "../../src/results.js";
import { altered, record } from "./records.js";

const identification: Identification[] = [
  { latent: "z1", status: "ok", finding: "<nothing> found" },
  { latent: "z2", status: "violated", finding: "z3 depends on a sum of it and z1, by 441 nats" },
  { latent: "z3", status: "unknown", finding: "no latent depends on it" },
];

test("the report has a verdict on each latent with what decides", async (t) => {
  const { html, markdown } = await report([altered(record(), { summary: { identification } })]);
  t.regex(html, /Which latents the data identify/);
  t.true(html.includes("by 441 nats") && html.includes("&lt;nothing&gt; found") && !html.includes("<nothing>"));
  t.regex(markdown, /\| z2 \| no \| z3 depends on a sum/);
  t.regex(markdown, /\| z3 \| not checked \|/);
  t.notRegex((await report([record()])).html, /Which latents the data identify/);
});

test("a fit tells latents that passed from those that did not and those that were not checked", (t) => {
  const text = (of: Identification[]): string =>
    resultText(
      altered(record(), { summary: { identification: of } }) as unknown as Run,
      undefined,
      "runs/a",
      false,
      styleOf({ isTTY: false }),
    );
  t.regex(text(identification), /^identified +z1; not z2; z3 not checked$/m);
  t.regex(text(identification.slice(1, 2)), /^identified +none; not z2$/m);
  t.notRegex(text([]), /^identified/m);
});
