/** Sections of the first study of a page, in their order. */
export function sections(html: string): string[] {
  return [...html.matchAll(/ id="data-1-section-([a-z]+)"/g)].map((match) => match[1]!);
}

/** A figure of the first study; empty when the page has none of this name. */
export function figure(html: string, id: string): string {
  return html.match(new RegExp(`<figure id="data-1-${id}"[\\s\\S]*?</figure>`))?.[0] ?? "";
}

/** What a reader sees: the page without its tags, style sheet and escapes. */
export function text(html: string): string {
  return html
    .replace(/<style>[\s\S]*?<\/style>/, "")
    .replace(/<[^>]+>/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replace(/\s+/g, " ");
}
