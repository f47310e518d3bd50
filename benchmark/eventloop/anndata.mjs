// An AnnData file as anndata writes it: a dense matrix, ids of the rows, and a column of labels.

import h5wasm from "h5wasm/node";

const frame = (group, order) => {
  group.create_attribute("encoding-type", "dataframe");
  group.create_attribute("encoding-version", "0.2.0");
  group.create_attribute("_index", "_index");
  group.create_attribute("column-order", order);
};

/** Writes the inputs of a data set, with the environment of each row as its site. */
export async function writeAnnData(file, { inputs: { data, rows, cols }, inputNames, labels: { environment } }) {
  await h5wasm.ready;
  const opened = new h5wasm.File(file, "w");
  opened.create_attribute("encoding-type", "anndata");
  opened.create_dataset({ name: "X", data, shape: [rows, cols], chunks: [Math.min(rows, 4096), cols] });
  const [obs, variables] = [opened.create_group("obs"), opened.create_group("var")];
  frame(obs, ["site"]);
  frame(variables, []);
  obs.create_dataset({ name: "_index", data: Array.from({ length: rows }, (_, i) => `cell-${i}`) });
  obs.create_dataset({ name: "site", data: Array.from(environment.codes, (code) => environment.levels[code]) });
  variables.create_dataset({ name: "_index", data: [...inputNames] });
  opened.close();
}
