// Protocol buffers from plain objects. Which field has which number and type stands in a table beside the format that needs it.
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** The fields of a message by name: number, and type or message. An array in a value is a repeated field. */
export interface Message {
  readonly [field: string]: readonly [number: number, type: "int" | "float" | "double" | "string" | "bytes" | Message];
}

/** A value of a message; fields that are absent are left out. */
export interface Value {
  readonly [field: string]: Scalar | Value | readonly (Scalar | Value)[] | undefined;
}

type Scalar = number | string | Uint8Array;

/** The bytes of a message. */
export function encode(message: Message, value: Value): Uint8Array {
  const writer = new BinaryWriter();
  for (const [field, given] of Object.entries(value)) {
    const [number, type] = message[field]!;
    for (const one of Array.isArray(given) ? given : [given]) if (one !== undefined) put(writer, number, type, one);
  }
  return writer.finish();
}

function put(writer: BinaryWriter, number: number, type: Message[string][1], value: Scalar | Value): void {
  if (type === "int") writer.tag(number, WireType.Varint).int64(value as number);
  else if (type === "float") writer.tag(number, WireType.Bit32).float(value as number);
  else if (type === "double") writer.tag(number, WireType.Bit64).double(value as number);
  else if (type === "string") writer.tag(number, WireType.LengthDelimited).string(value as string);
  else {
    const bytes = type === "bytes" ? (value as Uint8Array) : encode(type, value as Value);
    writer.tag(number, WireType.LengthDelimited).bytes(bytes);
  }
}
