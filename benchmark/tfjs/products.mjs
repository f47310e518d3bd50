// Products `x W` in ml-matrix, which computes in double precision: the same requests and answers as torch/steps.py.

import { Matrix } from "ml-matrix";
import { answer } from "./blocks.mjs";

await answer(({ net: { rows, inner, cols } }) => {
  const [x, w] = [Matrix.rand(rows, inner), Matrix.rand(inner, cols)];
  return () => x.mmul(w);
});
