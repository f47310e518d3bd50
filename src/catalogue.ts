import type { JsonSchema } from "./config-keys.js";
import type { MethodInfo } from "./generated/types.js";
import { native } from "./native.js";

/** What this version can do. */
export interface Catalogue {
  readonly version: string;
  readonly methods: readonly MethodInfo[];
  readonly simulators: readonly SimulatorInfo[];
}

/** One simulator. */
export interface SimulatorInfo {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** Its configuration. */
  readonly schema: JsonSchema;
}

let listed: Catalogue | undefined;

/** What this version can do: methods and simulators, as the core lists them. */
export function catalogue(): Catalogue {
  listed ??= JSON.parse(native().catalogue()) as Catalogue;
  return listed;
}
