import type { Counterfactuals, Pictures } from "../../generated/types.js";
import type { SectionInput } from "../context.js";
import { strip } from "../draw/pictures.js";
import { name, pictureFigure } from "../figure.js";
import { count, significant } from "../format.js";
import { type Html, html } from "../markup.js";
import { focusName, type Section } from "./section.js";
import { shades, valuesTable } from "./set-latents.js";

/** Pictures of a row before those of the values: the image, and the image as it is decoded. */
const BEFORE = 2;

/** What some rows of images would look like, had one latent another value. */
export async function counterfactualSection(input: SectionInput): Promise<Section | undefined> {
  const all = input.study.focus.summary.counterfactuals ?? [];
  const views = [...new Set(all.flatMap(({ pictures }) => pictures.map(({ view }) => view)))];
  const figures = views.flatMap((view, i) => figureOf(input, view, all, i) ?? []);
  if (figures.length === 0) return undefined;
  return {
    id: "counterfactuals",
    title: "Other values of a latent",
    lead:
      `Rows ${listed(all[0]!.rows)} of the data (${focusName(input)}): what each would look like, had one latent another value. ` +
      "Its noise and its private variables stay as they are; the other latents follow as the mechanisms say.",
    body: html`${figures}`,
  };
}

/** A line for each latent that changes the images of a view, in it a line of pictures for each row of the data. */
function figureOf(
  { study }: SectionInput,
  view: string,
  all: readonly Counterfactuals[],
  place: number,
): Html | undefined {
  const shown = all.flatMap(({ latent, rows, values, pictures }) => {
    const found = pictures.find((of) => of.view === view);
    return found !== undefined && changes(found, values.length) ? [{ latent, rows, values, pictures: found }] : [];
  });
  const first = shown[0];
  if (first === undefined) return undefined;
  const lines = shown.map(({ latent, rows, values, pictures }) => {
    const each = BEFORE + values.length;
    const strips = rows.map((row, i) => {
      const before = image(pictures, i * each, BEFORE, `${view} of row ${row + 1}, as it is and as it is decoded`);
      const range = `${significant(values[0])} to ${significant(values.at(-1))}`;
      const after = image(pictures, i * each + BEFORE, values.length, `the same with ${latent} from ${range}`);
      return html`<div>${before} ${after}</div>`;
    });
    return html`<tr><th scope="row">${name(latent)}</th><td>${strips}</td></tr>\n`;
  });
  return pictureFigure(
    {
      id: `${study.id}-counterfactuals-${place + 1}`,
      title: `${view} with other latents`,
      description:
        "One group of lines per latent, one line per row. Left: the image, and the image decoded from its own latents; right: the latent " +
        "set from two standard deviations below its mean to two above. A latent that changes none of these images is left out. " +
        shades(first.pictures),
      table: valuesTable(shown),
    },
    html`<table class="pictures"><tbody>${lines}</tbody></table>`,
  );
}

function image(pictures: Pictures, from: number, length: number, alt: string): Html {
  const { url, width, height } = strip({ ...pictures, pixels: pictures.pixels.slice(from, from + length) });
  return html`<img src="${url}" alt="${alt}" width="${width}" height="${height}">`;
}

/** Whether a picture differs from the one that is decoded of the row as it is. */
function changes({ pixels }: Pictures, values: number): boolean {
  const each = BEFORE + values;
  return pixels.some((picture, at) => at % each >= BEFORE && picture !== pixels[at - (at % each) + 1]);
}

function listed(rows: readonly number[]): string {
  const numbers = rows.map((row) => count(row + 1));
  return [numbers.slice(0, -1).join(", "), numbers.at(-1)!].filter((part) => part !== "").join(" and ");
}
