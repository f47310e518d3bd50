// The encoder of a model of the family `regression` as ONNX: standardization, dense layers with leaky rectifiers, the solved map.

/** Reads the model file: a header and named tensors. */
export function container(bytes) {
  const headerLength = Number(bytes.readBigUInt64LE(12));
  const header = JSON.parse(bytes.subarray(20, 20 + headerLength).toString("utf8"));
  const tensors = new Map();
  let at = 20 + headerLength;
  for (const { name, dtype, shape } of header.tensors) {
    const width = dtype === "f32" ? 4 : 8;
    const count = shape.reduce((product, n) => product * n, 1);
    const values = Float32Array.from({ length: count }, (_, i) =>
      width === 4 ? bytes.readFloatLE(at + 4 * i) : bytes.readDoubleLE(at + 8 * i),
    );
    tensors.set(name, { shape, values });
    at += width * count;
  }
  return { header, tensors };
}

/** The encoder as the bytes of an ONNX model, `inputs` [rows, d] to `latents` [rows, k]. */
export function encoderToOnnx({ header, tensors }) {
  const { mean, sd } = header.inputScale;
  const nodes = [];
  const initial = [
    tensor("mean", [mean.length], Float32Array.from(mean)),
    tensor("sd", [sd.length], Float32Array.from(sd)),
  ];
  let last = "inputs";
  const step = (op, inputs, attributes = []) => {
    const output = `${op}${nodes.length}`;
    nodes.push(node(op, [last, ...inputs], output, attributes));
    last = output;
  };
  step("Sub", ["mean"]);
  step("Div", ["sd"]);
  const layers = [...tensors.keys()].filter((name) => /^trained\/encoder\.\d+\.weight$/.test(name)).length;
  for (let i = 0; i < layers; i += 1) {
    for (const part of ["weight", "bias"]) {
      const { shape, values } = tensors.get(`trained/encoder.${i}.${part}`);
      initial.push(tensor(`${part}${i}`, shape, values));
    }
    step("Gemm", [`weight${i}`, `bias${i}`]);
    if (i < layers - 1) step("LeakyRelu", [], [["alpha", 0.01]]);
  }
  const map = tensors.get("solved/map");
  if (map !== undefined) {
    const [k, d] = map.shape;
    const turned = Float32Array.from({ length: k * d }, (_, i) => map.values[(i % k) * d + Math.floor(i / k)]);
    const offset = tensors.get("solved/offset")?.values ?? new Float32Array(k);
    initial.push(tensor("map", [d, k], turned), tensor("offset", [k], offset));
    step("Gemm", ["map", "offset"]);
  }
  nodes.push(node("Identity", [last], "latents", []));
  const k = map?.shape[0] ?? tensors.get(`trained/encoder.${layers - 1}.bias`).shape[0];
  const graph = message(
    ...nodes.map((one) => bytesField(1, one)),
    text(2, "encoder"),
    ...initial.map((one) => bytesField(5, one)),
    bytesField(11, value("inputs", mean.length)),
    bytesField(12, value("latents", k)),
  );
  return message(number(1, 8), bytesField(7, graph), bytesField(8, message(number(2, 13))));
}

// The few parts of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto that are needed, by their field numbers.

function node(op, inputs, output, attributes) {
  return message(
    ...inputs.map((name) => text(1, name)),
    text(2, output),
    text(4, op),
    ...attributes.map(([name, number32]) => bytesField(5, message(text(1, name), float(2, number32), number(20, 1)))),
  );
}

function tensor(name, shape, values) {
  const raw = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return message(...shape.map((length) => number(1, length)), number(2, 1), text(8, name), bytesField(9, raw));
}

function value(name, width) {
  const shape = message(bytesField(1, message(text(2, "rows"))), bytesField(1, message(number(1, width))));
  return message(text(1, name), bytesField(2, message(bytesField(1, message(number(1, 1), bytesField(2, shape))))));
}

function message(...fields) {
  return Buffer.concat(fields);
}

function varint(value) {
  const bytes = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function number(field, value) {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function float(field, value) {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([varint(field * 8 + 5), bytes]);
}

function bytesField(field, bytes) {
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

function text(field, value) {
  return bytesField(field, Buffer.from(value, "utf8"));
}
