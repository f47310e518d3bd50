// Every preset keeps its word at the tiny scale: what is added to the list is tested by this.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { presets, reproduce } from "../../src/index.js";
import { testWithAddon as test } from "../addon.js";

const out = mkdtemp(join(tmpdir(), "disentangle-presets-"));

for (const { name, scales } of presets) {
  const asks = scales.tiny.experiments.some(({ data }) => "given" in data);
  if (asks) {
    test(`${name} asks for its data, and says when they are not there`, async (t) => {
      const options = { scale: "tiny", out: await out } as const;
      const missing = await t.throwsAsync(reproduce(name, options));
      t.like(missing, { code: "CONFIG_MISSING" });
      const wrong = await t.throwsAsync(reproduce(name, { ...options, data: "nowhere.csv" }));
      t.like(wrong, { code: "DATA_NOT_FOUND" });
    });
  } else {
    // One after the other: the machine has few cores, and what two presets have in common is fitted once.
    test.serial(`${name}: at the tiny scale no trial fails and every row lies in its band`, async (t) => {
      t.timeout(600_000);
      const { verdict, rows, trials } = await reproduce(name, { scale: "tiny", out: await out });
      t.is(
        verdict,
        "in band",
        JSON.stringify(rows.filter((row) => row.verdict !== undefined && row.verdict !== "in band")),
      );
      t.deepEqual(trials.failed, []);
      t.true(rows.some(({ band }) => band !== undefined));
    });
  }
}
