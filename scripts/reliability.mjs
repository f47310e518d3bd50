// The picture of docs/reproduce.md: the reliability curves of the committed table of `calibration/probabilities`, one chart for each
// method, drawn as a report draws them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./steps.mjs";

const results = "benchmark/results/reproduced/calibration-probabilities.json";
const picture = "docs/images/reliability.png";

/** Draws the picture again, with the last build and a browser. */
export async function drawReliability(executablePath) {
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const tab = await browser.newPage({ viewport: { width: 880, height: 1400 }, colorScheme: "light" });
    await tab.setContent(await page());
    const path = join(root, picture);
    await tab.locator("main").screenshot({ path, animations: "disabled" });
    console.log(path);
  } finally {
    await browser.close();
  }
}

async function page() {
  const built = (name) => import(new URL(`../dist/report/${name}.js`, import.meta.url));
  const { wholePage } = await built("page");
  const { chartFigure, legend } = await built("figure");
  const { reliabilityChart } = await built("charts/reliability");
  const { loadPens } = await built("context");
  const { html } = await built("markup");
  const { series } = await built("theme");
  const pens = await loadPens();
  const figures = [];
  for (const [title, rows] of charts()) {
    const figure = {
      id: title.replaceAll(/[^a-z]+/g, "-"),
      title,
      description: "",
      legend: legend(rows.map(({ experiment }, i) => ({ label: experiment, look: series(i) }))),
      table: html``,
    };
    figures.push(await chartFigure(figure, reliabilityChart(rows.map(({ curve }) => curve.bins)), "half", pens));
  }
  const style = html`<style>.behind { display: none } main { padding: 16px; background: var(--card) }</style>`;
  return wholePage("Reliability", html`${style}<main><div class="grid">${figures}</div></main>`);
}

/** The rows that have a curve, by the method and what its probabilities speak of. */
function charts() {
  const { rows } = JSON.parse(readFileSync(join(root, results), "utf8"));
  const found = new Map();
  for (const row of rows.filter(({ curve }) => curve !== undefined)) {
    const title = `${row.fit}: ${row.measure.split(":")[1]}`;
    found.set(title, [...(found.get(title) ?? []), row]);
  }
  return found;
}
