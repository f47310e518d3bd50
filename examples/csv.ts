// The two files that TBR needs, a table and a tree: written here, then read back, fitted, and used on new rows.
import { writeFile } from "node:fs/promises";
import { type Dataset, fit, simulate } from "disentangle";

const world = await simulate({ simulator: "tree-world", depth: 5, pointsPerEnvironment: 200, latents: 3, inputs: 8 });
await writeFile("cells.csv", csv(world));
await writeFile("tree.nwk", `${newick(world)};\n`);

// The same as `disentangle fit --method tbr --data cells.csv --inputs 'gene*' --environment site ...`
const model = await fit({
  method: "tbr",
  data: "cells.csv",
  inputs: "gene*",
  environment: "site",
  target: "pheno",
  tree: "tree.nwk",
  latentDim: 3,
  seed: 0,
}).result;
await model.save("runs/csv");

// New rows: columns are found by name, in any order; further ones are ignored.
await writeFile("new-cells.csv", "site,gene8,gene7,gene6,gene5,gene4,gene3,gene2,gene1\nn32,1,0,0,1,0,-1,0,2\n");
const latents = await model.transform("new-cells.csv");
console.log(latents.columns, latents.shape); // [ 'z1', 'z2', 'z3' ] [ 1, 3 ]

// A site that the tree does not know takes the head of a node that it does.
const seen = await model.predict("new-cells.csv");
const unseen = await model.predict("new-cells.csv", { environments: ["new site"], attach: { "new site": "n32" } });
console.log(seen[0] === unseen[0]); // true

function csv({ inputs, targets, labels }: Dataset): string {
  const { rows, cols, data } = inputs;
  const { levels, codes } = labels.environment!;
  const head = ["id", "site", ...Array.from({ length: cols }, (_, j) => `gene${j + 1}`), "pheno"];
  const body = Array.from({ length: rows }, (_, i) => [
    `cell${i}`,
    levels[codes[i]!],
    ...data.subarray(i * cols, (i + 1) * cols),
    targets!.values.data[i],
  ]);
  return [head, ...body].map((row) => `${row.join(",")}\n`).join("");
}

function newick({ tree }: Dataset, node = tree!.parents.indexOf(-1)): string {
  const { names, parents, lengths } = tree!;
  const below = parents.flatMap((parent, child) => (parent === node ? [newick({ tree } as Dataset, child)] : []));
  return `${below.length > 0 ? `(${below.join(",")})` : ""}${names[node]}:${lengths[node]}`;
}
