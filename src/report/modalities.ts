// Which modality a latent belongs to, by its name.
import type { DatasetCard } from "../record.js";

/** The modality of each latent that is called `MODALITY.NAME`; undefined where one has none, or all have the same. As the core scores. */
export function modalitiesOf(
  names: readonly string[],
  { views = [] }: Pick<DatasetCard, "views">,
): string[] | undefined {
  const of = (name: string): string | undefined =>
    views
      .map((view) => view.name)
      .filter((view) => name.startsWith(`${view}.`))
      // The name of a view may hold a point: the longest one that fits.
      .sort((a, b) => b.length - a.length)[0];
  const found = names.flatMap((name) => of(name) ?? []);
  return found.length === names.length && new Set(found).size > 1 ? found : undefined;
}
