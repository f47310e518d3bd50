// Every figure that a report can draw has a card in the gallery, whose picture is there and small.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { MEASURES } from "../../src/report/measures.js";
import { root } from "./run.js";

const MOST_BYTES = 1_000_000;

const page = readFileSync(join(root, "docs/gallery.md"), "utf8");
const cards = page.split(/^### /m).slice(1);
const pictureOf = (card: string): readonly string[] => /^!\[(.+)\]\((.+)\)$/m.exec(card)?.slice(1) ?? [];
const titles = cards.map((card) => pictureOf(card)[0] ?? "");
const files = cards.map((card) => pictureOf(card)[1] ?? "");

const sections = readdirSync(join(root, "src/report/sections")).map((name) =>
  readFileSync(join(root, "src/report/sections", name), "utf8"),
);

const EXPRESSION = '((?:"[^"]*"|`[^`]*`|[^"`,\\n}])+)';

/** What a title in the source may read as: its texts, each with anything in place of what is inserted; of a measure its label. */
function readings(expression: string): readonly RegExp[] {
  if (expression.trim() === "measure.label") return MEASURES.map(({ label }) => pattern(label));
  return [...expression.matchAll(/"([^"]*)"|`([^`]*)`/g)].map(([, text, template]) => pattern(text ?? template ?? ""));
}

function pattern(template: string): RegExp {
  const escaped = template.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".+")}$`);
}

test("each card has a question, and a picture that is there; together they are small", (t) => {
  t.true(cards.length >= 20);
  for (const card of cards) t.regex(card, /^[^\n]+\n\n!\[[^\]]+\]\([^)]+\)\n\n[A-Z][^\n]*\?/, card);
  const sizes = files.map((file) => statSync(join(root, "docs", file), { throwIfNoEntry: false })?.size ?? Number.NaN);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  t.true(total > 0 && total < MOST_BYTES, `${total} bytes, of ${files.join(", ")}`);
  const drawn = readdirSync(join(root, "docs/images/gallery")).map((name) => `images/gallery/${name}`);
  t.deepEqual(drawn.toSorted(), files.toSorted(), "every picture in the folder is shown, once");
});

test("each thumbnail leads to the card of its picture, in the same order", (t) => {
  const thumbnails = [...page.matchAll(/<a href="#([^"]+)"><img src="([^"]+)"[^>]*><\/a>/g)];
  const heading = (card: string): string => card.slice(0, card.indexOf("\n")).toLowerCase().replaceAll(" ", "-");
  t.deepEqual(
    thumbnails.map(([, place, file]) => [place, file]),
    cards.map((card, i) => [heading(card), files[i]]),
  );
});

test("the report's source has each title, and each figure of the source has a card", (t) => {
  const known = sections.flatMap((text) => [...text.matchAll(new RegExp(`\\btitle: ${EXPRESSION}`, "g"))]);
  const patterns = known.flatMap(([, expression = ""]) => readings(expression));
  for (const title of titles)
    t.true(
      patterns.some((one) => one.test(title)),
      title,
    );
  const drawn = new RegExp(`id: \`\\$\\{[\\w.]*study\\.id\\}-[^\`]*\`,\\s*title: ${EXPRESSION}`, "g");
  const figures = sections.flatMap((text) => [...text.matchAll(drawn)].map(([, expression = ""]) => expression));
  t.true(figures.length >= 18, `${figures.length} figures`);
  for (const figure of figures)
    t.true(
      readings(figure).some((one) => titles.some((title) => one.test(title))),
      `no card shows the figure ${figure}`,
    );
});
