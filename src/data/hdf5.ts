// The HDF5 library as WebAssembly. A failure leaves it in the middle of its work, with locks taken and lists half changed: it would
// read no file well any more. So after a failure a fresh instance takes its place.
import type * as Library from "h5wasm/node";
import { failure, isDisentangleError } from "../errors.js";
import { corrupt } from "./source.js";

type Module = Awaited<typeof Library.ready>;

/** The library as it is now. */
export interface Hdf5 {
  readonly File: typeof Library.File;
  readonly module: Module;
  /** Files that an earlier instance opened must be opened again. */
  readonly generation: number;
}

let loaded: Promise<typeof Library> | undefined;
let generation = 0;
let isBroken = false;

/** The library, loaded at first use. */
export async function hdf5(): Promise<Hdf5> {
  loaded ??= load();
  const library = await loaded;
  const module = await library.ready;
  if (isBroken) {
    isBroken = false;
    generation++;
    await renew(module);
  }
  return { File: library.File, module, generation };
}

/** The typed form of a failure of the library, which is not used any more after it: whoever asks for it next gets a fresh instance. */
export function translateHdf5(file: string, error: unknown): Error {
  if (isDisentangleError(error)) return error;
  if ((error as NodeJS.ErrnoException).code === "ERR_ACCESS_DENIED") {
    return failure(
      "DATA_UNSUPPORTED",
      `${file}: Node's permission model is on, under which the HDF5 library cannot start`,
      {
        path: file,
        hint: "convert the file to zarr: adata.write_zarr(path), or run without --permission",
        cause: error,
      },
    );
  }
  isBroken = true;
  return corrupt(file, "HDF5", innermost(error));
}

/** HDF5 reports a stack of errors, the first cause last: `#006: ... line 577 in H5F__super_read(): truncated file`. */
function innermost(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const causes = [...error.message.matchAll(/^\s*#\d+: .*?\(\): (.*)$/gm)];
  return causes.length === 0 ? error : new Error(causes.at(-1)![1], { cause: error });
}

async function load(): Promise<typeof Library> {
  const { default: library } = await import("h5wasm/node");
  // Without it the library prints its errors on stderr and goes on.
  (await library.ready).activate_throwing_error_handler();
  return library as unknown as typeof Library;
}

/** Lets a module that others hold stand for a fresh instance. What it stood for before is let go, with all of its memory. */
async function renew(module: Module): Promise<void> {
  const url = new URL("./hdf5_util.js", import.meta.resolve("h5wasm/node")).href;
  const { default: create } = (await import(url)) as { default: (options: object) => Promise<Record<string, unknown>> };
  const quiet = () => {};
  const fresh = await create({ noInitialRun: true, print: quiet, printErr: quiet });
  for (const key of Object.keys(fresh)) {
    // Read anew each time: the views of its memory change when that grows.
    Object.defineProperty(module, key, { get: () => fresh[key], configurable: true, enumerable: true });
  }
  module.activate_throwing_error_handler();
}
