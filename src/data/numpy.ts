// NumPy files: one matrix (.npy), or named arrays that share their rows (.npz). Both are read natively.
import { fail, failure } from "../errors.js";
import { type NativeArray, native } from "../native.js";
import { type Channels, channelFirst, IMAGES, imageColumn, imageLayout } from "./images.js";
import { type ColumnChoice, labelOf, type Selection, type Source, type SourceColumn } from "./source.js";

/** What a reader of arrays may be told. */
export interface ArrayOptions {
  /** Columns of a `.npy` matrix are called `prefix`0, `prefix`1, ...; default "x". */
  readonly prefix?: string | undefined;
  /** Where an array of four dimensions has the channels of its images. */
  readonly channels?: Channels | undefined;
}

/** Opens a `.npy` file; its columns are called `prefix`0, `prefix`1, ..., its images `images`. */
export function openNpy(file: string, { prefix = "x", channels }: ArrayOptions = {}): Source {
  const array = native().npyRead(file);
  const name = holdsImages(array.shape) ? IMAGES : prefix;
  const members = [{ name, shape: array.shape, kind: "number" as const, load: () => array }];
  return arraySource(file, "npy", members, channels);
}

/** Opens a `.npz` file; column j of the member `m` is called `m`j, a vector `m` is one column `m`, and so are images. */
export function openNpz(file: string, { channels }: ArrayOptions = {}): Source {
  const listed = JSON.parse(native().npzMembers(file)) as readonly { name: string; shape: number[]; dtype: string }[];
  const members = listed.map(({ name, shape, dtype }): Member => {
    let array: NativeArray | undefined;
    const load = () => {
      array ??= native().npzRead(file, name);
      return array;
    };
    // Booleans, integers and floats; anything else is refused where it is asked for.
    return { name, shape, kind: /^[<>|=]?[biuf]\d/.test(dtype) ? "number" : "unknown", load };
  });
  return arraySource(file, "npz", members, channels);
}

// Names under which a matrix of measurements is usually stored.
const INPUT_MEMBERS: readonly string[] = ["x", "X", "inputs", "data"];

interface Member {
  readonly name: string;
  readonly shape: readonly number[];
  readonly kind: SourceColumn["kind"];
  readonly load: () => NativeArray;
}

interface Place {
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
      .filter(({ shape }) => holdsImages(shape))
      .map((member) => [member.name, imageLayout(member.shape, channels)]),
  );
  const tables = members.filter(({ shape }) => shape.length === 1 || shape.length === 2);
  const places = new Map(tables.flatMap((member) => placesOf(member, format)));
  const inputGroup = inputMember(members.filter((member) => tables.includes(member) || pictures.has(member.name)));
  const imageOf = (name: string): Float32Array => {
    const [member, layout] = [members.find((one) => one.name === name), pictures.get(name)];
    if (member === undefined || layout === undefined) {
      return fail("DATA_MISSING_COLUMN", `${file} has no images ${JSON.stringify(name)}`, { path: file });
    }
    return channelFirst(member.load().data, layout);
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
      const columns = members.flatMap((member): SourceColumn[] => {
        const layout = pictures.get(member.name);
        if (layout !== undefined) return [imageColumn(member.name, layout.image)];
        if (!tables.includes(member)) return [];
        return placesOf(member, format).map(([name]) => ({ name, kind: member.kind, group: member.name }));
      });
      const notes = [...pictures.values()].flatMap(({ note }) => (note === undefined ? [] : [note]));
      return { format, columns, notes, ...(inputGroup !== undefined && { inputGroup }) };
    },
    read: async (choice) => {
      const { images = [] } = choice;
      const counts = images.map((name) => [name, members.find((one) => one.name === name)?.shape[0] ?? 0] as const);
      const found = readPlaces(file, places, choice, counts[0]);
      const other = counts.find(([, rows]) => rows !== found.rows);
      if (other !== undefined) throw otherRows(file, other[0], other[1], counts[0]![0], found.rows);
      return { ...found, images: images.map(imageOf) };
    },
    close: async () => {},
  };
}

function placesOf(member: Member, format: "npy" | "npz"): readonly (readonly [string, Place])[] {
  const { name, shape } = member;
  if (shape.length === 1 && format === "npz") return [[name, { member, column: 0, width: 1 }]];
  const width = shape[1] ?? 1;
  return Array.from({ length: width }, (_, column) => [`${name}${column}`, { member, column, width }]);
}

function inputMember(tables: readonly Member[]): string | undefined {
  const usual = tables.filter(({ name }) => INPUT_MEMBERS.includes(name));
  if (usual.length === 1) return usual[0]!.name;
  const matrices = tables.filter(({ shape }) => shape.length >= 2);
  return matrices.length === 1 ? matrices[0]!.name : undefined;
}

/** @param like another array that was chosen, and its rows */
function readPlaces(
  file: string,
  places: ReadonlyMap<string, Place>,
  choice: ColumnChoice,
  like: readonly [string, number] | undefined,
): Selection {
  const wanted = [...choice.numeric, ...choice.text].map((name): readonly [string, Place] => [
    name,
    places.get(name) ?? fail("DATA_MISSING_COLUMN", `${file} has no column ${JSON.stringify(name)}`, { path: file }),
  ]);
  const [first = [...places][0]] = wanted;
  const rows = like?.[1] ?? first?.[1].member.shape[0] ?? 0;
  for (const [name, { member }] of wanted) {
    const got = member.shape[0] ?? 0;
    if (got !== rows) throw otherRows(file, name, got, like?.[0] ?? first![0], rows);
  }
  const numbers = wanted.slice(0, choice.numeric.length).map(([, place]) => place);
  const texts = wanted.slice(choice.numeric.length).map(([, place]) => place);
  return {
    rows,
    numeric: gather(numbers, rows),
    text: texts.map(({ member, column, width }) => {
      const { data } = member.load();
      return Array.from({ length: rows }, (_, i) => labelOf(data[i * width + column]!));
    }),
  };
}

function otherRows(file: string, column: string, got: number, other: string, expected: number): Error {
  return failure("DATA_SHAPE", `${file}: ${column} has ${got} rows, ${other} has ${expected}`, {
    path: file,
    hint: "choose arrays with one row per observation",
    context: { column, got, expected },
  });
}

function gather(places: readonly Place[], rows: number): Float32Array {
  const [first] = places;
  const isWhole = places.length === first?.width && places.every((p, j) => p.member === first.member && p.column === j);
  if (isWhole) return first.member.load().data;
  const out = new Float32Array(rows * places.length);
  places.forEach(({ member, column, width }, j) => {
    const { data } = member.load();
    for (let i = 0; i < rows; i++) out[i * places.length + j] = data[i * width + column]!;
  });
  return out;
}
