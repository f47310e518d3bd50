// Simulated worlds of pictures, from the command line to scores.
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testWithAddon as test } from "../addon.js";
import { run } from "./run.js";

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), "disentangle-pictures-"));
const BALLS = ["--rows", "300", "--size", "16", "--radius", "0.2", "--seed", "1"];
const OBJECTS = ["--environments", "6", "--points-per-environment", "50", "--size", "15", "--seed", "1"];

async function succeeds(cwd: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args, { cwd });
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

const json = async <T>(cwd: string, args: readonly string[]): Promise<T> =>
  JSON.parse(await succeeds(cwd, [...args, "--json"])) as T;

test("pictures of balls are one view, and balls are scored as blocks", async (t) => {
  const cwd = await folder();
  const text = await succeeds(cwd, ["simulate", "balls-world", ...BALLS, "--out", "balls"]);
  t.regex(text, /input columns +768\ntrue latents +4\n/);
  t.regex(text, /disentangle fit --method vae --data balls/);
  const { views } = await json<{ views: { name: string; image: object }[] }>(cwd, ["inspect", "balls"]);
  t.deepEqual(
    views.map(({ name, image }) => ({ name, image })),
    [{ name: "image", image: { channels: 3, height: 16, width: 16 } }],
  );
  const manifest = await readFile(join(cwd, "balls", "dataset.json"), "utf8");
  t.false(manifest.includes("image.0.0.0"), "pixels have no names in files");

  const fit = ["fit", "--method", "pca", "--latent-dim", "4", "--data", "balls", "--out", "a", "--no-report"];
  await succeeds(cwd, fit);
  const { blocks } = await json<{ blocks: { blocks: { truth: number[] }[] } }>(cwd, ["score", "a"]);
  t.deepEqual(
    blocks.blocks.map(({ truth }) => truth),
    [
      [0, 1],
      [2, 3],
    ],
  );
});

test("fresh pictures are drawn for every step, and coordinates that freeze on their own are no blocks", async (t) => {
  const cwd = await folder();
  const simulated = await json<{ truth: string[] }>(cwd, [
    ...["simulate", "balls-world", "--rows", "300", "--size", "8", "--balls", "1", "--centers", "exact"],
    ...["--frozen", "coordinates", "--out", "balls"],
  ]);
  t.deepEqual(simulated.truth.toSorted(), ["latents", "silent"]);
  const fit = ["fit", "--method", "vae", "--latent-dim", "2", "--steps", "5", "--no-report", "--data", "balls"];
  const [given, fresh] = ["given", "fresh"].map((rows) => [...fit, "--rows", rows, "--out", rows]);
  await succeeds(cwd, given!);
  await succeeds(cwd, fresh!);
  const read = (name: string): Promise<string> => readFile(join(cwd, name, "latents.npy"), "latin1");
  t.not(await read("fresh"), await read("given"));
});

test("pictures of objects have environments, and latents called after the objects", async (t) => {
  const cwd = await folder();
  const simulated = await json<Record<string, unknown>>(cwd, [
    "simulate",
    "chemistry-world",
    ...OBJECTS,
    "--out",
    "objects",
  ]);
  t.deepEqual([simulated.rows, simulated.columns, simulated.environments], [300, 675, 6]);
  const manifest = JSON.parse(await readFile(join(cwd, "objects", "dataset.json"), "utf8")) as {
    truth: { latents: { columns: string[] }; graph: { rows: string[] } };
  };
  t.deepEqual(manifest.truth.latents.columns, ["diamond", "triangle", "square"]);
  t.deepEqual(manifest.truth.graph.rows, ["diamond", "triangle", "square"]);
});

test("more pictures than fit are refused with numbers", async (t) => {
  const { code, stdout } = await run(["simulate", "balls-world", "--rows", "100000", "--out", "balls", "--json"]);
  t.is(code, 2, stdout);
  const { error } = JSON.parse(stdout) as { error: { code: string; path: string; message: string } };
  t.deepEqual([error.code, error.path], ["CONFIG_OUT_OF_RANGE", "rows"]);
  t.regex(error.message, /1229600000 numbers is too large, allowed are 1073741824/);
});

test("colors that cause each other are unmixed from pictures, by the flow and as published, and the report draws them", async (t) => {
  const cwd = await folder();
  await succeeds(cwd, ["simulate", "chemistry-world", ...OBJECTS, "--out", "objects"]);
  const fit = ["fit", "--method", "latent-anm", "--latent-dim", "3", "--data", "objects"];
  const short = ["autoencoder.steps=20", "training.steps=30", "starts=2", "published.steps=20"];
  const settings = short.flatMap((setting) => ["--set", setting]);
  for (const algorithm of ["flow", "paper"]) {
    await succeeds(cwd, [...fit, ...settings, "--algorithm", algorithm, "--out", algorithm]);
    const page = await readFile(join(cwd, algorithm, "report.html"), "utf8");
    t.true(page.includes("the other latents follow as the mechanisms say"), algorithm);
    for (const latent of ["z1", "z2", "z3"])
      t.true(page.includes(`alt="image with ${latent} from `), `${algorithm}: pictures along ${latent}`);
  }
});
