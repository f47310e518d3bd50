// Reads one file into a data set; a process of its own, so that its memory can be measured.
import { readDataset } from "disentangle";

const data = process.argv[2];
const { inputs } = await readDataset({
  data,
  environment: data.endsWith(".h5ad") ? "cell_type" : "label",
});
console.log(inputs.rows, inputs.cols);
