// `npm run docs`: the documentation site in docs/site, pages and API, with every link looked at.

import { checkLinks } from "./docs-links.mjs";
import { isMain, main, Stop, step, tool } from "./steps.mjs";

const out = "docs/site";

/** Builds the site and checks it; a link that leads nowhere stops the script. */
export async function docs() {
  await step("documentation", () => {
    tool("typedoc", ["--out", out, "--logLevel", "Warn"]);
    const { pages, links, broken } = checkLinks(out);
    for (const line of broken.slice(0, 30)) console.error(line);
    if (broken.length > 0) throw new Stop(`${broken.length} links lead nowhere`);
    return `${pages} pages, ${links} links, read ${out}/index.html`;
  });
}

if (isMain(import.meta.url)) await main(docs);
