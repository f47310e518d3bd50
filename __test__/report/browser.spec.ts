import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import anyTest, { type TestFn } from "ava";
import { type Browser, chromium, type Page } from "playwright-core";
import { report } from "../../src/report/index.js";
import { chromiumPath } from "../chromium.js";
import { pictureRecord } from "./picture-records.js";
import { altered, record, withoutTruth } from "./records.js";
import { taskRecord } from "./task-records.js";

interface Context {
  browser: Browser;
  folder: string;
}

const executablePath = chromiumPath();
const test = anyTest as TestFn<Context>;
const drive = executablePath === undefined && process.env.CI !== "true" ? test.skip : test.serial;
if (executablePath === undefined)
  console.warn(
    "\nno chromium: the report is NOT tested in a browser. apt-get install chromium, or set CHROMIUM to one.\n",
  );

const LONG = `${"<script>alert(1)</script>".repeat(6)}${"unbroken".repeat(30)}`;

async function pages(): Promise<Record<string, string>> {
  const pair = [0, 1].flatMap((seed) => [record({ seed }), record({ seed, method: "shared-head", quality: 0.45 })]);
  const big = record({ depth: 7 });
  const hostile = record({ names: (kind, i) => `${kind} ${i} ${LONG}` });
  const renamed = altered(hostile, {
    manifest: {
      method: LONG,
      command: LONG,
      runId: LONG,
      dataset: { ...hostile.manifest.dataset, name: LONG, target: LONG },
    },
    summary: { warnings: [{ code: LONG, message: LONG, hint: LONG }] },
  });
  const real = withoutTruth(record({ seed: 1, latents: 14 }));
  const unscored = altered(real, { manifest: { dataset: { ...real.manifest.dataset, name: "cells" } } });
  return {
    pair: (await report(pair)).html,
    big: (await report([big])).html,
    hostile: (await report([renamed], { title: LONG, introduction: LONG })).html,
    tasks: (await report([taskRecord({ tasks: 60, latents: 20 })])).html,
    pictures: (await report([pictureRecord(3, 32, 32, 8)])).html,
    several: (await report([...pair, unscored, renamed])).html,
  };
}

test.before(async (t) => {
  t.context.folder = mkdtempSync(join(tmpdir(), "disentangle-report-"));
  if (executablePath === undefined) return;
  for (const [name, html] of Object.entries(await pages())) writeFileSync(join(t.context.folder, `${name}.html`), html);
  t.context.browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});

test.after.always(async (t) => {
  await t.context.browser?.close();
  rmSync(t.context.folder, { recursive: true, force: true });
});

/** Opens a page and gives back whatever went wrong on the way. */
async function open(
  t: Context,
  name: string,
  width: number,
  colorScheme: "light" | "dark",
): Promise<{ page: Page; wrongs: string[] }> {
  const page = await t.browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const wrongs: string[] = [];
  page.on("console", (message) => wrongs.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => wrongs.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => wrongs.push(`dialog: ${dialog.message()}`));
  page.on("request", (request) => {
    if (!/^(file|data):/.test(request.url())) wrongs.push(`request: ${request.url()}`);
  });
  await page.goto(pathToFileURL(join(t.folder, `${name}.html`)).href);
  return { page, wrongs };
}

/** Elements outside a scroll container that reach beyond the window, and how much wider the page is than the window. */
function overflow(page: Page): Promise<{ wider: number; elements: string[] }> {
  return page.evaluate(`(() => ({
    wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    elements: [...document.querySelectorAll("body *")]
      .filter(
        (element) =>
          !element.closest(".scroll, .skip, .name") && element.getBoundingClientRect().right > innerWidth + 1,
      )
      .map((element) => \`\${element.tagName}.\${element.getAttribute("class")}\`),
  }))()`);
}

for (const name of ["pair", "big", "hostile", "tasks", "pictures", "several"])
  for (const width of [1280, 390])
    for (const scheme of ["light", "dark"] as const)
      drive(`${name} at ${width} px, ${scheme}: nothing fails, nothing is fetched, nothing sticks out`, async (t) => {
        const { page, wrongs } = await open(t.context, name, width, scheme);
        t.deepEqual(await overflow(page), { wider: 0, elements: [] });
        await page.evaluate(`(() => {
          for (const details of document.querySelectorAll("details")) details.open = true;
        })()`);
        t.deepEqual(await overflow(page), { wider: 0, elements: [] });
        t.deepEqual(wrongs, []);
        await page.close();
      });

drive("dark is dark and light is light, for the page and inside the pictures", async (t) => {
  const shades: Record<string, number[]> = {};
  for (const scheme of ["light", "dark"] as const) {
    const { page } = await open(t.context, "pair", 1280, scheme);
    shades[scheme] = await page.evaluate(`(() => {
      const brightness = (color) =>
        color
          .match(/\\d+/g)
          .slice(0, 3)
          .map(Number)
          .reduce((a, b) => a + b, 0) / 3;
      const label = document.querySelector(".wide svg text");
      return [brightness(getComputedStyle(document.body).backgroundColor), brightness(getComputedStyle(label).fill)];
    })()`);
    await page.close();
  }
  const [lightGround, lightInk] = shades.light!;
  const [darkGround, darkInk] = shades.dark!;
  t.true(lightGround! > 220 && lightInk! < 110, `${shades.light}`);
  t.true(darkGround! < 40 && darkInk! > 150, `${shades.dark}`);
});

drive("every picture has a name and a description, and one of its drawings is visible at each width", async (t) => {
  for (const width of [1280, 390]) {
    const { page } = await open(t.context, "pair", width, "light");
    const figures = await page.evaluate<{ id: string; visible: number; named: boolean; table: boolean }[]>(`(() =>
      [...document.querySelectorAll("figure")].map((figure) => ({
        id: figure.id,
        visible: [...figure.querySelectorAll(".picture")].filter(
          (picture) => picture.getBoundingClientRect().height > 40,
        ).length,
        named: [...figure.querySelectorAll("svg[role=img]")].every(
          (svg) => svg.querySelector(":scope > title")?.textContent && svg.querySelector(":scope > desc")?.textContent,
        ),
        table: figure.querySelector("details table, details p") !== null,
      })))()`);
    t.true(figures.length > 8);
    for (const figure of figures) t.deepEqual({ ...figure, visible: 1, named: true, table: true }, figure);
    await page.close();
  }
});

drive("labels stay inside their pictures", async (t) => {
  for (const width of [1280, 390]) {
    const { page } = await open(t.context, "pair", width, "light");
    const outside = await page.evaluate(`(() =>
      [...document.querySelectorAll(".picture svg[role=img]")].flatMap((svg) => {
        const frame = svg.getBoundingClientRect();
        if (frame.width === 0) return [];
        return [...svg.querySelectorAll("text")].flatMap((text) => {
          const box = text.getBoundingClientRect();
          const out = Math.max(
            frame.left - box.left,
            box.right - frame.right,
            frame.top - box.top,
            box.bottom - frame.bottom,
          );
          return out > 2 ? [\`\${text.textContent} by \${out.toFixed(1)}\`] : [];
        });
      }))()`);
    t.deepEqual(outside, []);
    await page.close();
  }
});
