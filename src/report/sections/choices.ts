import { choiceChart } from "../charts/choice.js";
import type { SectionInput } from "../context.js";
import { chartFigure, defined, table } from "../figure.js";
import { finite, significant } from "../format.js";
import { type Html, html } from "../markup.js";
import { focusName, type Section } from "./section.js";

/** How settings were chosen without the truth. */
export async function choicesSection(input: SectionInput): Promise<Section | undefined> {
  const { study, pens } = input;
  const { choices } = study.focus.summary;
  if (choices.length === 0) return undefined;
  const figures: Html[] = [];
  for (const [i, choice] of choices.entries()) {
    const numbers = table(
      `What decided on ${choice.parameter}.`,
      [{ label: choice.parameter }, { label: "Criterion", numeric: true }, { label: "Chosen" }],
      choice.curve.map(({ value, validation }) => [
        significant(value),
        defined(significant(validation)),
        value === choice.chosen ? "chosen" : "",
      ]),
    );
    const figure = {
      id: `${study.id}-choice-${i + 1}`,
      title: `${choice.parameter} = ${significant(choice.chosen)}`,
      description: choice.rule,
      table: numbers,
    };
    const drawable = choice.curve.some(({ validation }) => finite(validation) !== null);
    figures.push(
      drawable
        ? await chartFigure(figure, choiceChart(choice), "half", pens)
        : html`<p><strong>${figure.title}.</strong> ${choice.rule}</p>`,
    );
  }
  return {
    id: "choices",
    title: "Settings chosen from the data",
    lead: `Chosen without the truth (${focusName(input)}).`,
    body: html`<div class="grid">${figures}</div>`,
  };
}
