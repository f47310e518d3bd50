import type { Response, Summary, Traversal } from "../../generated/types.js";
import { lineLook, linesChart } from "../charts/lines.js";
import type { SectionInput } from "../context.js";
import { chartFigure, defined, legend, table } from "../figure.js";
import { count, counted, percent, significant } from "../format.js";
import { type Html, html } from "../markup.js";
import { focusName, type Section } from "./section.js";

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
  if (figures.length === 0) return undefined;
  const folded = figures.slice(SHOWN);
  return {
    id: "traversals",
    title: "What each latent does",
    lead:
      `Row ${count(traversals[0]!.row + 1)} of the data (${focusName(input)}), with one latent set to one value after another; ` +
      `${follow ? "the other latents follow as the mechanisms say" : "the other latents stay as they are"}.${cameBack(reconstruction)}`,
    body: html`<div class="grid">${figures.slice(0, SHOWN)}</div>${
      folded.length > 0 &&
      html`<details class="more"><summary>${counted(folded.length, "more picture")}</summary><div class="grid">${folded}</div></details>`
    }`,
  };
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
