// Reads one file into a data set; a process of its own, so that its memory can be measured.
import { readDataset } from "disentangle";

const data = process.argv[2];
const { inputs } = await readDataset({
  data,
  ...(data.endsWith(".parquet") ? { environment: "label" } : { environment: "cell_type" }),
});
console.log(inputs.rows, inputs.cols);
