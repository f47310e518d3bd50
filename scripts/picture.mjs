// `npm run picture`: the picture of a report at the top of the README, from the example that draws it. Needs Chromium (CHROMIUM names it).
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
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
  execFileSync(process.env.CHROMIUM ?? "chromium", [...flags, `--screenshot=${to}`, page], { stdio: "ignore" });
  console.log(to);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
