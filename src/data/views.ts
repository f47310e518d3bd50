// Views: named ranges of the input columns, put together from tables and images.
import { fail } from "../errors.js";
import type { NativeDataset, NativeImage, NativeMatrix, NativeView } from "../native.js";
import { inRanges, rowsATurn, type Work } from "../turns.js";
import type { SourceColumn } from "./source.js";

/** A run of input columns: of a table, or the pixels of one image per row. */
export interface Block {
  /** The view that it belongs to. */
  readonly view: string;
  /** Row-major. */
  readonly data: Float32Array;
  readonly width: number;
  /** Names of its columns; of an image none. */
  readonly names: readonly string[];
  readonly image?: NativeImage;
}

/** The view of columns that belong to none. */
const REST = "inputs";

/** Number of columns that an image takes. */
export function pixels({ channels, height, width }: NativeImage): number {
  return channels * height * width;
}

/** The shape in words: `28 x 28`, or `3 x 28 x 28` where there are several channels. */
export function shapeText({ channels, height, width }: NativeImage): string {
  return channels === 1 ? `${height} x ${width}` : `${channels} x ${height} x ${width}`;
}

/** Number of columns of a view. */
export function widthOf({ start, end }: NativeView): number {
  return end - start;
}

/** Inputs, their names and their views: the views one after the other in the order in which blocks first name them. */
export function* joinBlocks(
  blocks: readonly Block[],
  rows: number,
): Work<Pick<NativeDataset, "inputs" | "inputNames" | "views">> {
  const order = [...new Set(blocks.map(({ view }) => view))];
  const sorted = order.flatMap((view) => blocks.filter((block) => block.view === view));
  const views: NativeView[] = [];
  let cols = 0;
  for (const { view, width, image } of sorted) {
    const last = views.at(-1);
    if (last?.name === view && last.image === undefined && image === undefined) last.end += width;
    else views.push({ name: view, start: cols, end: cols + width, ...(image !== undefined && { image }) });
    cols += width;
  }
  const [first] = sorted;
  const data = sorted.length === 1 && first !== undefined ? first.data : new Float32Array(rows * cols);
  if (sorted.length > 1) {
    let at = 0;
    for (const { data: from, width } of sorted) {
      const start = at;
      yield* inRanges(rows, rowsATurn(width), (first, end) => {
        for (let i = first; i < end; i++) data.set(from.subarray(i * width, (i + 1) * width), i * cols + start);
      });
      at += width;
    }
  }
  const isPlain = views.length <= 1 && views[0]?.image === undefined && (views[0]?.name ?? REST) === REST;
  return {
    inputs: { data, rows, cols },
    inputNames: sorted.flatMap(({ names }) => names),
    ...(!isPlain && { views }),
  };
}

/** The view that a column without one belongs to. */
export function viewOf({ view }: { readonly view?: string | undefined }): string {
  return view ?? REST;
}

/** Where each input lies: columns by their name, images by the name of their view. */
export function placesOf({
  inputs,
  inputNames,
  views,
}: Pick<NativeDataset, "inputs" | "inputNames" | "views">): ReadonlyMap<string, NativeView> {
  const places = new Map<string, NativeView>();
  let named = 0;
  for (const view of views ?? [{ name: REST, start: 0, end: inputs.cols }]) {
    if (view.image !== undefined) {
      places.set(view.name, view);
      continue;
    }
    for (let column = view.start; column < view.end; column++) {
      places.set(inputNames[named++]!, { name: view.name, start: column, end: column + 1 });
    }
  }
  return places;
}

/** The inputs of a data set as columns of a source: an image is one. */
export function inputColumns(dataset: Pick<NativeDataset, "inputs" | "inputNames" | "views">): readonly SourceColumn[] {
  return [...placesOf(dataset)].map(([name, { name: view, image }]) =>
    image === undefined
      ? { name, kind: "number", group: view, view }
      : { name, kind: "image", group: view, view, image },
  );
}

/** The inputs of these names, in that order but for views, which stay together. An image is taken whole, by its view's name. */
export function* selectInputColumns(
  dataset: Pick<NativeDataset, "inputs" | "inputNames" | "views" | "offsets">,
  names: readonly string[],
): Work<Pick<NativeDataset, "inputs" | "inputNames" | "views" | "offsets">> {
  const places = placesOf(dataset);
  const missing = names.filter((name) => !places.has(name));
  if (missing.length > 0) {
    fail("DATA_MISSING_COLUMN", `no input column is called ${missing.join(", ")}`, { context: { missing } });
  }
  const { inputs, inputNames, views, offsets } = dataset;
  const all = [...places.keys()];
  // What is all there is, in its order, is not copied.
  if (names.length === all.length && names.every((name, j) => name === all[j]))
    return { inputs, inputNames, ...(views && { views }), ...(offsets && { offsets }) };
  const blocks: Block[] = [];
  const tables = new Map<string, string[]>();
  for (const name of names) {
    const place = places.get(name)!;
    if (place.image !== undefined) {
      blocks.push({ view: name, ...(yield* cut(inputs, [place])), names: [], image: place.image });
    } else if (tables.has(place.name)) {
      tables.get(place.name)!.push(name);
    } else {
      const columns = [name];
      tables.set(place.name, columns);
      // Filled below: further columns of the view may follow.
      blocks.push({ view: place.name, data: new Float32Array(), width: 0, names: columns });
    }
  }
  const filled: Block[] = [];
  for (const block of blocks) {
    const own = block.names.map((name) => places.get(name)!);
    filled.push(block.image === undefined ? { ...block, ...(yield* cut(inputs, own)) } : block);
  }
  const chosen = yield* joinBlocks(filled, inputs.rows);
  if (offsets?.inputs === undefined) return chosen;
  // Data with views have none.
  const own = offsets.inputs;
  return { ...chosen, offsets: { ...offsets, inputs: chosen.inputNames.map((name) => own[places.get(name)!.start]!) } };
}

function* cut({ data, rows, cols }: NativeMatrix, places: readonly NativeView[]): Work<Pick<Block, "data" | "width">> {
  const width = places.reduce((sum, place) => sum + widthOf(place), 0);
  const out = new Float32Array(rows * width);
  yield* inRanges(rows, rowsATurn(width), (first, last) => {
    for (let i = first; i < last; i++) {
      let at = i * width;
      for (const { start, end } of places) {
        if (end - start === 1) out[at] = data[i * cols + start]!;
        else out.set(data.subarray(i * cols + start, i * cols + end), at);
        at += end - start;
      }
    }
  });
  return { data: out, width };
}
