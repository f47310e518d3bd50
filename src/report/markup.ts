/** Text that is already HTML. Whatever else enters a template is escaped. */
export interface Html {
  readonly html: string;
}

/** What may stand in a template: absent things leave nothing behind. */
export type Content = Html | string | number | undefined | null | false | readonly Content[];

/** The five characters that mean something in HTML, and control characters, made harmless. */
export function escapeText(text: string): string {
  return visible(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** Control characters, direction overrides and halves of characters become spaces: they can hide or reorder what stands beside them. */
export function visible(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Bidi_Control}\p{Surrogate}]/gu, " ");
}

/** Marks `text` as HTML that needs no escaping: only for markup this package made itself. */
export function trusted(text: string): Html {
  return { html: text };
}

/** A template of HTML: values are escaped unless they are `Html`. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return trusted(strings.reduce((text, part, i) => text + render(values[i - 1]) + part));
}

/** Sentences in which what stands between backticks is to be typed, as in messages on a terminal. */
export function prose(text: string): Html {
  const parts = text.split(/`([^`]+)`/);
  return html`${parts.map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}

/** The HTML text of a value. */
export function render(value: Content): string {
  if (value === undefined || value === null || value === false) return "";
  if (typeof value === "string") return escapeText(value);
  if (typeof value === "number") return String(value);
  if ("html" in value) return value.html;
  return value.map(render).join("");
}
