// ONNX (opset 17, IR 8) of what a model computes. Field numbers: onnx.proto3 of ONNX 1.12.
import { fail } from "../errors.js";
import type { Activation, Layer, Layers, PlainModel, Tensor } from "./plain-model.js";
import { encode, type Message, type Value } from "./protobuf.js";

const OPSET = 17;
const IR_VERSION = 8;

const DATA_TYPES = { float: 1, int64: 7, double: 11 } as const;
type DataType = "float" | "double";

const TENSOR: Message = { dims: [1, "int"], data_type: [2, "int"], name: [8, "string"], raw_data: [9, "bytes"] };
const ATTRIBUTE: Message = {
  name: [1, "string"],
  f: [2, "float"],
  i: [3, "int"],
  ints: [8, "int"],
  type: [20, "int"],
};
const NODE: Message = {
  input: [1, "string"],
  output: [2, "string"],
  name: [3, "string"],
  op_type: [4, "string"],
  attribute: [5, ATTRIBUTE],
};
const DIMENSION: Message = { dim_value: [1, "int"], dim_param: [2, "string"] };
const TENSOR_TYPE: Message = { elem_type: [1, "int"], shape: [2, { dim: [1, DIMENSION] }] };
const VALUE_INFO: Message = { name: [1, "string"], type: [2, { tensor_type: [1, TENSOR_TYPE] }] };
const GRAPH: Message = {
  node: [1, NODE],
  name: [2, "string"],
  initializer: [5, TENSOR],
  input: [11, VALUE_INFO],
  output: [12, VALUE_INFO],
};
const MODEL: Message = {
  ir_version: [1, "int"],
  producer_name: [2, "string"],
  producer_version: [3, "string"],
  graph: [7, GRAPH],
  opset_import: [8, { domain: [1, "string"], version: [2, "int"] }],
  metadata_props: [14, { key: [1, "string"], value: [2, "string"] }],
};

/** What a file says beside its graph: the columns have no other place for their names. */
export interface OnnxCard {
  readonly method: string;
  readonly version: string;
  readonly inputs: number;
  readonly latents: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The encoder (inputs to latents) or the decoder (latents to inputs) as an ONNX model. Throws `MODEL_NOT_EXPORTABLE`. */
export function onnxOf(part: "encoder" | "decoder", { layers, tensors }: PlainModel, card: OnnxCard): Uint8Array {
  const { method, version, inputs, latents, metadata } = card;
  const list = written(part, layers, method);
  const isEncoder = part === "encoder";
  const [from, to] = isEncoder ? ["inputs", "latents"] : ["latents", "inputs"];
  const type: DataType = isEncoder && layers.doublePrecisionInputs ? "double" : "float";
  const graph = new Graph(tensors);
  const end = graph.run(list, { name: from, type, cols: isEncoder ? inputs : latents });
  const { nodes, initializers } = graph.finish(to, end);
  const info = (name: string, kind: DataType, cols: number): Value => ({
    name,
    type: {
      tensor_type: {
        elem_type: DATA_TYPES[kind],
        shape: { dim: [{ dim_param: "rows" }, { dim_value: cols }] },
      },
    },
  });
  return encode(MODEL, {
    ir_version: IR_VERSION,
    producer_name: "disentangle",
    producer_version: version,
    graph: {
      node: nodes,
      name: `${method}-${part}`,
      initializer: initializers,
      input: [info(from, type, isEncoder ? inputs : latents)],
      output: [info(to, end.type, end.cols)],
    },
    opset_import: [{ domain: "", version: OPSET }],
    metadata_props: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  });
}

function written(part: "encoder" | "decoder", layers: Layers, method: string): readonly Layer[] {
  const list = layers[part];
  if (list !== null) return list;
  if (part === "decoder" && !layers.decodes) {
    fail("MODEL_NO_DECODER", `${method} has no decoder: it cannot turn latents into inputs`, {
      hint: "fit a method that has one, such as ivae, vade, pdgmm or pca",
    });
  }
  return fail("MODEL_NOT_EXPORTABLE", `the ${part} of ${method} cannot be written as layers`, {
    hint: "use `disentangle transform` or `model.transform`, or fit a method whose encoder is a network or a linear map",
    context: { method, part },
  });
}

/** A value between nodes: (rows, cols). */
interface Flow {
  readonly name: string;
  readonly type: DataType;
  readonly cols: number;
}

/** The nodes of a graph as they are added, and the tensors that they use. */
class Graph {
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #nodes: Value[] = [];
  readonly #initializers = new Map<string, Value>();

  constructor(tensors: readonly Tensor[]) {
    this.#tensors = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  }

  run(layers: readonly Layer[], start: Flow): Flow {
    return layers.reduce((x, layer) => this.#layer(layer, x), start);
  }

  /** The nodes, with the last value under the name of the output. */
  finish(output: string, end: Flow): { readonly nodes: readonly Value[]; readonly initializers: readonly Value[] } {
    const nodes = [...this.#nodes, { input: [end.name], output: [output], name: output, op_type: "Identity" }];
    return { nodes, initializers: [...this.#initializers.values()] };
  }

  #layer(layer: Layer, x: Flow): Flow {
    switch (layer.op) {
      case "fill": {
        const wide = this.#cast(x, this.#typeOf(layer.value));
        const missing = this.#node("IsNaN", [wide.name]);
        return { ...wide, name: this.#node("Where", [missing, this.#constant(layer.value), wide.name]) };
      }
      case "dense":
        return this.#dense(layer, x);
      case "scale": {
        const wide = this.#cast(x, this.#typeOf(layer.factor));
        const steps = [
          ["Sub", layer.center, 0],
          ["Mul", layer.factor, 1],
          ["Add", layer.shift, 0],
        ] as const;
        const name = steps.reduce(
          (value, [op, by, neutral]) =>
            this.#tensor(by).data.every((number) => number === neutral)
              ? value
              : this.#node(op, [value, this.#constant(by)]),
          wide.name,
        );
        return this.#cast({ ...wide, name }, "float");
      }
      case "convolution":
        return this.#convolution(layer, x);
      case "narrow":
        return this.#slice(x, layer.start, layer.count);
      case "coupling":
        return this.#coupling(layer, x);
      case "bend":
        return layer.inverse ? this.#unbend(layer, x) : this.#bend(layer, x);
    }
  }

  #bend({ slope, softness }: Bend, x: Flow): Flow {
    const { value } = this.#bent(x.name, this.#constant(slope), softness, x.type);
    return { ...x, name: value };
  }

  /** Newton's method: the bend is convex or concave, so from where its two straight ends would lead the steps come from one side. */
  #unbend({ slope, softness }: Bend, x: Flow): Flow {
    const wide = this.#cast(x, "double");
    const s = this.#constant(slope);
    const zero = this.#scalar(0, "double");
    const below = this.#node("Div", [this.#node("Min", [wide.name, zero]), s]);
    let found = this.#node("Add", [this.#node("Max", [wide.name, zero]), below]);
    for (let step = 0; step < newtonSteps(this.#tensor(slope).data); step++) {
      const { value, ratio } = this.#bent(found, s, softness, "double");
      const rise = this.#node("Sigmoid", [ratio]);
      // s + (1 - s) sigmoid, without a constant for 1 - s
      const rate = this.#node("Add", [s, this.#node("Sub", [rise, this.#node("Mul", [s, rise])])]);
      const miss = this.#node("Div", [this.#node("Sub", [value, wide.name]), rate]);
      found = this.#node("Sub", [found, miss]);
    }
    return this.#cast({ ...wide, name: found }, "float");
  }

  /** `soft + s (x - soft)` with `soft = t softplus(x / t)`. */
  #bent(x: string, s: string, softness: number, type: DataType): { readonly value: string; readonly ratio: string } {
    const t = this.#scalar(softness, type);
    const ratio = this.#node("Div", [x, t]);
    // ONNX Runtime has Softplus in 32 bits only, and this form never overflows.
    const tail = this.#node("Exp", [this.#node("Neg", [this.#node("Abs", [ratio])])]);
    const logarithm = this.#node("Log", [this.#node("Add", [tail, this.#scalar(1, type)])]);
    const positive = this.#node("Max", [ratio, this.#scalar(0, type)]);
    const soft = this.#node("Mul", [this.#node("Add", [positive, logarithm]), t]);
    const value = this.#node("Add", [soft, this.#node("Mul", [s, this.#node("Sub", [x, soft])])]);
    return { value, ratio };
  }

  #dense({ weight, bias, activation }: Extract<Layer, { op: "dense" }>, x: Flow): Flow {
    const wide = this.#cast(x, this.#typeOf(weight));
    const product = this.#node("MatMul", [wide.name, this.#constant(weight)]);
    const sum = bias === undefined ? product : this.#node("Add", [product, this.#constant(bias)]);
    const name = this.#activated(sum, activation);
    return this.#cast({ name, type: wide.type, cols: this.#tensor(weight).shape[1]! }, "float");
  }

  #activated(value: string, activation: Activation): string {
    const op = ACTIVATIONS[activation.name];
    const slope = activation.slope === undefined ? [] : [{ name: "alpha", f: activation.slope, type: 1 }];
    return op === undefined ? value : this.#node(op, [value], slope);
  }

  #convolution(layer: Extract<Layer, { op: "convolution" }>, x: Flow): Flow {
    const { kernel, bias, step, padding, transposed, from, to, activation } = layer;
    const images = this.#reshaped(x.name, [from.channels, from.height, from.width]);
    const side = this.#tensor(kernel).shape[2]!;
    const ints = (name: string, values: readonly number[]): Value => ({ name, ints: values, type: 7 });
    const least = (size: number): number => (size - 1) * step + side - 2 * padding;
    const more = [to.height - least(from.height), to.width - least(from.width)];
    const node = this.#node(
      transposed ? "ConvTranspose" : "Conv",
      [images, this.#constant(kernel), this.#constant(bias)],
      [
        ints("kernel_shape", [side, side]),
        ints("pads", [padding, padding, padding, padding]),
        ints("strides", [step, step]),
        ...(transposed ? [ints("output_padding", more)] : []),
      ],
    );
    const cols = to.channels * to.height * to.width;
    return { type: "float", cols, name: this.#reshaped(this.#activated(node, activation), [cols]) };
  }

  /** The rows, each in another shape. */
  #reshaped(value: string, shape: readonly number[]): string {
    // 0 keeps the number of rows.
    const sizes = [0, ...shape].map(BigInt);
    const to = this.#initializer(
      `shape_${shape.join("x")}`,
      [sizes.length],
      "int64",
      bytesOf(BigInt64Array.from(sizes)),
    );
    return this.#node("Reshape", [value, to]);
  }

  #coupling({ start, count, bound, inverse, net }: Extract<Layer, { op: "coupling" }>, x: Flow): Flow {
    const moved = x.cols - count;
    const passing = this.#slice(x, start, count);
    const moving = this.#slice(x, start === 0 ? count : 0, moved);
    const raw = this.run(net, passing);
    const limit = this.#scalar(bound);
    const ratio = this.#node("Div", [this.#slice(raw, 0, moved).name, limit]);
    const scale = this.#node("Mul", [this.#node("Tanh", [ratio]), limit]);
    const shift = this.#slice(raw, moved, moved).name;
    const name = inverse
      ? this.#node("Mul", [this.#node("Sub", [moving.name, shift]), this.#node("Exp", [this.#node("Neg", [scale])])])
      : this.#node("Add", [this.#node("Mul", [moving.name, this.#node("Exp", [scale])]), shift]);
    const parts = start === 0 ? [passing.name, name] : [name, passing.name];
    return { ...x, name: this.#node("Concat", parts, [{ name: "axis", i: 1, type: 2 }]) };
  }

  #slice(x: Flow, start: number, count: number): Flow {
    if (start === 0 && count === x.cols) return x;
    const bounds = [start, start + count, 1].map((value) => this.#integer(value));
    return { ...x, cols: count, name: this.#node("Slice", [x.name, ...bounds]) };
  }

  #cast(x: Flow, type: DataType): Flow {
    if (x.type === type) return x;
    const to = [{ name: "to", i: DATA_TYPES[type], type: 2 }];
    return { ...x, type, name: this.#node("Cast", [x.name], to) };
  }

  #node(op: string, input: readonly string[], attribute: readonly Value[] = []): string {
    const name = `${op.toLowerCase()}_${this.#nodes.length}`;
    this.#nodes.push({ input, output: [name], name, op_type: op, attribute });
    return name;
  }

  #tensor(name: string): Tensor {
    return this.#tensors.get(name)!;
  }

  #typeOf(name: string): DataType {
    return this.#tensor(name).data instanceof Float64Array ? "double" : "float";
  }

  #constant(name: string): string {
    const { shape, data } = this.#tensor(name);
    return this.#initializer(name, shape, this.#typeOf(name), bytesOf(data));
  }

  #scalar(value: number, type: DataType = "float"): string {
    const data = type === "float" ? Float32Array.of(value) : Float64Array.of(value);
    return this.#initializer(`${type}_${value}`, [], type, bytesOf(data));
  }

  #integer(value: number): string {
    return this.#initializer(`int_${value}`, [1], "int64", bytesOf(BigInt64Array.of(BigInt(value))));
  }

  #initializer(name: string, dims: readonly number[], type: keyof typeof DATA_TYPES, raw_data: Uint8Array): string {
    this.#initializers.set(name, { dims, data_type: DATA_TYPES[type], name, raw_data });
    return name;
  }
}

type Bend = Extract<Layer, { op: "bend" }>;

/**
 * Steps of Newton's method. Where the slope and 1 are far apart it passes their bend at about one unit of the softness a step: measured are
 * 4 to 1e-12 for a slope of e, 10 for one of e^8.
 */
function newtonSteps(slopes: Iterable<number>): number {
  return 4 + Math.ceil(Math.max(...Array.from(slopes, (slope) => Math.abs(Math.log(slope)))));
}

const ACTIVATIONS: Readonly<Record<string, string | undefined>> = {
  "leaky-relu": "LeakyRelu",
  relu: "Relu",
  elu: "Elu",
  tanh: "Tanh",
  sigmoid: "Sigmoid",
  softplus: "Softplus",
};

/** The bytes of numbers, little endian on every machine that Node runs on. */
function bytesOf(values: Float32Array | Float64Array | BigInt64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
