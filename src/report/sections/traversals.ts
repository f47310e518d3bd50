import type { Pictures, Response, Summary, Traversal } from "../../generated/types.js";
import { lineLook, linesChart } from "../charts/lines.js";
import type { SectionInput } from "../context.js";
import { strip } from "../draw/pictures.js";
import { chartFigure, defined, legend, name, pictureFigure, table } from "../figure.js";
import { count, counted, percent, significant } from "../format.js";
import { type Html, html } from "../markup.js";
import { focusName, type Section } from "./section.js";
import { shades, valuesTable } from "./set-latents.js";

/** Latents shown at once; the others are folded away. */
const SHOWN = 4;
/** Lines of a picture: more cannot be told apart. */
const LINES = 6;

/** What each latent does to the others and to the inputs. */
export async function traversalSection(input: SectionInput): Promise<Section | undefined> {
  const { traversals, reconstruction } = input.study.focus.summary;
  if (traversals === undefined || traversals.length === 0) return undefined;
  const follow = traversals.some(({ latents }) => latents.length > 0);
  const figures: Html[] = [];
  for (const [i, traversal] of traversals.entries()) {
    if (responsesOf(traversal).length > 0) figures.push(await figureOf(input, traversal, i));
  }
  const pictures = picturesOf(traversals).map((view, i) => galleryOf(input, view, i));
  if (figures.length + pictures.length === 0) return undefined;
  const folded = figures.slice(SHOWN);
  return {
    id: "traversals",
    title: "What each latent does",
    lead:
      `Row ${count(traversals[0]!.row + 1)} of the data (${focusName(input)}), with one latent set to one value after another; ` +
      `${follow ? "the other latents follow as the mechanisms say" : "the other latents stay as they are"}.${cameBack(reconstruction)}`,
    body: html`${pictures}${figures.length > 0 && html`<div class="grid">${figures.slice(0, SHOWN)}</div>`}${
      folded.length > 0 &&
      html`<details class="more"><summary>${counted(folded.length, "more picture")}</summary><div class="grid">${folded}</div></details>`
    }`,
  };
}

/** The pictures of one view, latent after latent. */
interface Gallery {
  readonly view: string;
  readonly lowest: number;
  readonly highest: number;
  readonly rows: readonly {
    readonly latent: string;
    readonly values: readonly number[];
    readonly pictures: Pictures;
  }[];
}

function picturesOf(traversals: readonly Traversal[]): Gallery[] {
  const views = new Set(traversals.flatMap(({ pictures = [] }) => pictures.map(({ view }) => view)));
  return [...views].map((view) => {
    const rows = traversals.flatMap(({ latent, values, pictures = [] }) =>
      pictures.filter((of) => of.view === view).map((found) => ({ latent, values, pictures: found })),
    );
    return { view, lowest: rows[0]!.pictures.lowest, highest: rows[0]!.pictures.highest, rows };
  });
}

/** One line of pictures per latent. */
function galleryOf({ study }: SectionInput, { view, lowest, highest, rows }: Gallery, place: number): Html {
  const lines = rows.map(({ latent, values, pictures }) => {
    const alt = `${view} with ${latent} from ${significant(values[0])} to ${significant(values.at(-1))}`;
    const { url, width, height } = strip(pictures);
    return html`<tr><th scope="row">${name(latent)}</th><td><img src="${url}" alt="${alt}" width="${width}" height="${height}"></td></tr>\n`;
  });
  return pictureFigure(
    {
      id: `${study.id}-pictures-${place + 1}`,
      title: `${view} as each latent moves`,
      description:
        "One line per latent: what is decoded with the latent set from two standard deviations below its mean (left) to two above " +
        `(right). ${shades({ lowest, highest })}`,
      table: valuesTable(rows),
    },
    html`<table class="pictures"><tbody>${lines}</tbody></table>`,
  );
}

function cameBack(reconstruction: Summary["reconstruction"]): string {
  const row = reconstruction?.find(({ split }) => split === "test") ?? reconstruction?.at(-1);
  if (row?.explained === undefined || row.explained === null) return "";
  return ` Decoding the latents of the ${row.split} rows gives back ${percent(row.explained)} of the inputs' variance.`;
}

/** Latents that follow come first, then the inputs that move most. */
function responsesOf({ latents, inputs }: Traversal): Response[] {
  return [...latents, ...inputs].slice(0, LINES);
}

async function figureOf({ study, pens }: SectionInput, traversal: Traversal, place: number): Promise<Html> {
  const { latent, values } = traversal;
  const responses = responsesOf(traversal);
  const middle = Math.floor(values.length / 2);
  const lines = responses.map(({ sd, values: moved }) => ({
    steps: values,
    values: moved.map((value) => (sd > 0 ? (value - moved[middle]!) / sd : 0)),
  }));
  const figure = {
    id: `${study.id}-traversal-${place + 1}`,
    title: `${latent} from two standard deviations below its mean to two above`,
    description: `What moves with ${latent}, in standard deviations of what moves, from where it is in the middle.`,
    legend: legend(
      responses.map(({ name }, i) => {
        const { color, dash } = lineLook(i);
        return { label: name, look: { color, dash } };
      }),
    ),
    table: table(
      "In their own units.",
      [{ label: latent, numeric: true }, ...responses.map(({ name }) => ({ label: name, numeric: true as const }))],
      values.map((value, step) => [
        significant(value),
        ...responses.map(({ values: moved }) => defined(significant(moved[step]))),
      ]),
    ),
  };
  return chartFigure(figure, linesChart(lines, latent), "half", pens);
}
