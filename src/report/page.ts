import type { SectionInput } from "./context.js";
import { name, table } from "./figure.js";
import { counted, shortened } from "./format.js";
import { type Html, html, prose, render, trusted } from "./markup.js";
import type { ReportModel, StudyModel } from "./model.js";
import { SECTIONS } from "./sections/index.js";
import type { Section } from "./sections/section.js";
import { endedWell } from "./studies.js";
import { STYLE } from "./style.js";

/** The pens and the model of a whole report as one HTML page without scripts or remote resources. */
export async function page(model: ReportModel, pens: SectionInput["pens"]): Promise<string> {
  const chapters: { study: StudyModel; sections: Section[] }[] = [];
  for (const entry of model.studies) {
    const sections: Section[] = [];
    for (const { make, needs } of SECTIONS) {
      if (needs === "result" && !endedWell(entry.study.focus)) continue;
      const made = await make({ study: entry.study, agreements: entry.agreements, pens });
      if (made !== undefined) sections.push(made);
    }
    chapters.push({ study: entry, sections });
  }
  const single = chapters.length === 1;
  const body = html`<a class="skip" href="#main">Skip to the report</a>
<div class="sheet">
${contents(chapters, single)}
<main id="main">
<header class="title"><p class="eyebrow">disentangle</p><h1>${model.title}</h1><p class="meta">${meta(model)}</p>
${model.introduction && html`<p class="introduction">${model.introduction}</p>`}</header>
${!single && overview(model.studies)}
${chapters.map((chapter) => (single ? html`${verdict(chapter.study)}${sectionsOf(chapter, "h2")}` : chapterOf(chapter)))}
<footer><p>${model.version}. Numbers are rounded to three significant digits; the JSON form of this report has four.</p></footer>
</main>
</div>`;
  return wholePage(model.title, body);
}

/** A whole page: no script, nothing fetched. */
export function wholePage(title: string, body: Html): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${render(title)}</title>
<link rel="icon" href="data:,">
<style>
${STYLE}</style>
</head>
<body>
${render(body)}
</body>
</html>
`;
}

function meta({ studies }: ReportModel): string {
  const runs = studies.reduce((sum, { study }) => sum + study.runs.length, 0);
  const named = [...new Set(studies.flatMap(({ study }) => study.runs.map((run) => run.manifest.method)))];
  const methods = shortened(named, 40);
  return [studies.length > 1 && counted(studies.length, "data set"), counted(runs, "run"), methods.join(", ")]
    .filter((part) => typeof part === "string")
    .join(" \u00b7 ");
}

function contents(chapters: readonly { study: StudyModel; sections: readonly Section[] }[], single: boolean): Html {
  const links = ({ study, sections }: (typeof chapters)[number]) =>
    sections.map(({ id, title }) => html`<li><a href="#${study.study.id}-section-${id}">${title}</a></li>`);
  const items = single
    ? chapters.map(links)
    : chapters.map(
        (chapter, i) => html`<li><details${i === 0 && html` open`}><summary>${name(chapter.study.title)}</summary>
<ul><li><a href="#${chapter.study.study.id}">Verdict</a></li>${links(chapter)}</ul></details></li>`,
      );
  return html`<nav class="contents" aria-label="Contents"><ul>${items}</ul></nav>`;
}

/** One line per data set, so that the whole report can be judged at a glance. */
function overview(studies: readonly StudyModel[]): Html {
  const rows = studies.map(({ study, title, verdict, tiles }) => {
    const value = (...ids: string[]) => tiles.find(({ id }) => ids.includes(id))?.value ?? "\u2013";
    return [
      html`<a href="#${study.id}">${name(title)}</a>`,
      html`<span class="level ${verdict.level}">${verdict.headline}</span>`,
      value("mcc", "agreement"),
      value("chance"),
      value("error"),
    ];
  });
  const numbers = ["MCC", "Chance below", "Error, mean = 100\u00a0%"].map((label) => ({
    label,
    numeric: true as const,
  }));
  return html`<section class="card overview" aria-label="Overview">${table(
    "Every data set of this report. Where there is no truth, the MCC is that between seeds.",
    [{ label: "Data" }, { label: "Found" }, ...numbers],
    rows,
  )}</section>`;
}

function chapterOf(chapter: { study: StudyModel; sections: readonly Section[] }): Html {
  const { study, title } = chapter.study;
  return html`<section class="chapter" id="${study.id}" aria-labelledby="${study.id}-title"><h2 id="${study.id}-title" class="chapter-title">${name(title)}</h2>
${verdict(chapter.study)}${sectionsOf(chapter, "h3")}</section>\n`;
}

function verdict({ verdict: { level, headline, sentences }, tiles, remarks }: StudyModel): Html {
  return html`<section class="verdict ${level}" aria-label="Verdict">
<p class="headline">${trusted(MARKS[level])}${headline}</p>
<p>${sentences.join(" ")}</p>
${remarks.map((text) => html`<p class="remark">${prose(text)}</p>`)}
<dl class="tiles">${tiles.map(({ label, value, note }) => html`<div><dt>${name(label)}</dt><dd><b>${value}</b><span>${note}</span></dd></div>`)}</dl>
</section>
`;
}

function mark(path: string): string {
  return `<svg class="icon" width="28" height="28" viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="10"/><path d="${path}"/></svg>`;
}

const MARKS: Record<StudyModel["verdict"]["level"], string> = {
  good: mark("M5 10.5l3.5 3.5l6.5-8"),
  partial: mark("M5.5 11.5c2-3 3-3 4.5-1.5s2.5 1.5 4.5-1.5"),
  poor: mark("M6 10h8"),
  unknown: mark("M7.5 7.5a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.1.9-1.1 1.9M10 14.5v.6"),
  failed: mark("M6 6l8 8M14 6l-8 8"),
};

function sectionsOf(
  { study, sections }: { study: StudyModel; sections: readonly Section[] },
  heading: "h2" | "h3",
): Html[] {
  return sections.map(({ id, title, lead, body }) => {
    const anchor = `${study.study.id}-section-${id}`;
    const head = trusted(`<${heading} id="${anchor}-title">${render(title)}</${heading}>`);
    return html`<section class="card" id="${anchor}" aria-labelledby="${anchor}-title">${head}
${lead && html`<p class="lead">${lead}</p>`}
${body}</section>
`;
  });
}
