// `node onnx-server.mjs MODEL`: answers rows with the encoder's latents by onnxruntime-web, one thread, JSON in and out as our service.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import * as ort from "onnxruntime-web";

ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(readFileSync(process.argv[2]));
const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const rows = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  const width = rows[0].length;
  const values = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) values.set(row, i * width);
  const { latents } = await session.run({ inputs: new ort.Tensor("float32", values, [rows.length, width]) });
  const [, k] = latents.dims;
  const body = Array.from({ length: rows.length }, (_, i) => [...latents.data.subarray(i * k, (i + 1) * k)]);
  response.writeHead(200, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
});
server.listen(0, "127.0.0.1", () => console.log(`listening on ${JSON.stringify(server.address())}`));
