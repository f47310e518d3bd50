// Looks at every link of the built site: its file is there, and the place in it. Links into the repository lead to a file of
// this checkout. Nothing is asked of the network.

import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { repository } from "./docs-pages.mjs";
import { filesUnder, root } from "./steps.mjs";

const attribute = /<(?:a|link|img|script|use)\b[^>]*?\s(?:href|src)="([^"]*)"/g;

/** Checks the site in a folder of the repository. Returns counts, and a line for each link that leads nowhere. */
export function checkLinks(folder) {
  const files = new Map(
    filesUnder(folder).map((path) => {
      const text = path.endsWith(".html") ? readFileSync(join(root, path), "utf8") : "";
      return [posix.relative(folder, path), { text, places: new Set(text.match(/(?<=\sid=")[^"]+/g)) }];
    }),
  );
  const broken = new Set();
  let pages = 0;
  let links = 0;
  for (const [page, { text }] of files) {
    if (text === "") continue;
    pages += 1;
    for (const [, written] of text.matchAll(attribute)) {
      links += 1;
      const problem = problemOf(written.replaceAll("&amp;", "&"), page, files);
      if (problem !== undefined) broken.add(`${page}: ${written}: ${problem}`);
    }
  }
  return { pages, links, broken: [...broken] };
}

function problemOf(link, page, files) {
  if (link.startsWith(`${repository}/`)) return problemInRepository(link.slice(repository.length + 1));
  if (/^https?:/.test(link)) return URL.canParse(link) ? undefined : "this is no address";
  const [, path, place] = /^([^?#]*)(?:\?[^#]*)?(?:#(.*))?$/.exec(link);
  const target = path === "" ? page : posix.join(posix.dirname(page), path);
  const file = files.get(target.endsWith("/") ? `${target}index.html` : target);
  if (file === undefined) return "there is no such file";
  if (!place || target.endsWith(".svg")) return undefined;
  return file.places.has(decodeURIComponent(place)) ? undefined : "there is no such place on that page";
}

function problemInRepository(link) {
  const [path, place] = link.split("#");
  const file = join(root, decodeURIComponent(path));
  if (!existsSync(file)) return "there is no such file in the repository";
  if (place === undefined) return undefined;
  const lines = readFileSync(file, "utf8").split("\n");
  const line = /^L(\d+)$/.exec(place);
  const there = line ? Number(line[1]) <= lines.length : lines.some((text) => slug(text) === place);
  return there ? undefined : "there is no such place in that file";
}

// As GitHub names the heading of a line of Markdown.
function slug(line) {
  const [, heading] = /^#+ (.+)$/.exec(line) ?? [];
  return heading
    ?.toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}
