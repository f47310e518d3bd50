// A score over all latents would hide which of them the data do not identify.
import { fit, simulate } from "../../src/index.js";
import { testWithAddon as test } from "../addon.js";

test("a score names the latents that the data do not identify, and those that were not checked", async (t) => {
  const world = { latents: 2, environments: 12, pointsPerEnvironment: 200, seed: 1 } as const;
  const method = { method: "latent-anm", training: { steps: 60 }, starts: 2 } as const;
  const data = await simulate({ simulator: "shift-world", ...world });
  const model = await fit({ ...method, data }).result;
  const { identification = [], facts } = model.summary;
  t.deepEqual(
    identification.map(({ latent }) => latent),
    ["z1", "z2"],
  );
  t.true(facts.some(({ id }) => id === "absorbed-z2") && facts.some(({ id }) => id === "unchanged-z2"));
  const { notes } = await model.score();
  for (const { latent, status, finding } of identification) {
    const said = notes.filter((note) => note.includes(finding) && note.includes(latent));
    t.is(said.length, status === "ok" ? 0 : 1, `${latent} ${status}: ${notes.join("\n")}`);
  }
  t.true(identification.some(({ status }) => status !== "ok"));

  // Labels dealt out over the rows of one environment: nothing shifts.
  const one = await simulate({ simulator: "shift-world", ...world, environments: 1, pointsPerEnvironment: 1500 });
  const codes = Uint32Array.from({ length: 1500 }, (_, row) => row % 6);
  const environment = { column: "environment", levels: ["a", "b", "c", "d", "e", "f"], codes };
  const alike = await fit({ ...method, data: { ...one, labels: { environment } } }).result;
  t.deepEqual(
    alike.summary.identification?.map(({ status }) => status),
    ["violated", "violated"],
  );
  const warning = alike.summary.warnings.find(({ code }) => code === "NOT_IDENTIFIED");
  t.regex(warning?.message ?? "", /z1 .*environments do not differ/);
  t.is((await alike.score()).notes.filter((note) => note.startsWith("The data do not identify z")).length, 2);
});
