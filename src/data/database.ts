// DuckDB in memory, through its C interface: columns come in blocks as they lie in the library's memory.
import { createRequire } from "node:module";
import type * as Library from "@duckdb/node-bindings";
import { failure } from "../errors.js";

/** Columns of the next rows of a query. They are valid until `visit` returns. */
export interface Chunk {
  readonly rows: number;
  /** A FLOAT column without NULL. */
  floats(column: number): Float32Array;
  /** A DOUBLE column without NULL. */
  doubles(column: number): Float64Array;
  /** Puts the texts of a VARCHAR column without NULL at the end of `into`. */
  texts(column: number, into: string[]): void;
}

/** A connection to the database. */
export interface Connection {
  readonly library: typeof Library;
  readonly handle: Library.Connection;
  run(sql: string): Promise<void>;
  /** The rows of a query all of whose columns are VARCHAR without NULL. */
  rows(sql: string): Promise<readonly (readonly string[])[]>;
  /** Visits the rows of a query in order, in blocks; `visit` ends it with `false`. */
  forEachChunk(sql: string, visit: (chunk: Chunk, from: number) => boolean | undefined): Promise<void>;
}

/** The use of the database by one reader. */
export interface Session {
  use<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

// One database serves all who read at the same time: its threads are begun once, and it ends with the last of them.
let database: Promise<Library.Database> | undefined;
let users = 0;

/** A session, which takes nothing until it is used. */
export function openSession(): Session {
  let isUsed = false;
  return {
    use: async (work) => {
      const library = load();
      if (!isUsed) users++;
      isUsed = true;
      database ??= open(library);
      return connected(library, await database, work);
    },
    close: async () => {
      if (!isUsed) return;
      isUsed = false;
      users--;
      if (users > 0) return;
      const ended = database;
      database = undefined;
      const opened = await ended?.catch(() => undefined);
      if (opened !== undefined) load().close_sync(opened);
    },
  };
}

/** Lets `work` use a database of its own, in which it may create tables. */
export async function withDuckdb<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
  const library = load();
  const own = await open(library);
  try {
    return await connected(library, own, work);
  } finally {
    library.close_sync(own);
  }
}

async function connected<T>(
  library: typeof Library,
  database: Library.Database,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const handle = await library.connect(database);
  try {
    return await work(connectionOf(library, handle));
  } finally {
    library.disconnect_sync(handle);
  }
}

const require = createRequire(import.meta.url);

/** DuckDB's library, loaded at first use; throws `DATA_UNSUPPORTED` where it has no build for the platform. */
function load(): typeof Library {
  try {
    return require("@duckdb/node-bindings") as typeof Library;
  } catch (cause) {
    throw failure("DATA_UNSUPPORTED", `DuckDB could not be loaded on ${process.platform}-${process.arch}`, {
      hint: "write the table as CSV: reading that needs no DuckDB",
      cause,
    });
  }
}

/** A fresh database, which loads no extension and writes nothing. */
function open(library: typeof Library): Promise<Library.Database> {
  const config = library.create_config();
  library.set_config(config, "autoinstall_known_extensions", "false");
  library.set_config(config, "autoload_known_extensions", "false");
  return library.open(":memory:", config);
}

function connectionOf(library: typeof Library, handle: Library.Connection): Connection {
  const forEachChunk: Connection["forEachChunk"] = async (sql, visit) => {
    const prepared = await library.prepare(handle, sql);
    const result = await library.execute_prepared_streaming(prepared).finally(() => {
      library.destroy_prepare_sync(prepared);
    });
    const texts = new Texts(library);
    let from = 0;
    // The library decodes the next block on threads of its own while this one is taken over.
    let next = library.fetch_chunk(result);
    try {
      for (;;) {
        const chunk = await next;
        const rows = chunk === null ? 0 : library.data_chunk_get_size(chunk);
        if (chunk === null || rows === 0) return;
        next = library.fetch_chunk(result);
        if (visit(chunkOf(library, chunk, rows, texts), from) === false) return;
        from += rows;
      }
    } finally {
      await next.catch(() => undefined);
    }
  };
  return {
    library,
    handle,
    run: async (sql) => {
      await library.query(handle, sql);
    },
    rows: async (sql) => {
      const rows: string[][] = [];
      const result = await library.query(handle, sql);
      const texts = new Texts(library);
      for (;;) {
        const chunk = await library.fetch_chunk(result);
        const count = chunk === null ? 0 : library.data_chunk_get_size(chunk);
        if (chunk === null || count === 0) return rows;
        const columns = Array.from({ length: library.data_chunk_get_column_count(chunk) }, (_, j) => {
          const column: string[] = [];
          chunkOf(library, chunk, count, texts).texts(j, column);
          return column;
        });
        for (let i = 0; i < count; i++) rows.push(columns.map((column) => column[i]!));
      }
    },
    forEachChunk,
  };
}

function chunkOf(library: typeof Library, chunk: Library.DataChunk, rows: number, texts: Texts): Chunk {
  const bytesOf = (column: number, width: number): Uint8Array => {
    const bytes = library.vector_get_data(library.data_chunk_get_vector(chunk, column), rows * width);
    // Where a platform forbids views of foreign memory it is a copy, which may lie anywhere.
    return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  };
  return {
    rows,
    floats: (column) => {
      const bytes = bytesOf(column, 4);
      return new Float32Array(bytes.buffer, bytes.byteOffset, rows);
    },
    doubles: (column) => {
      const bytes = bytesOf(column, 8);
      return new Float64Array(bytes.buffer, bytes.byteOffset, rows);
    },
    texts: (column, into) => texts.append(bytesOf(column, 16), rows, into),
  };
}

const SLOT_BITS = 12;

/**
 * Texts of VARCHAR columns. Each is 16 bytes: its length, then up to twelve bytes of its own, or its first four and the place of all.
 * Labels repeat, so a text that was decoded lately is found again by these bytes.
 */
class Texts {
  private readonly words = new Int32Array(4 << SLOT_BITS);
  /** The call of `append` that saw them: places mean the same within one only. */
  private readonly calls = new Int32Array(1 << SLOT_BITS);
  private readonly texts = new Array<string>(1 << SLOT_BITS).fill("");
  private call = 0;
  private readonly library: typeof Library;

  constructor(library: typeof Library) {
    this.library = library;
  }

  append(bytes: Uint8Array, rows: number, into: string[]): void {
    this.call++;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const all = new Int32Array(bytes.buffer, bytes.byteOffset, 4 * rows);
    const { words, calls, texts, call } = this;
    for (let i = 0; i < rows; i++) {
      const at = 4 * i;
      const [length, first, second, third] = [all[at]!, all[at + 1]!, all[at + 2]!, all[at + 3]!];
      const isInline = length >= 0 && length <= 12;
      const slot = slotOf(length, first, second, third);
      const known = 4 * slot;
      if (
        words[known] !== length ||
        words[known + 1] !== first ||
        words[known + 2] !== second ||
        words[known + 3] !== third ||
        (!isInline && calls[slot] !== call)
      ) {
        texts[slot] = isInline
          ? buffer.toString("utf8", 4 * at + 4, 4 * at + 4 + length)
          : this.decode(buffer, 4 * at, length >>> 0);
        words.set([length, first, second, third], known);
        calls[slot] = call;
      }
      into.push(texts[slot]!);
    }
  }

  private decode(buffer: Buffer, at: number, length: number): string {
    const place = buffer.byteOffset + at + 8;
    const bytes = this.library.get_data_from_pointer(buffer.buffer as ArrayBuffer, place, length);
    return Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("utf8");
  }
}

function slotOf(length: number, first: number, second: number, third: number): number {
  const mixed = length ^ Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b) ^ Math.imul(third, 0xc2b2ae35);
  return Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> (32 - SLOT_BITS);
}
