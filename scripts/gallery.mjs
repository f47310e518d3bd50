// The pictures of docs/gallery.md: its commands are run as they stand, and of the report of each run those figures are taken that the
// page shows. A picture's alternative text is the title of its figure, or of its section.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { root, run, Stop } from "./steps.mjs";

const page = "docs/gallery.md";

/** Each run of the gallery: its commands, the report that they write, and the pictures that the page shows of it. */
function galleryRuns() {
  const text = readFileSync(join(root, page), "utf8");
  return text.split(/^## /m).flatMap((part) => {
    const commands = /^```sh\n([\s\S]*?)\n```$/m.exec(part)?.[1];
    if (commands === undefined) return [];
    const last = [...commands.matchAll(/--out (\S+)/g)].at(-1)[1];
    const pictures = [...part.matchAll(/^!\[(.+)\]\((.+)\)$/gm)].map(([, title, file]) => ({ title, file }));
    return [{ commands, report: last.endsWith(".html") ? last : `${last}/report.html`, pictures }];
  });
}

/** Draws every picture of the gallery again, with the last build and a browser. */
export async function drawGallery(executablePath) {
  const { chromium } = await import("playwright-core");
  const folder = mkdtempSync(join(tmpdir(), "disentangle-gallery-"));
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    symlinkSync(join(root, "examples"), join(folder, "examples"));
    const tab = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });
    for (const { commands, report, pictures } of galleryRuns()) {
      const cli = `disentangle() { '${process.execPath}' '${join(root, "bin/disentangle.js")}' "$@"; }`;
      run("sh", ["-euc", `${cli}\n${commands}`], { cwd: folder });
      await tab.goto(pathToFileURL(join(folder, report)).href);
      await tab.addStyleTag({ content: STYLE });
      for (const { title, file } of pictures) await draw(tab, title, join(root, dirname(page), file));
    }
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

// A figure by itself: with room around it, no wider than it has to be, and without the folded numbers.
const STYLE = `.figure, section.card { padding: 16px; margin: 0 !important; width: fit-content; max-width: 848px; background: var(--card) }
section.card { border: 0; border-radius: 0 } .figure .behind { display: none } .grid .figure { width: auto }
.figure .tall { max-height: none }`;

async function draw(tab, title, path) {
  // Whole pixels of the figure alone: what stands beside it would show at its edges.
  const clip = await tab.evaluate((wanted) => {
    const named = (selector, heading) =>
      [...document.querySelectorAll(selector)].find((one) => one.querySelector(heading)?.textContent === wanted);
    const element = named("figure", "figcaption strong") ?? named("section.card", "h2");
    if (element === undefined) return undefined;
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const [x, y] = [Math.ceil(left + window.scrollX), Math.ceil(top + window.scrollY)];
    return { x, y, width: Math.floor(right + window.scrollX) - x, height: Math.floor(bottom + window.scrollY) - y };
  }, title);
  if (clip === undefined) throw new Stop(`no figure or section of the report is called "${title}"`);
  mkdirSync(dirname(path), { recursive: true });
  await tab.screenshot({ path, clip, fullPage: true, animations: "disabled" });
  console.log(`${(statSync(path).size / 1000).toFixed(0).padStart(5)} kB  ${path}`);
}
