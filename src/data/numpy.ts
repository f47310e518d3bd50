// NumPy files: one matrix (.npy), or named arrays that share their rows (.npz). Both are read natively.
import { fail } from "../errors.js";
import { type NativeArray, native } from "../native.js";
import { type ColumnChoice, labelOf, type Selection, type Source, type SourceColumn } from "./source.js";

/** Opens a `.npy` file; its columns are called `prefix`0, `prefix`1, ... */
export function openNpy(file: string, prefix = "x"): Source {
  return arraySource(file, "npy", new Map([[prefix, () => native().npyRead(file)]]));
}

/** Opens a `.npz` file; column j of the member `m` is called `m`j, and a vector `m` is one column `m`. */
export function openNpz(file: string): Source {
  const members = JSON.parse(native().npzMembers(file)) as readonly { readonly name: string }[];
  return arraySource(file, "npz", new Map(members.map(({ name }) => [name, () => native().npzRead(file, name)])));
}

// Names under which a matrix of measurements is usually stored.
const INPUT_MEMBERS = ["x", "X", "inputs", "data"];

interface Place {
  readonly array: NativeArray;
  readonly column: number;
  readonly width: number;
}

function arraySource(file: string, format: "npy" | "npz", loaders: ReadonlyMap<string, () => NativeArray>): Source {
  const loaded = new Map<string, NativeArray>();
  const load = (name: string): NativeArray => {
    const array = loaded.get(name) ?? loaders.get(name)!();
    loaded.set(name, array);
    return array;
  };
  let table: ReadonlyMap<string, ReadonlyMap<string, Place>> | undefined;
  const groups = () => {
    table ??= new Map([...loaders.keys()].map((name) => [name, placesOf(name, load(name), format === "npy")]));
    return table;
  };
  return {
    describe: async () => {
      const known = groups();
      const columns = [...known].flatMap(([group, places]) =>
        [...places.keys()].map((name): SourceColumn => ({ name, kind: "number", group })),
      );
      if (columns.length === 0) {
        const shapes = [...loaders.keys()].map((name) => `${name} (${load(name).shape.join(" x ")})`).join(", ");
        fail("DATA_SHAPE", `${file}: no vector or matrix; it holds ${shapes || "nothing"}`, { path: file });
      }
      const inputGroup = inputMember(known);
      return { format, columns, ...(inputGroup !== undefined && { inputGroup }) };
    },
    read: async (choice) => readPlaces(file, new Map([...groups().values()].flatMap((places) => [...places])), choice),
    close: async () => loaded.clear(),
  };
}

function placesOf(name: string, array: NativeArray, isAlone: boolean): ReadonlyMap<string, Place> {
  const { shape } = array;
  if (shape.length === 1 && !isAlone) return new Map([[name, { array, column: 0, width: 1 }]]);
  if (shape.length !== 1 && shape.length !== 2) return new Map();
  const width = shape[1] ?? 1;
  return new Map(Array.from({ length: width }, (_, column) => [`${name}${column}`, { array, column, width }]));
}

function inputMember(groups: ReadonlyMap<string, ReadonlyMap<string, Place>>): string | undefined {
  const usual = INPUT_MEMBERS.filter((name) => (groups.get(name)?.size ?? 0) > 0);
  if (usual.length === 1) return usual[0];
  const matrices = [...groups].filter(([, places]) => places.size > 1);
  return matrices.length === 1 ? matrices[0]![0] : undefined;
}

function readPlaces(file: string, places: ReadonlyMap<string, Place>, choice: ColumnChoice): Selection {
  const find = (name: string): Place =>
    places.get(name) ?? fail("DATA_MISSING_COLUMN", `${file} has no column ${JSON.stringify(name)}`, { path: file });
  const numbers = choice.numeric.map(find);
  const texts = choice.text.map(find);
  const [first] = [...numbers, ...texts, ...places.values()];
  const rows = first?.array.shape[0] ?? 0;
  [...choice.numeric, ...choice.text].forEach((name, j) => {
    const got = [...numbers, ...texts][j]!.array.shape[0]!;
    if (got === rows) return;
    fail("DATA_SHAPE", `${file}: ${JSON.stringify(name)} has ${got} rows, the other columns have ${rows}`, {
      path: file,
      hint: "choose arrays with one row per observation",
      context: { column: name, got, expected: rows },
    });
  });
  const isWhole =
    numbers.length === first?.width && numbers.every((place, j) => place.array === first.array && place.column === j);
  return {
    rows,
    numeric: isWhole ? first.array.data : gather(numbers, rows),
    text: texts.map(({ array, column, width }) =>
      Array.from({ length: rows }, (_, i) => labelOf(array.data[i * width + column]!)),
    ),
  };
}

function gather(places: readonly Place[], rows: number): Float32Array {
  const out = new Float32Array(rows * places.length);
  places.forEach(({ array, column, width }, j) => {
    for (let i = 0; i < rows; i++) out[i * places.length + j] = array.data[i * width + column]!;
  });
  return out;
}
