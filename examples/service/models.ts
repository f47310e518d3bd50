// The models of the service: opened once, asked by many requests at the same time.
import type { Model } from "disentangle";
import { Refusal } from "./request.js";

/** Models by id. */
export interface Models {
  readonly size: number;
  /** Throws 429 where there is no place for one more. */
  needPlace(): void;
  add(model: Model): string;
  /** The latents of rows, one array for each. */
  transform(id: string, body: unknown): Promise<number[][]>;
  /** The predicted target, one number per row. */
  predict(id: string, body: unknown): Promise<number[]>;
  delete(id: string): Promise<void>;
}

/** No models yet, and at most `most` of them. */
export function createModels(most: number): Models {
  const models = new Map<string, Model>();
  const find = (id: string): Model => {
    const model = models.get(id);
    if (model === undefined) throw new Refusal(404, `no model ${JSON.stringify(id)}`);
    return model;
  };
  return {
    get size() {
      return models.size;
    },
    needPlace() {
      if (models.size >= most) throw new Refusal(429, `${most} models are kept already; DELETE /models/ID removes one`);
    },
    add(model) {
      const id = model.manifest.runId;
      // The same data and configuration give the same model: the earlier one answers what it was asked, then goes.
      void models.get(id)?.close();
      models.set(id, model);
      return id;
    },
    async transform(id, body) {
      const { data, shape } = await find(id).transform(rowsOf(body).rows);
      return Array.from({ length: shape[0] }, (_, i) => [...data.subarray(i * shape[1], (i + 1) * shape[1])]);
    },
    async predict(id, body) {
      const { rows, environments } = rowsOf(body);
      return [...(await find(id).predict(rows, environments === undefined ? {} : { environments }))];
    },
    async delete(id) {
      const model = find(id);
      models.delete(id);
      await model.close();
    },
  };
}

interface Rows {
  readonly rows: number[][];
  readonly environments?: readonly string[];
}

/** `[[...], ...]` or `{ rows, environments? }`; what the rows hold is the library's to check. */
function rowsOf(body: unknown): Rows {
  const { rows, environments }: { rows?: unknown; environments?: unknown } = Array.isArray(body)
    ? { rows: body }
    : ((body ?? {}) as object);
  if (!Array.isArray(rows)) throw new Refusal(422, "expected [[...], ...] or { rows: [[...], ...], environments? }");
  if (
    environments !== undefined &&
    !(Array.isArray(environments) && environments.every((e) => typeof e === "string"))
  ) {
    throw new Refusal(422, "environments: expected one string per row");
  }
  return { rows: rows as number[][], ...(environments !== undefined && { environments: environments as string[] }) };
}
