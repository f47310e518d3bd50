import type { Chart } from "./charts/chart.js";
import type { Pens } from "./context.js";
import { NOT_DEFINED } from "./format.js";
import { type Content, type Html, html, render, trusted, visible } from "./markup.js";
import type { Series } from "./theme.js";
import { WIDTHS } from "./theme.js";

/** A picture with everything that must stand around it. */
export interface Figure {
  /** Unique within the report. */
  readonly id: string;
  readonly title: string;
  /** What is drawn and how to read it, for everybody; also the picture's description for screen readers. */
  readonly description: string;
  readonly legend?: Html | undefined;
  readonly table: Html;
}

/** How a chart takes its space: a page's width or a phone's, half a page's everywhere, or what its cells need, scrolling. */
export type Span = "page" | "half" | "natural";

/** A chart in its figure. Two drawings, of which the style sheet shows the one that fits. */
export async function chartFigure(figure: Figure, chart: Chart, span: Span, pens: Pens): Promise<Html> {
  const widths = span === "half" ? (["half"] as const) : (["wide", "narrow"] as const);
  const pictures: Html[] = [];
  for (const width of widths) {
    const id = `${figure.id}-${width}`;
    const svg = described(await pens.chart(chart(WIDTHS[width]), id), figure, id);
    pictures.push(scroller(svg, figure.title, `picture tall ${width} ${span === "natural" ? "natural" : ""}`.trim()));
  }
  return framed(figure, pictures, span);
}

/** A drawing that has one size, in a container that scrolls. */
export function drawingFigure(figure: Figure, svg: string): Html {
  return framed(
    figure,
    [scroller(described(svg, figure, `${figure.id}-drawing`), figure.title, "picture tall natural drawing")],
    "natural",
  );
}

/** Pictures that are not drawn but decoded, in a container that scrolls. */
export function pictureFigure(figure: Figure, pictures: Html): Html {
  return framed(figure, [scroller(pictures, figure.title, "picture natural")], "natural");
}

function framed({ id, title, description, legend, table }: Figure, pictures: readonly Html[], span: Span): Html {
  return html`<figure id="${id}" class="figure span-${span}">
<figcaption><strong>${title}</strong><span>${description}</span></figcaption>
${legend}${pictures}
<details class="behind"><summary>Numbers</summary>${table}</details>
</figure>
`;
}

function described(svg: string, { title, description }: Figure, id: string): Html {
  const start = svg.indexOf(">") + 1;
  const opening = svg.slice(0, start - 1);
  const names = html` role="img" aria-labelledby="${id}-title ${id}-description"><title id="${id}-title">${title}</title><desc id="${id}-description">${description}</desc>`;
  return trusted(opening + render(names) + svg.slice(start));
}

/** Wide content scrolls inside its own box, which the keyboard reaches too. */
export function scroller(content: Content, label: string, classes = ""): Html {
  return html`<div class="scroll ${classes}" tabindex="0" role="region" aria-label="${label}">${content}</div>`;
}

/** A column of a table: text unless `numeric`. */
export interface Column {
  readonly label: string;
  readonly numeric?: true;
}

/** A table whose first column names its rows. */
export function table(caption: string, columns: readonly Column[], rows: readonly (readonly Content[])[]): Html {
  const head = columns.map(
    ({ label, numeric }) => html`<th scope="col"${numeric && trusted(' class="number"')}>${label}</th>`,
  );
  const body = rows.map(
    (cells) =>
      html`<tr>${cells.map((cell, i) =>
        i === 0
          ? html`<th scope="row">${cell}</th>`
          : html`<td${columns[i]?.numeric && trusted(' class="number"')}>${cell}</td>`,
      )}</tr>\n`,
  );
  return scroller(
    html`<table><caption>${caption}</caption><thead><tr>${head}</tr></thead><tbody>\n${body}</tbody></table>`,
    caption,
  );
}

/** A number's text, or that it is not defined and why. */
export function defined(text: string, reason?: string | undefined): Content {
  if (text !== NOT_DEFINED) return text;
  return html`<span class="absent">${NOT_DEFINED}${reason && html`: ${reason}`}</span>`;
}

/** A name from outside: cut by the style sheet when it is long, whole in its title. */
export function name(text: string): Html {
  return html`<span class="name" title="${text}">${visible(text) === "" ? "(empty)" : text}</span>`;
}

/** What the colors and symbols of a chart stand for. */
export function legend(
  entries: readonly {
    readonly label: string;
    readonly look: Partial<Series> & { readonly dash?: readonly number[] };
  }[],
): Html {
  const items = entries.map(({ label, look }) => html`<li>${swatch(look)}${name(label)}</li>`);
  return html`<ul class="legend">${items}</ul>\n`;
}

/** What the steps of a color scale stand for. */
export function rampLegend(colors: readonly string[], low: string, high: string): Html {
  const steps = colors.map((color) => html`<i style="background:${color}"></i>`);
  return html`<div class="ramp"><span>${low}</span><span class="steps">${steps}</span><span>${high}</span></div>\n`;
}

const OUTLINES: Record<Series["shape"], string> = {
  circle: "M8 3a5 5 0 1 0 0 10a5 5 0 1 0 0-10z",
  square: "M3.5 3.5h9v9h-9z",
  diamond: "M8 2l6 6l-6 6l-6-6z",
  "triangle-up": "M8 2.5l6 10.5h-12z",
  "triangle-down": "M8 13.5l6-10.5h-12z",
  cross: "M6 2h4v4h4v4h-4v4h-4v-4h-4v-4h4z",
};

function swatch({ color = "var(--ink)", shape, dash }: Partial<Series> & { readonly dash?: readonly number[] }): Html {
  const mark =
    shape === undefined
      ? html`<path d="M0 8h28" stroke="${color}" stroke-width="2.5" stroke-dasharray="${dash?.join(" ")}"/>`
      : html`<path d="${OUTLINES[shape]}" fill="${color}"/>`;
  const width = shape === undefined ? 28 : 16;
  return html`<svg width="${width}" height="16" viewBox="0 0 ${width} 16" aria-hidden="true">${mark}</svg>`;
}
