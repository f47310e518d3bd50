// NumPy files: one matrix (.npy), or named arrays that share their rows (.npz). Both are read natively.
import { fail, failure } from "../errors.js";
import { later, type NativeArray, native } from "../native.js";
import { inTurns, rowsATurn } from "../turns.js";
import { type Channels, channelFirst, IMAGES, imageColumn, imageLayout } from "./images.js";
import { matrixSource, numbered, numberedNames } from "./positional.js";
import type { ColumnChoice, Selection, Source, SourceColumn } from "./source.js";

interface About {
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** What a reader of arrays may be told. */
export interface ArrayOptions {
  /** Columns of a `.npy` matrix are called `prefix`0, `prefix`1, ...; default "x". */
  readonly prefix?: string | undefined;
  /** Where an array of four dimensions has the channels of its images. */
  readonly channels?: Channels | undefined;
}

/** Opens a `.npy` file; its columns are called `prefix`0, `prefix`1, ..., its images `images`. */
export async function openNpy(file: string, { prefix = "x", channels }: ArrayOptions = {}): Promise<Source> {
  const about = JSON.parse(native().npyAbout(file)) as About;
  const member = memberOf(
    holdsImages(about.shape) ? IMAGES : prefix,
    about,
    () => later().npyRead(file),
    (columns) => later().npyText(file, columns),
    (columns) => later().npyExact(file, columns),
  );
  // An array of anything but numbers says itself what it is.
  if (member.kind !== "number") await member.fetch();
  return arraySource(file, "npy", [member], channels);
}

/**
 * Opens a `.npz` file; column j of the member `m` is called `m`j, a vector `m` is one column `m`, and so are images. The archive of
 * `scipy.sparse.save_npz` is the matrix it describes, with the columns x0, x1, ...
 */
export function openNpz(file: string, { prefix = "x", channels }: ArrayOptions = {}): Source {
  const listed = JSON.parse(native().npzMembers(file)) as readonly (About & { readonly name: string })[];
  if (isSparse(listed.map(({ name }) => name))) return openSparse(file, prefix);
  const members = listed.map((about) => {
    const { name, shape, dtype } = about;
    const member = memberOf(
      name,
      about,
      () => later().npzRead(file, name),
      (columns) => later().npzText(file, name, columns),
      (columns) => later().npzExact(file, name, columns),
    );
    // A column of truth values is one of labels, as in every other format; a matrix of them is one of numbers.
    return shape.length === 1 && /b1$/.test(dtype) ? { ...member, kind: "text" as const } : member;
  });
  return arraySource(file, "npz", members, channels);
}

function isSparse(names: readonly string[]): boolean {
  const has = (...wanted: readonly string[]) => wanted.every((name) => names.includes(name));
  return has("format", "shape", "data") && (has("indices", "indptr") || has("row", "col") || has("offsets"));
}

function openSparse(file: string, prefix: string): Source {
  const { format, rows, columns } = JSON.parse(native().scipyAbout(file)) as {
    format: string;
    rows: number;
    columns: number;
  };
  return matrixSource(file, {
    format: `scipy-${format}`,
    rows,
    columns: numbered(file, prefix, columns),
    read: (places) => later().scipyRead(file, places),
    exact: (places) => later().scipyExact(file, places),
  });
}

// Names under which a matrix of measurements is usually stored.
const INPUT_MEMBERS: readonly string[] = ["x", "X", "inputs", "data"];

interface Member {
  readonly name: string;
  readonly shape: readonly number[];
  readonly kind: SourceColumn["kind"];
  /** Reads its numbers on a thread, once; `numbers` has them then. */
  readonly fetch: () => Promise<void>;
  readonly numbers: () => Float32Array;
  readonly texts: (columns: Uint32Array) => Promise<string[][]>;
  readonly exact: (columns: Uint32Array) => Promise<Float64Array>;
}

function memberOf(
  name: string,
  { shape, dtype }: About,
  read: () => Promise<NativeArray>,
  texts: Member["texts"],
  exact: Member["exact"],
): Member {
  let array: NativeArray | undefined;
  return {
    name,
    shape,
    kind: kindOf(dtype),
    fetch: async () => {
      array ??= await read();
    },
    numbers: () => array!.data,
    texts,
    exact,
  };
}

/** Anything but numbers and text is refused where it is asked for. */
function kindOf(dtype: string): SourceColumn["kind"] {
  if (/^[<>|=]?[biuf]\d/.test(dtype)) return "number";
  return /^[<>|=]?([USa]\d|M8\[)/.test(dtype) ? "text" : "unknown";
}

interface Place {
  readonly name: string;
  readonly member: Member;
  readonly column: number;
  readonly width: number;
}

/** Whether an array of this shape is one image per row. */
function holdsImages(shape: readonly number[]): boolean {
  return (shape.length === 3 || shape.length === 4) && shape.every((length) => length > 0);
}

function arraySource(file: string, format: "npy" | "npz", members: readonly Member[], channels?: Channels): Source {
  const pictures = new Map(
    members
      .filter(({ shape, kind }) => holdsImages(shape) && kind === "number")
      .map((member) => [member.name, imageLayout(member.shape, channels)]),
  );
  const tables = members.filter(({ shape }) => shape.length === 1 || shape.length === 2);
  const all = apart(tables.flatMap((member) => placesOf(file, member, format)));
  const places = new Map(all.map((place) => [place.name, place]));
  const inputGroup = inputMember(members.filter((member) => tables.includes(member) || pictures.has(member.name)));
  const imageOf = async (name: string): Promise<Float32Array> => {
    const [member, layout] = [members.find((one) => one.name === name), pictures.get(name)];
    if (member === undefined || layout === undefined) {
      return fail("DATA_MISSING_COLUMN", `${file} has no images ${JSON.stringify(name)}`, { path: file });
    }
    return channelFirst(member.numbers(), layout);
  };
  return {
    describe: async () => {
      if (places.size + pictures.size === 0) {
        const shapes = members.map(({ name, shape }) => `${name} (${shape.join(" x ")})`).join(", ");
        fail("DATA_SHAPE", `${file}: no vector, matrix or array of images; it holds ${shapes || "nothing"}`, {
          path: file,
          hint: "reshape it to rows and columns, array.reshape(len(array), -1), or to count x channels x height x width",
        });
      }
      const columns = all.map(({ name, member, width }): SourceColumn => {
        // A vector whose name another array's column has too is not called by that name.
        const isApart = width === 1 && member.shape.length === 1 && name !== member.name;
        const isPositional = format === "npy" && member.kind === "number";
        return {
          name,
          kind: member.kind,
          ...(!isApart && { group: member.name }),
          ...(isPositional && { positional: true }),
        };
      });
      const images = [...pictures].map(([name, { image }]) => imageColumn(name, image));
      const notes = [...pictures.values()].flatMap(({ note }) => (note === undefined ? [] : [note]));
      return { format, columns: [...images, ...columns], notes, ...(inputGroup !== undefined && { inputGroup }) };
    },
    read: async (choice) => {
      const { images = [] } = choice;
      const counts = images.map((name) => [name, members.find((one) => one.name === name)?.shape[0] ?? 0] as const);
      // An array of images alone is read without a column, and has rows all the same.
      const [only] =
        places.size === 0 ? [...pictures.keys()].map((name) => members.find((one) => one.name === name)!) : [];
      const like = counts[0] ?? (only === undefined ? undefined : ([only.name, only.shape[0] ?? 0] as const));
      const chosen = [...choice.numeric.map((name) => places.get(name)?.member.name), ...images];
      for (const member of members) if (chosen.includes(member.name)) await member.fetch();
      const found = await readPlaces(file, places, choice, like);
      const other = counts.find(([, rows]) => rows !== found.rows);
      if (other !== undefined) throw otherRows(file, other[0], other[1], counts[0]![0], found.rows);
      const pixels: Float32Array[] = [];
      for (const name of images) pixels.push(await imageOf(name));
      return { ...found, images: pixels };
    },
    exact: async (names) => {
      const wanted = names.map((name) => placeNamed(file, places, name));
      const rows = wanted[0]?.member.shape[0] ?? 0;
      const out = new Float64Array(rows * names.length);
      for (const [member, chosen] of byMember(wanted)) {
        const columns = Uint32Array.from(chosen, (j) => wanted[j]!.column);
        const found = await member.exact(columns);
        await inTurns(rows, rowsATurn(chosen.length), (from, to) => {
          chosen.forEach((j, k) => {
            for (let i = from; i < to; i++) out[i * names.length + j] = found[i * chosen.length + k]!;
          });
        });
      }
      return out;
    },
    close: async () => {},
  };
}

function placesOf(file: string, member: Member, format: "npy" | "npz"): readonly Place[] {
  const { name, shape } = member;
  if (shape.length === 1 && format === "npz") return [{ name, member, column: 0, width: 1 }];
  const width = shape[1] ?? 1;
  return numberedNames(file, name, width).map((numberedName, column) => ({
    name: numberedName,
    member,
    column,
    width,
  }));
}

/** Columns of two arrays that have the same name are told apart by the names of their arrays. */
function apart(places: readonly Place[]): readonly Place[] {
  const counts = new Map<string, number>();
  for (const { name } of places) counts.set(name, (counts.get(name) ?? 0) + 1);
  return places.map((place) => {
    const { name, member } = place;
    return counts.get(name) === 1 ? place : { ...place, name: `${member.name}:${name}` };
  });
}

function inputMember(tables: readonly Member[]): string | undefined {
  const usual = tables.filter(({ name }) => INPUT_MEMBERS.includes(name));
  if (usual.length === 1) return usual[0]!.name;
  const matrices = tables.filter(({ shape, kind }) => shape.length >= 2 && kind === "number");
  return matrices.length === 1 ? matrices[0]!.name : undefined;
}

/** @param like another array that was chosen, and its rows */
async function readPlaces(
  file: string,
  places: ReadonlyMap<string, Place>,
  choice: ColumnChoice,
  like: readonly [string, number] | undefined,
): Promise<Selection> {
  const wanted = [...choice.numeric, ...choice.text].map((name) => placeNamed(file, places, name));
  const [first = [...places.values()][0]] = wanted;
  const rows = like?.[1] ?? first?.member.shape[0] ?? 0;
  for (const { name, member } of wanted) {
    const got = member.shape[0] ?? 0;
    if (got !== rows) throw otherRows(file, name, got, like?.[0] ?? first!.name, rows);
  }
  const labels = wanted.slice(choice.numeric.length);
  const text = new Map<number, string[]>();
  for (const [member, chosen] of byMember(labels)) {
    const found = await member.texts(Uint32Array.from(chosen, (j) => labels[j]!.column));
    chosen.forEach((j, k) => {
      text.set(j, found[k]!);
    });
  }
  return {
    rows,
    numeric: await gather(wanted.slice(0, choice.numeric.length), rows),
    text: labels.map((_, j) => text.get(j)!),
  };
}

function placeNamed(file: string, places: ReadonlyMap<string, Place>, name: string): Place {
  return (
    places.get(name) ?? fail("DATA_MISSING_COLUMN", `${file} has no column ${JSON.stringify(name)}`, { path: file })
  );
}

/** Which of the places lie in each array: an array is read once for all of them. */
function byMember(places: readonly Place[]): ReadonlyMap<Member, readonly number[]> {
  const found = new Map<Member, number[]>();
  places.forEach(({ member }, j) => {
    found.set(member, [...(found.get(member) ?? []), j]);
  });
  return found;
}

function otherRows(file: string, column: string, got: number, other: string, expected: number): Error {
  return failure("DATA_SHAPE", `${file}: ${column} has ${got} rows, ${other} has ${expected}`, {
    path: file,
    hint: "choose arrays with one row per observation",
    context: { column, got, expected },
  });
}

/** Columns of arrays that were fetched. */
async function gather(places: readonly Place[], rows: number): Promise<Float32Array> {
  const [first] = places;
  const isWhole = places.length === first?.width && places.every((p, j) => p.member === first.member && p.column === j);
  if (isWhole) return first.member.numbers();
  const out = new Float32Array(rows * places.length);
  await inTurns(rows, rowsATurn(places.length), (from, to) => {
    places.forEach(({ member, column, width }, j) => {
      const data = member.numbers();
      for (let i = from; i < to; i++) out[i * places.length + j] = data[i * width + column]!;
    });
  });
  return out;
}
