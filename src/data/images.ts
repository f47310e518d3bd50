// Images as columns of a source: folders of PNG and JPEG, IDX files, arrays of three or four dimensions.
import { fail } from "../errors.js";
import { later, type NativeArray, type NativeImage } from "../native.js";
import { inTurns, rowsATurn } from "../turns.js";
import { pick } from "./columns.js";
import { matrixSource, numbered } from "./positional.js";
import type { Selection, Source, SourceColumn } from "./source.js";
import { pixels } from "./views.js";

/** The name of images that have none of their own. */
export const IMAGES = "images";

/** Where the channels of an array of four dimensions are. */
export type Channels = "first" | "last";

/** How an array of images lies in memory. */
export interface ImageLayout {
  readonly image: NativeImage;
  readonly isChannelLast: boolean;
  /** Said where it was decided by the shape. */
  readonly note?: string;
}

// More channels than any usual image has: a last axis this short beside a longer second one holds the channels.
const FEW = 4;

/** The layout of an array of images; three dimensions are images of one channel. */
export function imageLayout(shape: readonly number[], channels?: Channels): ImageLayout {
  const [, a = 0, b = 0, c = 0] = shape;
  if (shape.length === 3) return { image: { channels: 1, height: a, width: b }, isChannelLast: false };
  const looksLast = a > FEW && c <= FEW;
  const isChannelLast = (channels ?? (looksLast ? "last" : "first")) === "last";
  const image = isChannelLast ? { channels: c, height: a, width: b } : { channels: a, height: b, width: c };
  if (channels !== undefined || !looksLast) return { image, isChannelLast };
  const note = `${shape.join(" x ")} was read with the channels last; channels: "first" reads it otherwise`;
  return { image, isChannelLast, note };
}

/** Images with the channels first, of many in turns with the event loop. */
export async function channelFirst(data: Float32Array, { image, isChannelLast }: ImageLayout): Promise<Float32Array> {
  if (!isChannelLast || image.channels === 1) return data;
  const { channels } = image;
  const [all, area] = [pixels(image), image.height * image.width];
  const out = new Float32Array(data.length);
  await inTurns(data.length / all, rowsATurn(all), (from, to) => {
    for (let start = from * all; start < to * all; start += all) {
      for (let pixel = 0; pixel < area; pixel++) {
        for (let c = 0; c < channels; c++) out[start + c * area + pixel] = data[start + pixel * channels + c]!;
      }
    }
  });
  return out;
}

/** A column of images. */
export function imageColumn(name: string, image: NativeImage): SourceColumn {
  return { name, kind: "image", group: name, view: name, image };
}

/** Opens a folder of PNG and JPEG files: one row per file, in the order of their names; `folder` is a label where there are several. */
export async function openImageFolder(path: string): Promise<Source> {
  const { files, image, data } = await later().imagesRead(path);
  const folders = files.map((file) => file.slice(0, Math.max(0, file.lastIndexOf("/"))));
  const texts: Readonly<Record<string, readonly string[]>> = {
    file: files,
    ...(new Set(folders).size > 1 && { folder: folders }),
  };
  return imageSource(path, "images", { image, data }, texts, files);
}

/** Opens an IDX file: images of three or more dimensions, a matrix of two, the column `label` of one. */
export async function openIdx(file: string, channels?: Channels): Promise<Source> {
  const array = await later().idxRead(file);
  if (array.shape.length === 3 || array.shape.length === 4) {
    const layout = imageLayout(array.shape, channels);
    const images = { image: layout.image, data: await channelFirst(array.data, layout) };
    return imageSource(file, "idx", images, {}, undefined, layout.note);
  }
  return tableSource(file, array);
}

interface Images {
  readonly image: NativeImage;
  readonly data: Float32Array;
}

function imageSource(
  place: string,
  format: string,
  { image, data }: Images,
  texts: Readonly<Record<string, readonly string[]>>,
  rowIds?: readonly string[],
  note?: string,
): Source {
  const size = pixels(image);
  if (size === 0) fail("DATA_EMPTY", `${place}: images without pixels`, { path: place, hint: "check the file" });
  const rows = data.length / size;
  return {
    describe: async () => ({
      format,
      rows,
      columns: [
        imageColumn(IMAGES, image),
        ...Object.keys(texts).map((name): SourceColumn => ({ name, kind: "text" })),
      ],
      ...(note !== undefined && { notes: [note] }),
    }),
    read: async ({ numeric, text, images = [] }): Promise<Selection> => {
      refuseUnknown(place, [...numeric, ...text.filter((name) => !(name in texts))]);
      return {
        rows,
        numeric: new Float32Array(),
        text: text.map((name) => [...texts[name]!]),
        images: images.map(() => data),
        ...(rowIds !== undefined && { rowIds: [...rowIds] }),
      };
    },
    exact: async (names) => {
      refuseUnknown(place, names);
      return new Float64Array();
    },
    close: async () => {},
  };
}

function tableSource(file: string, { shape, data }: NativeArray): Source {
  const [rows = 0, width = 1] = shape;
  if (shape.length > 2) {
    fail("DATA_SHAPE", `${file}: an array of ${shape.length} dimensions, ${shape.join(" x ")}`, {
      path: file,
      hint: "images have three or four dimensions: count, channels, height, width",
    });
  }
  const columns = shape.length === 1 ? [{ name: "label", kind: "number" as const }] : numbered(file, "x", width);
  const all = columns.map((_, j) => String(j));
  const read = async (places: Uint32Array) => pick(data, all, Array.from(places, String));
  return matrixSource(file, {
    format: "idx",
    rows,
    columns,
    isSingle: true,
    read: async (places) => ({ data: await read(places) }),
    exact: async (places) => Float64Array.from(await read(places)),
  });
}

function refuseUnknown(place: string, names: readonly string[]): void {
  if (names.length === 0) return;
  fail("DATA_MISSING_COLUMN", `${place} has no column of numbers ${JSON.stringify(names[0])}`, {
    path: place,
    hint: "images are one column, taken whole; a table of labels is given with `labels`",
  });
}
