// NumPy files: one matrix (.npy), or named arrays that share their rows (.npz). Both are read natively.
import { fail } from "../errors.js";
import { later, type NativeArray, native } from "../native.js";
import { type ColumnChoice, labelOf, type Selection, type Source, type SourceColumn } from "./source.js";

/** Opens a `.npy` file; its columns are called `prefix`0, `prefix`1, ... */
export async function openNpy(file: string, prefix = "x"): Promise<Source> {
  const array = await later().npyRead(file);
  const members = [{ name: prefix, shape: array.shape, kind: "number" as const, load: () => array }];
  return arraySource(file, "npy", members);
}

/** Opens a `.npz` file; column j of the member `m` is called `m`j, and a vector `m` is one column `m`. */
export function openNpz(file: string): Source {
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
  return arraySource(file, "npz", members);
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

function arraySource(file: string, format: "npy" | "npz", members: readonly Member[]): Source {
  const tables = members.filter(({ shape }) => shape.length === 1 || shape.length === 2);
  const places = new Map(tables.flatMap((member) => placesOf(member, format)));
  const inputGroup = inputMember(tables);
  return {
    describe: async () => {
      if (places.size === 0) {
        const shapes = members.map(({ name, shape }) => `${name} (${shape.join(" x ")})`).join(", ");
        fail("DATA_SHAPE", `${file}: no vector or matrix; it holds ${shapes || "nothing"}`, {
          path: file,
          hint: "reshape it to rows and columns: array.reshape(len(array), -1)",
        });
      }
      const columns = [...places].map(([name, { member }]) => ({ name, kind: member.kind, group: member.name }));
      return { format, columns, ...(inputGroup !== undefined && { inputGroup }) };
    },
    read: async (choice) => readPlaces(file, places, choice),
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
  const matrices = tables.filter(({ shape }) => shape.length === 2);
  return matrices.length === 1 ? matrices[0]!.name : undefined;
}

function readPlaces(file: string, places: ReadonlyMap<string, Place>, choice: ColumnChoice): Selection {
  const wanted = [...choice.numeric, ...choice.text].map((name): readonly [string, Place] => [
    name,
    places.get(name) ?? fail("DATA_MISSING_COLUMN", `${file} has no column ${JSON.stringify(name)}`, { path: file }),
  ]);
  const [first = [...places][0]] = wanted;
  const rows = first?.[1].member.shape[0] ?? 0;
  for (const [name, { member }] of wanted) {
    const got = member.shape[0];
    if (got === rows) continue;
    fail("DATA_SHAPE", `${file}: ${name} has ${got} rows, ${first![0]} has ${rows}`, {
      path: file,
      hint: "choose arrays with one row per observation",
      context: { column: name, got, expected: rows },
    });
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
