// `npm run picture`: the picture of a report at the top of the README, from the example that draws it. `npm run picture -- gallery`: the
// pictures of docs/gallery.md. `npm run picture -- reliability`: that of docs/reproduce.md. All need Chromium (CHROMIUM names it).
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drawGallery } from "./gallery.mjs";
import { drawReliability } from "./reliability.mjs";
import { chromiumNames } from "./setup.mjs";
import { main, root, Stop } from "./steps.mjs";

const chromium = process.env.CHROMIUM ?? chromiumNames.map((name) => `/usr/bin/${name}`).find(existsSync);

await main(async () => {
  if (chromium === undefined) throw new Stop("no chromium", "apt-get install chromium, or set CHROMIUM to one");
  const [what] = process.argv.slice(2);
  if (what === undefined) drawReport();
  else if (what === "gallery") await drawGallery(chromium);
  else if (what === "reliability") await drawReliability(chromium);
  else throw new Stop(`"${what}" is no picture`, "npm run picture, with nothing, gallery or reliability after --");
});

function drawReport() {
  const folder = mkdtempSync(join(tmpdir(), "disentangle-picture-"));
  try {
    const env = { ...process.env, TSX_TSCONFIG_PATH: join(root, "tsconfig.json"), NO_COLOR: "1" };
    const example = join(root, "examples/light-tunnel.ts");
    execFileSync(process.execPath, ["--import", import.meta.resolve("tsx"), example], {
      cwd: folder,
      env,
      stdio: "inherit",
    });
    const to = join(root, "docs/images/report.png");
    const page = `file://${join(folder, "runs/light-tunnel.html")}`;
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=960,1130"];
    execFileSync(chromium, [...flags, `--screenshot=${to}`, page], { stdio: "ignore" });
    console.log(to);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
