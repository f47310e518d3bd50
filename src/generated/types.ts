// Written by `cargo xtask gen`; changes are lost.

/**
 * How many latents are active, the others being silent.
 * - `one`: One latent, or one block.
 * - `half`: Half of them, rounded down.
 * - `three-quarters`: Three quarters of them, rounded down.
 * - `all`: All of them: nothing is silent. A model fitted on a world is tried so on its causes as they are.
 */
export type ActiveShare = "one" | "half" | "three-quarters" | "all";

/**
 * How TBR is fitted.
 * - `joint-rotation`: The joint loss for few steps, then the sparse rotation in closed form.
 * - `paper`: The published procedure: the joint loss alone.
 */
export type Algorithm = "joint-rotation" | "paper";

/**
 * What a latent may be of those before it.
 * - `mlp`: A small network for each latent, the same in all environments; what it is given, and what it gives, is scaled by
 * coefficients of the environment.
 * - `polynomial`: A polynomial of degree 2 without products, with coefficients of the environment.
 * - `linear`: Linear, with coefficients of the environment.
 * - `none`: Nothing: latents are independent in every environment (iVAE by exact likelihood).
 */
export type AnmMechanisms = "mlp" | "polynomial" | "linear" | "none";

/**
 * Verdict on an assumption.
 * - `ok`: The data agree.
 * - `warning`: The data leave room for doubt.
 * - `violated`: The data contradict it: do not trust the axes.
 * - `unknown`: It cannot be checked here.
 */
export type Status = "ok" | "warning" | "violated" | "unknown";

/**
 * The word `auto`.
 * - `auto`: Chosen from the data, without the truth.
 */
export type Auto = "auto";

/**
 * How the autoencoder is trained.
 * - `one-cycle`: Small batches at a rate that rises and falls.
 * - `paper`: The published procedure: large batches at a small constant rate.
 */
export type AutoencoderRecipe = "one-cycle" | "paper";

/**
 * What is frozen at once.
 * - `balls`: A ball as a whole: its two coordinates can only be recovered together.
 * - `coordinates`: Each coordinate on its own.
 */
export type Frozen = "balls" | "coordinates";

/**
 * Where a ball is drawn.
 * - `whole`: Center and radius are cut to whole pixels, as published: the picture shows a coordinate to one part in `size`.
 * - `exact`: Exactly where it is.
 */
export type Centers = "whole" | "exact";

/**
 * Where to compute.
 * - `cpu`: The processor.
 * - `cuda`: An NVIDIA GPU; an error when there is none.
 * - `auto`: A GPU when there is one; otherwise the processor, with a warning.
 */
export type DeviceChoice = "cpu" | "cuda" | "auto";

/**
 * What to do with missing inputs.
 * - `error`: Refuse them.
 * - `drop`: Leave rows with missing inputs or labels out.
 * - `mean`: Replace them by the column's mean over the training rows.
 */
export type Missing = "error" | "drop" | "mean";

/**
 * What to do with rows without a target.
 * - `error`: Refuse them.
 * - `drop`: Leave them out.
 */
export type MissingTarget = "error" | "drop";

/**
 * Which columns are brought to mean 0 and standard deviation 1 over the training rows.
 * - `all`: Inputs and targets.
 * - `inputs`: Only the inputs.
 * - `none`: Nothing: the numbers are used as they are.
 */
export type Standardize = "all" | "inputs" | "none";

/**
 * How images are scaled where inputs are standardized. Never by pixel: a pixel may be the same in all images.
 * - `channel`: Each channel to mean 0 and standard deviation 1 over all its pixels of the training rows.
 * - `unit`: Each view to [0, 1], from the smallest to the largest value of the training rows.
 */
export type ImageScale = "channel" | "unit";

/**
 * Which rows a gradient step sees.
 * - `given`: Training rows of the data set.
 * - `fresh`: New rows at every step, from the simulator that made the data.
 */
export type TrainingRows = "given" | "fresh";

/**
 * What is kept together by the split.
 * - `rows`: Every environment is split by rows.
 * - `environments`: Every environment goes wholly into one part.
 */
export type SplitBy = "rows" | "environments";

/**
 * Which parameters a descent keeps. The truth is never asked.
 * - `best`: Those with the lowest validation loss.
 * - `last`: Those of the last step.
 */
export type Keep = "best" | "last";

/**
 * The function f of a mechanism.
 * - `linear`: The parent itself.
 * - `tanh`: Hyperbolic tangent.
 * - `sin`: Sine.
 * - `quadratic`: A quarter of the square.
 * - `mixed`: Hyperbolic tangent, sine and a quarter of the square in turn, latent after latent.
 * - `polynomial`: z2 from z1^2, z3 from z2, z4 from z2 z3, z5 from z3^2: has a graph of its own and at most 5 latents.
 */
export type Link = "linear" | "tanh" | "sin" | "quadratic" | "mixed" | "polynomial";

/**
 * Where the coefficient of an environment enters a mechanism.
 * - `outside`: It multiplies the function: l f(z).
 * - `inside`: It multiplies the parent: f(l z).
 */
export type Place = "outside" | "inside";

/**
 * Signs of the coefficients.
 * - `both`: Either sign, equally often.
 * - `positive`: All positive.
 */
export type Signs = "both" | "positive";

/**
 * What a latent that does not shift receives.
 * - `only`: The same mechanism in all environments, and nothing else.
 * - `added`: A term that is the same in all environments beside the one that shifts.
 */
export type UnshiftedTerm = "only" | "added";

/**
 * What a found graph was compared as.
 * - `dag`: All directions are claimed: with the true graph.
 * - `cpdag`: Some directions are open: with the class of the true graph.
 */
export type ComparedAs = "dag" | "cpdag";

/**
 * What measures how far a coordinate is from Gaussian.
 * - `log-cosh`: The mean of log cosh: robust against extreme values.
 * - `cube`: Kurtosis: exact for symmetric causes, at the mercy of extreme values.
 */
export type Contrast = "log-cosh" | "cube";

/**
 * What is held at the level over many tests.
 * - `benjamini-hochberg`: The expected share of false rejections among all rejections.
 * - `holm`: The chance of even one false rejection.
 */
export type Correction = "benjamini-hochberg" | "holm";

/**
 * Which correlation: of the values or of their ranks.
 * - `pearson`: Of the values: sees linear relations.
 * - `spearman`: Of the ranks, ties given their average rank: sees monotone relations.
 */
export type Correlation = "pearson" | "spearman";

/**
 * How latents become inputs.
 * - `auto`: As the encoder's `auto`.
 * - `mlp`: A network with the hidden layers of the encoder.
 * - `linear`: One linear layer: for inputs that are known to mix the latents linearly.
 * - `convolutional`: The mirror of the convolutional encoder.
 */
export type Decoder = "auto" | "mlp" | "linear" | "convolutional";

/**
 * How latents depend on each other.
 * - `graph`: Along the edges of the graph.
 * - `none`: Not at all: each is its own noise. Masks, silent values and mixing stay those of the graph, so that a model fitted on
 * such a world can be tried on this one.
 */
export type Dependence = "graph" | "none";

/**
 * The monotone function h that distorts each latent after its noise.
 * - `none`: None: an additive noise model.
 * - `asinh`: 2 asinh(a): compresses large values.
 * - `cubic`: a + a^3 / 10: expands them.
 */
export type Distortion = "none" | "asinh" | "cubic";

/**
 * How inputs become latents.
 * - `auto`: Convolutions for images of at least 4 x 4 pixels, else dense layers.
 * - `mlp`: Dense layers.
 * - `convolutional`: Up to four convolutions that each halve the image (32 channels), then dense layers.
 */
export type Encoder = "auto" | "mlp" | "convolutional";

/**
 * How factors are turned once they are found.
 * - `none`: As the likelihood orders them: from the factor with the largest variance beside the noise down.
 * - `varimax`: So that each factor has few large loadings.
 */
export type Rotation = "none" | "varimax";

/**
 * What a reversed arrow costs in the SHD.
 * - `one`: 1: one edge is wrong.
 * - `two`: 2: one arrow is missing and one is extra.
 */
export type Reversal = "one" | "two";

/**
 * Rows that indicators were tested on.
 * - `held-out`: Validation and test rows.
 * - `all`: All rows, since tasks have too few others: the map was fitted to most of them, so agreement is flattered.
 */
export type TestedRows = "held-out" | "all";

/**
 * What interventions leave of the mechanism of their latent.
 * - `perfect`: Nothing: the latent does not depend on its causes there.
 * - `soft`: Something: latents are then the noises of the mechanisms, and there is no graph.
 */
export type InterventionKind = "perfect" | "soft";

/**
 * What an intervention leaves of the mechanism of its latent.
 * - `perfect`: Nothing: the latent does not depend on its parents any more.
 * - `soft`: A share of the influence of its parents, `softness`.
 */
export type Interventions = "perfect" | "soft";

/**
 * Whether something is done.
 * - `auto`: Where no linear model of single changes holds.
 * - `on`: Always.
 * - `off`: Never.
 */
export type Nonlinear = "auto" | "on" | "off";

/**
 * Something done to all estimated latents that a metric may or may not notice.
 * - `permutation`: Another order.
 * - `sign`: A flipped sign.
 * - `scale`: Another positive unit for each.
 * - `shift`: Another origin for each.
 * - `monotone`: An increasing map of each.
 * - `rotation`: A rotation, which mixes them.
 * - `linear`: An invertible linear map, which mixes them.
 */
export type Invariance = "permutation" | "sign" | "scale" | "shift" | "monotone" | "rotation" | "linear";

/**
 * How the latents are found.
 * - `flow`: An invertible flow by exact likelihood, and a search over causal orders.
 * - `paper`: The published variational autoencoder, in a given causal order.
 */
export type LatentAnmAlgorithm = "flow" | "paper";

/**
 * What the latents are found in.
 * - `auto`: The code of an autoencoder where the data are images of one view, else a flow of the inputs.
 * - `flow`: An invertible flow of the inputs, or of their leading principal axes.
 * - `autoencoder`: An invertible flow of the code of an autoencoder.
 * - `inputs`: The inputs themselves, each of which is a latent.
 */
export type LatentAnmRepresentation = "auto" | "flow" | "autoencoder" | "inputs";

/** The number of latents: given, or chosen by validation error. */
export type LatentDim = number | Auto;

/**
 * The noise of each latent, of mean 0 and variance 1.
 * - `gaussian`: Normal.
 * - `exponential`: Exponential, skewed to the right.
 * - `gumbel`: Gumbel, skewed to the right.
 */
export type LatentNoise = "gaussian" | "exponential" | "gumbel";

/**
 * How a latent depends on its parents.
 * - `monotone`: Sum of w (z + sin(2 z) / 2): monotone in each parent.
 * - `linear`: Sum of w z.
 * - `tanh`: Sum of w tanh(1.5 z).
 * - `sine`: Sum of w sin(1.5 z).
 * - `leaky`: Sum of w times a leaky rectifier of slope 0.2.
 * - `mlp`: A random network of one hidden layer of w z, all parents together.
 */
export type Mechanism = "monotone" | "linear" | "tanh" | "sine" | "leaky" | "mlp";

/**
 * How latents become inputs.
 * - `identity`: The inputs are the latents.
 * - `random`: A matrix of standard normal entries.
 * - `orthogonal`: A random rotation or reflection.
 * - `network`: A random network with one hidden layer of rectified units, as wide as the inputs.
 */
export type Mixing = "identity" | "random" | "orthogonal" | "network";

/**
 * What stands between two layers of the mixing; s is a slope of each layer, uniform on [0.5, 1.5].
 * - `leaky`: max(s h, h): piecewise affine, as the theory has it.
 * - `smooth`: s h + (1 - s) log(1 + exp h): the same without a kink.
 * - `sigmoid`: 1 / (1 + exp -h): bounded, without a slope of its own. Its derivative is at most 1/4, so what is left of the latents
 * shrinks from layer to layer, beside constants that do not: after ten layers single precision holds few digits of it.
 */
export type MixingActivation = "leaky" | "smooth" | "sigmoid";

/**
 * How MTLCM is fitted.
 * - `joint-diagonalization`: Indicators and coefficients in closed form, the map by joint diagonalization.
 * - `paper`: The published procedure: the marginal likelihood by Adam.
 */
export type MtlcmAlgorithm = "joint-diagonalization" | "paper";

/**
 * What the linear causal model is fitted to.
 * - `mtrn`: A network trained to predict all targets through linear heads.
 * - `inputs`: The inputs themselves: latents are a linear map of them.
 */
export type Representation = "mtrn" | "inputs";

/**
 * How MTRN is trained.
 * - `solved-heads`: Heads are solved for in every step, the encoder follows the gradient.
 * - `paper`: The published procedure: heads are parameters as well, by Adam at a constant rate.
 */
export type MtrnRecipe = "solved-heads" | "paper";

/**
 * How the latents are found.
 * - `likelihood`: The likelihood of codes, with sets of causes that are drawn.
 * - `paper`: The published objective, whose graph gets no gradient from the data.
 */
export type MultimodalAlgorithm = "likelihood" | "paper";

/** A number for every modality. */
export type PerModality =
  | number
  | Auto
  | {
      [k: string]: number;
    };

/**
 * How the number `noise` is meant.
 * - `standardDeviation`: In units of the latents and the target.
 * - `variance`: In squared units.
 */
export type NoiseUnit = "standardDeviation" | "variance";

/**
 * The ways in which a fit can end.
 * - `converged`: The schedule ended and the validation loss had stopped moving.
 * - `step-limit`: The schedule, or a budget, ended while the validation loss still moved.
 * - `rising`: The schedule ended with a validation loss above its lowest one by more than its noise: what was learned after that is of the training
 * rows alone.
 * - `early-stop`: The validation loss stopped improving before the schedule ended.
 * - `diverged`: The loss grew without bound.
 * - `non-finite`: A loss term or a gradient left the finite numbers; the last good state is kept.
 * - `cancelled`: The user stopped the fit.
 */
export type OutcomeKind =
  "converged" | "step-limit" | "rising" | "early-stop" | "diverged" | "non-finite" | "cancelled";

/**
 * How the latents are found.
 * - `planes`: The planes on which latents are silent, and a flow that straightens them.
 * - `paper`: The published procedure: an affine autoencoder under a budget.
 */
export type PdgmmAlgorithm = "planes" | "paper";

/**
 * What the planes are looked for in.
 * - `auto`: Keypoints where the data are images of one view, at least 16 x 16 pixels large, else the inputs.
 * - `inputs`: The inputs themselves.
 * - `autoencoder`: The code of an autoencoder.
 * - `keypoints`: The code of an autoencoder of images: where its keypoints are.
 */
export type PdgmmRepresentation = "auto" | "inputs" | "autoencoder" | "keypoints";

/**
 * Whether silence is looked for.
 * - `held`: It is.
 * - `none`: It is not: the ablation.
 */
export type PdgmmSparsity = "held" | "none";

/**
 * When a flow bends the codes.
 * - `auto`: Where silent entries were found, but not most are silent, none in the same rows as another, active values have no heavy tails, and
 * planes are not straight already.
 * - `always`: Whatever the planes say of it.
 * - `never`: The latents are a linear map of the codes.
 */
export type PdgmmFlowUse = "auto" | "always" | "never";

/**
 * Which rows of the data set were scored.
 * - `train`: The rows that parameters were fitted to.
 * - `validation`: The rows that choices were made by.
 * - `test`: The rows that the fit has never seen.
 * - `all`: All rows.
 */
export type ScoredSplit = "train" | "validation" | "test" | "all";

/**
 * The graph over the latents.
 * - `chain`: z1 -> z2 -> z3 -> ...
 * - `random`: Each pair is an edge with `edgeProbability`, along a random order.
 */
export type ShiftGraph = "chain" | "random";

/**
 * How latents become inputs.
 * - `identity`: The inputs are the latents.
 * - `leaky`: Leaky rectifiers of slope 0.2, each followed by a random rotation.
 * - `coupling`: Random rotations and affine couplings of smooth networks.
 * - `smooth`: Residual layers `x + 0.9 tanh(x P + b) S` with orthonormal P and S, each followed by a random rotation.
 */
export type ShiftMixing = "identity" | "leaky" | "coupling" | "smooth";

/**
 * Where more inputs than latents come from.
 * - `last`: A linear map at the end: the inputs lie in a flat space of as many directions as latents.
 * - `first`: A linear map at the beginning: the nonlinear layers bend that space.
 */
export type Widening = "last" | "first";

/**
 * The function between the mixed inputs and the latents.
 * - `tanh`: phi(u) = tanh(u).
 * - `linear`: phi(u) = u.
 */
export type TreeWorldMap = "tanh" | "linear";

/**
 * How it is trained.
 * - `default`: A small network on the inputs, with small batches at a rate that falls.
 * - `paper`: The published baseline of pdGMM: a wide network on the code of an autoencoder, with large batches at a small constant rate.
 */
export type VadeRecipe = "default" | "paper";

/**
 * What is clustered.
 * - `inputs`: The inputs themselves.
 * - `autoencoder`: The code of an autoencoder.
 */
export type VadeRepresentation = "inputs" | "autoencoder";

/**
 * Where the means of the components begin.
 * - `apart`: Drawn from a standard normal distribution.
 * - `zero`: All at 0.
 */
export type VadeMeans = "apart" | "zero";

/** An assumption of the method and what the data say of it. */
export interface Assumption {
  /** For example `environments`. */
  id: string;
  /** In plain words: "Are there enough environments?" */
  question: string;
  /** The verdict. */
  status: Status;
  /** One or two sentences, with the numbers. */
  finding: string;
}

/** Error of the effects of the latents on the target. */
export interface Ate {
  /** Mean over the environments that have a value. */
  value: number | null;
  /** Why `value` is null. */
  reason?: string;
  /** The environments drawn, in order of the labels. */
  perEnvironment: EnvironmentAte[];
}

/** Error of the effects in one environment. */
export interface EnvironmentAte {
  /** Its label. */
  environment: string;
  /** Its rows that have a target. */
  rows: number;
  /** Mean squared difference of absolute effects; null where a latent does not vary within the environment. */
  value: number | null;
}

/** Widths and training of the autoencoder. */
export interface AutoencoderOptions {
  /**
   * How it is trained: `one-cycle` takes small batches and few steps, `paper` is the published procedure.
   *
   * Default: "one-cycle".
   */
  recipe?: AutoencoderRecipe;
  /**
   * Units per latent of the first and last hidden layer of encoder and decoder; the two between are twice as wide.
   *
   * Default: 50. Range: 1 to 1024.
   */
  width?: number;
  /**
   * Gradient steps. Absent: 1500 for `one-cycle`, 5001 for `paper`.
   *
   * Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Rows per step; at most all training rows. Absent: 512 for `one-cycle`, 6144 for `paper`.
   *
   * Range: 2 to 1048576.
   */
  batchSize?: number;
  /**
   * Peak learning rate of Adam. Absent: 0.001 for `one-cycle`, 0.0001 for `paper`.
   *
   * Range: 0 to 10.
   */
  learningRate?: number;
}

/** Configuration of the simulator `balls-world`. The defaults are those of the paper. */
export interface BallsWorldConfig {
  /**
   * Seed of every random number.
   *
   * Default: 0.
   */
  seed?: number;
  /**
   * Number of rows: 10,000 pictures of the default size take 490 MB.
   *
   * Default: 2000. Range: 1 to 1000000000.
   */
  rows?: number;
  /**
   * Number of balls, each of a color of its own; two latents each.
   *
   * Default: 2. Range: 1 to 12.
   */
  balls?: number;
  /**
   * Height and width of the pictures in pixels.
   *
   * Default: 64. Range: 8 to 1024.
   */
  size?: number;
  /**
   * Radius of the balls, as a share of `size`.
   *
   * Default: 0.1. Range: 0.01 to 0.5.
   */
  radius?: number;
  /**
   * What is frozen at once: balls, or each coordinate on its own.
   *
   * Default: "balls".
   */
  frozen?: Frozen;
  /**
   * Probability with which a ball, or a coordinate, is frozen in a row.
   *
   * Default: 0.1. Range: 0 to 1.
   */
  frozenProbability?: number;
  /**
   * Where balls are drawn: cut to whole pixels, or exactly.
   *
   * Default: "whole".
   */
  centers?: Centers;
  /**
   * Least distance between the mean places of two balls, as a share of the picture. The places lie in a square of side
   * 0.4, which has room for six balls at the default.
   *
   * Default: 0.2. Range: 0 to 0.5.
   */
  meanDistance?: number;
}

/** A part of the values of a block. */
export interface BlockPart {
  /** Mean, one number per latent. */
  mean: number[];
  /** Standard deviation in every direction. */
  sd: number;
  /** Share of all values. */
  weight: number;
}

/** Recovery of one block. */
export interface BlockScore {
  /** Its true latents, by place. */
  truth: number[];
  /** The estimated latents that it is given, by place. */
  latents: number[];
  /** Mean over its true latents of what its estimated ones explain. */
  r2: number;
  /** The same, explained by the estimated latents of all other blocks. */
  leakage: number;
  /** The same, explained by the true latents of all other blocks. */
  dependence: number;
}

/** Recovered blocks of latents. */
export interface BlockScores {
  /** Mean over the blocks of what their own estimated latents explain of their true ones, 0 to 1. */
  value: number | null;
  /** Why `value` is null. */
  reason?: string;
  /** Mean over the blocks of what the estimated latents of all other blocks explain of their true ones, 0 to 1. */
  leakage: number | null;
  /**
   * Mean over the blocks of what the true latents of all other blocks explain of their own: the leakage that a perfect
   * estimate has.
   */
  dependence: number | null;
  /** Mean over the latents that were given to a block of what that block explains of them, as the paper's tables show it. */
  within: number | null;
  /** Mean over the same latents and every other block of what that block alone explains of them. */
  across: number | null;
  /** One entry for each block, in the order of the truth. */
  blocks: BlockScore[];
  /** Share of each estimated latent (row) that the true latents of each block (column) explain; null where it is constant. */
  explained: (number | null)[][];
}

/** How one kind of probabilities compares with what is true. */
export interface Calibration {
  /** Expected calibration error, 0 to 1; null of no entries. */
  error: number | null;
  /** About the error that sound probabilities would have by chance with so many entries. */
  byChance: number | null;
  /** Brier score: mean squared difference of probability and truth, 0 to 1. */
  brier: number | null;
  /** The Brier score of whoever says the overall share each time. */
  brierOfShare: number | null;
  /** Entries compared. */
  entries: number;
  /** The reliability curve: bins that have entries, from the least probable up. */
  bins: CalibrationBin[];
}

/** Entries of similar probability. */
export interface CalibrationBin {
  /** Least probability of the bin; the greatest is .1 more. */
  from: number;
  /** Entries in it. */
  entries: number;
  /** Their mean probability. */
  probability: number;
  /** Share of them that is true. */
  share: number;
}

/** Calibration of all probabilities that a method gave and whose truth is known. */
export interface CalibrationScores {
  /** The largest expected calibration error of those below. */
  value: number | null;
  /** Why `value` is null. */
  reason?: string;
  /** Of what is said of silent entries. */
  silence?: Calibration;
  /** Of what is said of the causes of tasks. */
  causes?: Calibration;
  /** Of what is said of the edges of the graph, over ordered pairs of latents. */
  edges?: Calibration;
}

/** One candidate of a choice. */
export interface Candidate {
  /** The candidate value. */
  value: number;
  /** What the rule judges it by: its error on the validation rows, in squared units of the target, unless the rule says otherwise. */
  validation: number;
}

/**
 * The causal graph that a method found among its latents.
 *
 * One convention everywhere, in results, files and tables of truth: row i, column j speaks of the edge i -> j, from cause to
 * effect.
 */
export interface CausalGraph {
  /** One name per node: the latents, in their order. */
  names: string[];
  /**
   * k x k: `weights[i][j]` is how strongly latent i acts on latent j, the edge i -> j; 0 where there is no edge. `basis` says
   * in which measure.
   */
  weights: number[][];
  /**
   * k x k: `certainty[i][j]`, from 0 to 1, is how sure the edge i -> j is, also where there is none. `basis` says of what it
   * is a share.
   */
  certainty?: number[][];
  /** The nodes from causes to effects, by place: every edge points forward. */
  order?: number[];
  /** `[i, j]` with i < j: an edge whose direction is open. Its weight stands at both places. */
  undirected?: [number, number][];
  /**
   * `[i, j]`: an edge i -> j that the data neither require nor exclude. It counts as an edge, and drawings show it dashed. With weight 0 it
   * is not in the graph: it would close a cycle, or only another graph in `ties` has it.
   */
  undecided?: [number, number][];
  /** Graphs that fit as well, by what they have in place of edges of this one, the closest first. */
  ties?: GraphTie[];
  /** For each node the sets of causes that explain it best, the best first, where sets were compared. */
  scores?: CauseSet[][];
  /** Whether edges may form cycles. */
  cyclic?: boolean;
  /** What the graph rests on, in one or two sentences: how edges were found, what a weight and a certainty are. */
  basis: string;
}

/** A graph that fits as well as another one. */
export interface GraphTie {
  /** How much worse it is at most, in nats a row. */
  behind: number;
  /** Edges `[i, j]`, i -> j, that it has and the other one has not. */
  added: [number, number][];
  /** Edges that it has not. */
  removed: [number, number][];
}

/** A set of causes of a node. */
export interface CauseSet {
  /** By place. */
  causes: number[];
  /** What the node loses with it, in nats a row with what the causes cost: lower is better. */
  score: number;
}

export interface CausalVaeConfig {
  /** Baseline: a variational auto-encoder whose latents are labeled concepts with linear causes among them. It needs a label of every latent, as targets. */
  method: "causal-vae";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.5,"validation":0.25,"test":0.25,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * Number of latents of each label. The first latents, one for each label, stand before the second ones.
   *
   * Default: 1. Range: 1 to 256.
   */
  latentDim?: number;
  /**
   * Widths of the hidden layers of encoder and decoder (LeakyReLU, slope 0.1).
   *
   * Default: [50,50].
   *
   * @minItems 1
   * @maxItems 8
   */
  hidden?:
    | [number]
    | [number, number]
    | [number, number, number]
    | [number, number, number, number]
    | [number, number, number, number, number]
    | [number, number, number, number, number, number]
    | [number, number, number, number, number, number, number]
    | [number, number, number, number, number, number, number, number];
  /**
   * Width of the hidden layer of the networks that compute a latent from its causes.
   *
   * Default: 32. Range: 1 to 65536.
   */
  maskHidden?: number;
  /**
   * Variance of an input given the latents, in squared standard deviations of the input. It is not learned.
   *
   * Default: 0.3. Range: 0 to 1000.
   */
  decoderVariance?: number;
  /**
   * Least magnitude of a weight that counts as an edge.
   *
   * Default: 0.3. Range: 0 to 1000.
   */
  edgeThreshold?: number;
  /**
   * Gradient steps.
   *
   * Default: 4000. Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Peak learning rate of Adam.
   *
   * Default: 0.002. Range: 0 to 10.
   */
  learningRate?: number;
  /**
   * Rows per step; at most all training rows.
   *
   * Default: 256. Range: 1 to 1048576.
   */
  batchSize?: number;
  /**
   * Norm that gradients are cut down to; 0 takes them as they are. Helps when single rows are extreme.
   *
   * Default: 0. Range: 0 to 1000000000.
   */
  clipNorm?: number;
  /**
   * Checks on validation rows, 25 over all steps, without a new lowest loss after which training ends early; 0: never.
   *
   * Default: 0. Range: 0 to 1000.
   */
  patience?: number;
  /**
   * Parameters kept at the end: those with the lowest loss on validation rows, or the last ones.
   *
   * Default: "last".
   */
  keep?: Keep;
}

/** How rows are split into training, validation and test. */
export interface SplitConfig {
  /**
   * Fraction of the rows (or environments) that are learned from. The three fractions sum to 1.
   *
   * Default: 0.5. Range: 0 to 1.
   */
  train?: number;
  /**
   * Fraction by which hyper-parameters and stopping are chosen.
   *
   * Default: 0.25. Range: 0 to 1.
   */
  validation?: number;
  /**
   * Fraction that only judges.
   *
   * Default: 0.25. Range: 0 to 1.
   */
  test?: number;
  /**
   * Split the rows within every environment, or the environments as wholes.
   *
   * Default: "rows".
   */
  by?: SplitBy;
  /**
   * Environments kept wholly for test, whatever `by` says.
   *
   * Default: [].
   */
  holdout?: string[];
}

/** Configuration of the simulator `chamber-world`. */
export interface ChamberWorldConfig {
  /**
   * Seed of every random number.
   *
   * Default: 0.
   */
  seed?: number;
  /**
   * Rows of each of the six environments.
   *
   * Default: 10000. Range: 2 to 10000000.
   */
  pointsPerEnvironment?: number;
}

/** Recovered changes on the tree's edges. */
export interface ChangeScores {
  /** Harmonic mean of precision and recall, 0 to 1. */
  f1: number | null;
  /** Share of the called changes that are true. */
  precision: number | null;
  /** Share of the true changes that are called. */
  recall: number | null;
  /** Called and true. */
  truePositives: number;
  /** Called but not true. */
  falsePositives: number;
  /** True but not called. */
  falseNegatives: number;
  /** Edges that count. */
  observedEdges: number;
  /** Why `f1` is null. */
  reason?: string;
}

/** Configuration of the simulator `chemistry-world`. */
export interface ChemistryWorldConfig {
  /**
   * Seed of every random number.
   *
   * Default: 0.
   */
  seed?: number;
  /**
   * Number of environments.
   *
   * Default: 50. Range: 1 to 100000.
   */
  environments?: number;
  /**
   * Rows of each environment: 10,000 pictures of the default size take 490 MB.
   *
   * Default: 40. Range: 2 to 1000000.
   */
  pointsPerEnvironment?: number;
  /**
   * Height and width of the pictures in pixels.
   *
   * Default: 64. Range: 10 to 1024.
   */
  size?: number;
  /**
   * The function of the mechanisms.
   *
   * Default: "tanh".
   */
  link?: Link;
  /**
   * Where the coefficient of an environment enters: outside of the function, or inside.
   *
   * Default: "outside".
   */
  place?: Place;
  /**
   * Factor on every mechanism that shifts.
   *
   * Default: 1. Range: 0 to 100.
   */
  gain?: number;
  /**
   * Least magnitude of a coefficient.
   *
   * Default: 0.5. Range: 0 to 100.
   */
  coefficientLeast?: number;
  /**
   * Largest magnitude of a coefficient.
   *
   * Default: 1. Range: 0 to 100.
   */
  coefficientMost?: number;
  /**
   * Signs of the coefficients.
   *
   * Default: "both".
   */
  signs?: Signs;
  /**
   * Noise means are uniform between minus and plus this.
   *
   * Default: 2. Range: 0 to 100.
   */
  noiseMean?: number;
  /**
   * Least standard deviation of the noise.
   *
   * Default: 0.1. Range: 0.001 to 100.
   */
  noiseScaleLeast?: number;
  /**
   * Largest standard deviation of the noise.
   *
   * Default: 2. Range: 0.001 to 100.
   */
  noiseScaleMost?: number;
  /** Numbers of the objects, from 1, that receive a term that is the same in all environments. Default: none. */
  unshifted?: number[];
  /**
   * Whether that term stands alone or beside the one that shifts.
   *
   * Default: "only".
   */
  unshiftedTerm?: UnshiftedTerm;
  /**
   * Function of that term.
   *
   * Default: "linear".
   */
  unshiftedLink?: Link;
  /**
   * Factor on that term.
   *
   * Default: 1.5. Range: 0 to 100.
   */
  unshiftedGain?: number;
}

/** A hyper-parameter chosen without truth. */
export interface Choice {
  /** For example `latentDim`. */
  parameter: string;
  /** The value taken. */
  chosen: number;
  /** The rule, in one sentence. */
  rule: string;
  /** What each candidate gave. */
  curve: Candidate[];
}

/** Number of values in one column. */
export interface ColumnCount {
  /** Name of the column. */
  column: string;
  /** Number of values. */
  count: number;
}

/** How many values, in how many columns, and the worst columns first. */
export interface ColumnCounts {
  /** Number of values. */
  values: number;
  /** Number of columns that have any. */
  columns: number;
  /** At most twenty columns, most values first. */
  worst: ColumnCount[];
}

/** How many columns, and the first of them. */
export interface ColumnList {
  /** Number of columns. */
  count: number;
  /** At most twenty names. */
  first: string[];
}

/** What the prior of the latents is conditioned on. */
export interface Conditioned {
  /** `target`, `environment`, or `target and task`. */
  on: string;
  /** The columns that hold it. */
  columns: string[];
  /** Environments with training rows, where the prior is conditioned on them. */
  environments?: number;
  /** The column of environments that the data have and the prior does not see. */
  unused?: string;
}

/** Counts and the shares made of them. */
export interface Confusion {
  /** Called and true. */
  truePositives: number;
  /** Called but not true. */
  falsePositives: number;
  /** True but not called. */
  falseNegatives: number;
  /** Share of the called ones that are true; null when nothing is called. */
  precision: number | null;
  /** Share of the true ones that are called; null when nothing is true. */
  recall: number | null;
  /** Harmonic mean of precision and recall; null when nothing is called and nothing is true. */
  f1: number | null;
}

/** How a constraint was held: what the step saw at each recorded point. */
export interface ConstraintCurve {
  /** Name of the constraint. */
  name: string;
  /** Its violation, signed. */
  violations: number[];
  /** Its multiplier after the step. */
  multipliers: number[];
}

/**
 * What rows of images would look like, had one latent another value. The noise of a row and its private variables stay as they are, and
 * all other latents follow as the mechanisms say.
 */
export interface Counterfactuals {
  /** Name of the latent. */
  latent: string;
  /** The rows, by their places in the data set: of the test rows, evenly spaced; of validation or training rows where there are none. */
  rows: number[];
  /** What the latent is set to: from two standard deviations below its mean to two above. */
  values: number[];
  /** The views that are images. Row after row: the image itself, the image as its own latents decode to it, then one for each value. */
  pictures: Pictures[];
}

/** What becomes of an image, one picture for each value of the latent that is set. */
export interface Pictures {
  /** Name of the view. */
  view: string;
  /** 1, gray, or 3: red, green and blue. Images with another number of channels are shown as their mean. */
  channels: number;
  /** Rows of a picture: of larger images, means of square blocks, so that the longer side has at most 32. */
  height: number;
  /** Columns of a picture. */
  width: number;
  /** The value that is shown as 0: the lowest of the training rows, in units of the data. */
  lowest: number;
  /** The value that is shown as 255: the highest of the training rows. */
  highest: number;
  /** Pixels of each picture, row by row, the channels of a pixel side by side: two hexadecimal digits each. */
  pixels: string[];
}

/** Values at steps. */
export interface Curve {
  /** Step numbers. */
  steps: number[];
  /** One value per step. */
  values: number[];
}

/** When a test is decided against independence. */
export interface Decision {
  /** Level, above 0 and below 1. */
  alpha: number;
  /** What the level holds for. */
  correction: Correction;
}

/** A data set in numbers. */
export interface Description {
  /** Name of the data set. */
  name: string;
  /** Number of rows. */
  rows: number;
  /** Number of input columns. */
  columns: number;
  /** Missing values in the inputs. */
  missing: ColumnCounts;
  /** Infinite values in the inputs, which are refused by every method. */
  infinite: ColumnCounts;
  /** Input columns that never vary, missing values aside. */
  constant: ColumnList;
  /** Sizes of environments and tasks. */
  labels: LabelSummary[];
  /** One entry per target column. */
  targets: TargetSummary[];
  /** The tasks, where there are any: labels with one target, or several targets. */
  tasks?: TaskDescription;
  /** The tree and how it fits the environments. */
  tree?: TreeDescription;
  /** Which true quantities are known. */
  truth: TableSize[];
  /** Hash of everything that a method may see. */
  fingerprint: string;
  /** Hash of the same and of the truth that a method is shown; absent where it is shown none. */
  shown?: string;
  /** Estimated memory of a fit. */
  memory: Memory;
}

/** One column of labels. */
export interface LabelSummary {
  /** `environment` or `task`. */
  role: string;
  /** Name of the column. */
  column: string;
  /** Rows of each label, in order of first appearance; an empty label is a missing one. */
  sizes: LabelSize[];
}

/** Rows of one label. */
export interface LabelSize {
  /** The label. */
  label: string;
  /** Number of rows. */
  rows: number;
}

/** One target column. The moments are absent where no value is finite. */
export interface TargetSummary {
  /** Name of the column. */
  column: string;
  /** Number of missing values. */
  missing: number;
  /** Number of infinite values. */
  infinite: number;
  /** Mean of the finite values. */
  mean?: number;
  /** Standard deviation of the finite values (divided by n). */
  sd?: number;
  /** Smallest finite value. */
  min?: number;
  /** Largest finite value. */
  max?: number;
}

/** The tasks: labels with one target, or several targets. */
export interface TaskDescription {
  /** `long`: one row per sample and task; `wide`: one target per task. */
  form: string;
  /** Number of tasks that have a target. */
  count: number;
  /** Number of tasks whose target has exactly two values. */
  binary: number;
  /** Tasks whose target never varies; methods that learn tasks refuse them. */
  constant: ColumnList;
  /** Rows of the smallest task. */
  fewestRows: number;
  /** Rows of the largest task. */
  mostRows: number;
  /** One entry per task, in order of labels or columns. */
  tasks: TaskSummary[];
}

/** One task. */
export interface TaskSummary {
  /** The label, or the name of the target column. */
  task: string;
  /** Rows that have its target. */
  rows: number;
  /** Whether its target has exactly two values. */
  binary: boolean;
}

/** The tree and how it fits the environments. */
export interface TreeDescription {
  /** Number of nodes, the root included. */
  nodes: number;
  /** Number of leaves. */
  leaves: number;
  /** Edges on the longest path from the root. */
  depth: number;
  /** Environments that name no node; every method refuses them. */
  unknownEnvironments: string[];
  /** Leaves without rows. */
  leavesWithoutRows: string[];
}

/** A table of the truth. */
export interface TableSize {
  /** For example `latents`. */
  name: string;
  /** Number of rows. */
  rows: number;
  /** Number of columns. */
  columns: number;
}

/** An estimate, and of what. */
export interface Memory {
  /** In bytes. */
  bytes: number;
  /** What is counted. */
  of: string;
}

/** A graph as plain data, each edge once, in ascending order. */
export interface Edges {
  /** Number of nodes. */
  nodes: number;
  /** `[i, j]`: i -> j. */
  arrows: [number, number][];
  /** `[i, j]`: i - j, with i < j. */
  lines: [number, number][];
}

/** Error of the prediction of the target on one group of rows. */
export interface ErrorRow {
  /** `train`, `validation` or `test`. */
  split: string;
  /** Absent: all rows of the split. */
  environment?: string;
  /** Number of rows. */
  rows: number;
  /** Mean squared error in squared units of the target. */
  mse: number;
  /** Mean squared error of predicting the mean of the training rows. */
  meanMse: number;
}

/** How close tests came to parting two variables that stay joined. */
export interface Evidence {
  /** The first variable. */
  first: number;
  /** The second, later than the first. */
  second: number;
  /** The set given in the test with the largest p-value. */
  given: number[];
  /** That p-value, at most alpha. */
  p: number;
}

/** A single number with its meaning. */
export interface Fact {
  /** Stable identifier. */
  id: string;
  /** For people. */
  label: string;
  /** `null` where it is not defined. */
  value: number | null;
}

export interface FactorAnalysisConfig {
  /** Yardstick: the linear latents that inputs share, apart from the noise of each input, without any target. */
  method: "factor-analysis";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.5,"validation":0.25,"test":0.25,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * Number of factors. As a yardstick of another method: its number of latents.
   *
   * Default: 5. Range: 1 to 256.
   */
  latentDim?: number;
  /**
   * How factors are turned once they are found.
   *
   * Default: "none".
   */
  rotation?: Rotation;
  /**
   * Iterations, at most.
   *
   * Default: 10000. Range: 1 to 1000000.
   */
  iterations?: number;
  /**
   * Converged when no noise variance moves by more in an iteration, as a share of the variance of its input.
   *
   * Default: 1e-7. Range: 0 to 1.
   */
  tolerance?: number;
  /**
   * Least noise variance of an input, as a share of its variance. At 0 an input can be explained in full (a Heywood case), and the
   * likelihood has no maximum.
   *
   * Default: 0.005. Range: 0 to 0.5.
   */
  leastNoise?: number;
}

export interface FastIcaConfig {
  /** Yardstick: the linear latents of the inputs that are furthest from Gaussian, without any target. */
  method: "fast-ica";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.5,"validation":0.25,"test":0.25,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * Number of components. As a yardstick of another method: its number of latents.
   *
   * Default: 5. Range: 1 to 256.
   */
  latentDim?: number;
  /**
   * What measures how far a component is from Gaussian.
   *
   * Default: "log-cosh".
   */
  contrast?: Contrast;
  /**
   * Iterations, at most.
   *
   * Default: 1000. Range: 1 to 100000.
   */
  iterations?: number;
  /**
   * Converged when no direction turns by more in an iteration: one minus the cosine between old and new.
   *
   * Default: 1e-8. Range: 0 to 1.
   */
  tolerance?: number;
}

/** Where an estimated graph differs from the true one. */
export interface GraphDifference {
  /** Structural Hamming distance. */
  shd: number;
  /** What a reversed arrow costs in it. */
  reversal: Reversal;
  /** True edges that are not there. */
  missing: number;
  /** Edges between nodes that have none in truth. */
  extra: number;
  /** Arrows that point the other way. */
  reversed: number;
  /** True arrows that are lines. */
  undirected: number;
  /** True lines that are arrows. */
  directed: number;
  /** Edges without their directions. */
  skeleton: Confusion;
  /** Arrows as they point. */
  arrows: Confusion;
}

/** How well the causal graph of the latents is recovered. */
export interface GraphScore {
  /** Structural Hamming distance of the graph found on the estimated latents from the CPDAG of the true graph. */
  shd: number | null;
  /** Why `shd` is null. */
  reason?: string;
  /** The same distance of the graph found on the true latents; null where these cannot be tested. */
  shdOnTruth: number | null;
  /** Why `shdOnTruth` is null. */
  reasonOnTruth?: string;
  /** Where the graph found on the estimated latents differs. */
  difference?: GraphDifference;
  /** The same among pairs of latents of different modalities, where the latents belong to modalities. */
  betweenModalities?: GraphDifference;
  /** The CPDAG of the true graph. */
  truth: Edges;
  /** The graph found on the estimated latents, its nodes the columns of the estimate. */
  found?: PcGraph;
}

/** The graph that tests speak for, with what spoke for it. */
export interface PcGraph {
  /** Level of each test. */
  alpha: number;
  /** Arrows and lines. */
  graph: Edges;
  /** Every pair without an edge, and what parts it. */
  separations: Separation[];
  /** Every edge, and the test that came closest to parting it. */
  evidence: Evidence[];
  /** `[i, j, k]`: colliders i -> j <- k that the tests speak for and stronger ones against. */
  dropped: [number, number, number][];
  /** Edges that Meek's rules direct both ways, left as lines. */
  opposed: [number, number][];
  /** Whether some DAG has this skeleton, these arrows and no other colliders; where not, the tests contradict each other. */
  consistent: boolean;
  /** Tests made. */
  tests: number;
}

/** What parts two variables. */
export interface Separation {
  /** The first variable. */
  first: number;
  /** The second, later than the first. */
  second: number;
  /** The set with the largest p-value of those that part them. */
  given: number[];
  /** That p-value. */
  p: number;
  /** Variables in any set of that size that parts them. */
  members: number[];
}

/** Loss terms over steps. */
export interface History {
  /** In the order in which they ran. */
  stages: StageHistory[];
}

/** The curves of one stage; all `terms` have the length of `steps`. */
export interface StageHistory {
  /** For example `joint`, or `latentDim=3 joint`. */
  name: string;
  /** Step numbers of this stage at which terms were recorded. */
  steps: number[];
  /** Weighted loss terms by name, and their sum as `total`. Each point is the mean since the point before. */
  terms: {
    [k: string]: number[];
  };
  /** Norm of the gradient over all parameters, before any clipping, at `steps`. Each is the mean since the point before. */
  gradientNorms?: number[];
  /** Norm of all parameters, at `steps`. */
  parameterNorms?: number[];
  /** Held constraints, at `steps`. */
  constraints?: ConstraintCurve[];
  /** Loss on validation rows, at its own steps. */
  validation?: Curve;
}

export interface IcarlConfig {
  /** A variational auto-encoder whose latents may depend on each other given the target or the environment, with a prior learned by score matching. */
  method: "icarl";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.5,"validation":0.25,"test":0.25,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * Number of latents.
   *
   * Default: 5. Range: 1 to 256.
   */
  latentDim?: number;
  /**
   * Widths of the hidden dense layers of encoder, decoder and prior (LeakyReLU, slope 0.1); of images they follow the convolutions.
   *
   * Default: [50,50].
   *
   * @minItems 1
   * @maxItems 8
   */
  hidden?:
    | [number]
    | [number, number]
    | [number, number, number]
    | [number, number, number, number]
    | [number, number, number, number, number]
    | [number, number, number, number, number, number]
    | [number, number, number, number, number, number, number]
    | [number, number, number, number, number, number, number, number];
  /**
   * How inputs become latents: by dense layers, or by convolutions that halve an image up to four times and dense layers. `auto`:
   * convolutions where the data are images of one view, at least 4 x 4 pixels large.
   *
   * Default: "auto".
   */
  encoder?: Encoder;
  /**
   * How latents become inputs: by a dense network, one linear layer, or the mirror of the convolutional encoder. `auto`: the mirror
   * where the data are such images, else a network.
   *
   * Default: "auto".
   */
  decoder?: Decoder;
  /**
   * Variance of an input given the latents, in squared standard deviations of the input. It is not learned: the smaller,
   * the more the reconstruction counts beside the prior.
   *
   * Default: 0.01. Range: 0 to 1000.
   */
  decoderVariance?: number;
  /**
   * Gradient steps.
   *
   * Default: 10000. Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Peak learning rate of Adam.
   *
   * Default: 0.001. Range: 0 to 10.
   */
  learningRate?: number;
  /**
   * Rows per step; at most all training rows.
   *
   * Default: 256. Range: 1 to 1048576.
   */
  batchSize?: number;
  /**
   * Norm that gradients are cut down to; 0 takes them as they are. Helps when single rows are extreme.
   *
   * Default: 0. Range: 0 to 1000000000.
   */
  clipNorm?: number;
  /**
   * Checks on validation rows, 25 over all steps, without a new lowest loss after which training ends early; 0: never.
   *
   * Default: 0. Range: 0 to 1000.
   */
  patience?: number;
  /**
   * Parameters kept at the end: those with the lowest loss on validation rows, or the last ones.
   *
   * Default: "last".
   */
  keep?: Keep;
  /**
   * Learned statistics of the prior, each a tanh of a linear map of the latents.
   *
   * Default: 45. Range: 1 to 4096.
   */
  statistics?: number;
}

/** Whether the data identify a latent, as far as it shows without truth. */
export interface Identification {
  /** Name of the latent. */
  latent: string;
  /** `ok`: every check passed; `violated`: one did not; `unknown`: one could not be made. */
  status: Status;
  /** Why, with the numbers that decide. */
  finding: string;
}

/** Recovered causal indicators. */
export interface IndicatorScores {
  /** Share of the tasks whose causal set is exactly right. */
  exact: number | null;
  /** Why `exact` is null. */
  reason?: string;
  /** Share of the entries that are right. */
  accuracy: number | null;
  /** Share of the called causes that are true. */
  precision: number | null;
  /** Share of the true causes that are called. */
  recall: number | null;
  /** Called and true. */
  truePositives: number;
  /** Called but not true. */
  falsePositives: number;
  /** True but not called. */
  falseNegatives: number;
  /** Neither. */
  trueNegatives: number;
  /** Tasks compared. */
  tasks: number;
}

/**
 * Conditional independences between latents, tested pair by pair and task by task, against what the indicators predict. The
 * truth is not asked.
 */
export interface IndicatorTests {
  /** Which rows were tested. */
  rows: TestedRows;
  /** Tasks tested. */
  tasks: number;
  /** Tasks that could not be: too few rows, or a latent or target without variation of its own. */
  skipped: number;
  /** How each test was decided; corrected over all pairs of a task. */
  decision: Decision;
  /**
   * Least |partial correlation| that a single test calls dependent, median over tasks: weaker dependence is mostly not
   * found, and then "independent" says little.
   */
  least: number;
  /** Pairs given the target: causal latents depend on each other, all other pairs do not. */
  givenTarget: Tally;
  /** Pairs given nothing: the other way round. */
  givenNothing: Tally;
  /** Tasks whose causes tests could name: those with another number of them than one. */
  comparable: number;
  /** Of these, tasks for which tests name the same causes. */
  sameSet: number;
}

/** How often tests and indicators agree, by what the indicators predict. */
export interface Tally {
  /** Pairs predicted to be dependent. */
  dependent: number;
  /** Of these, found to be. */
  dependentAgree: number;
  /** Pairs predicted to be independent. */
  independent: number;
  /** Of these, not found to be dependent. */
  independentAgree: number;
}

/** Configuration of the simulator `intervention-world`. */
export interface InterventionWorldConfig {
  /**
   * Seed of every random number.
   *
   * Default: 0.
   */
  seed?: number;
  /**
   * Number of latents.
   *
   * Default: 4. Range: 1 to 100.
   */
  latents?: number;
  /**
   * Number of input columns, at least `latents`. Default: twice as many as latents.
   *
   * Range: 1 to 100000.
   */
  inputs?: number;
  /**
   * Rows of the environment without an intervention.
   *
   * Default: 4000. Range: 2 to 1000000.
   */
  referencePoints?: number;
  /**
   * Rows of each environment with an intervention.
   *
   * Default: 1000. Range: 2 to 1000000.
   */
  pointsPerEnvironment?: number;
  /**
   * Probability of each edge of the graph, along a random order of the latents.
   *
   * Default: 0.5. Range: 0 to 1.
   */
  edgeProbability?: number;
  /**
   * Least magnitude of the weight of an edge.
   *
   * Default: 0.5. Range: 0 to 100.
   */
  weightLeast?: number;
  /**
   * Largest magnitude of the weight of an edge.
   *
   * Default: 1. Range: 0 to 100.
   */
  weightMost?: number;
  /**
   * Least standard deviation of a noise.
   *
   * Default: 0.5. Range: 0.001 to 100.
   */
  noiseScaleLeast?: number;
  /**
   * Largest standard deviation of a noise.
   *
   * Default: 1.5. Range: 0.001 to 100.
   */
  noiseScaleMost?: number;
  /**
   * What an intervention leaves of the mechanism of its latent.
   *
   * Default: "perfect".
   */
  interventions?: Interventions;
  /**
   * Share of the influence of its parents that a soft intervention leaves.
   *
   * Default: 0.5. Range: -10 to 10.
   */
  softness?: number;
  /**
   * Environments that intervene on each latent.
   *
   * Default: 1. Range: 1 to 100.
   */
  environmentsPerLatent?: number;
  /**
   * Further environments, each of which intervenes on two random latents at once.
   *
   * Default: 0. Range: 0 to 1000.
   */
  doubleEnvironments?: number;
  /** Numbers of the latents, from 1, that no environment intervenes on alone. Default: none. */
  missing?: number[];
  /**
   * Least shift of the mean by an intervention, in standard deviations of the noise of its latent.
   *
   * Default: 1. Range: 0 to 100.
   */
  shiftLeast?: number;
  /**
   * Largest shift of the mean by an intervention.
   *
   * Default: 2. Range: 0 to 100.
   */
  shiftMost?: number;
  /**
   * Least standard deviation under an intervention, in standard deviations of the noise without it.
   *
   * Default: 0.5. Range: 0.001 to 100.
   */
  changedScaleLeast?: number;
  /**
   * Largest standard deviation under an intervention.
   *
   * Default: 1.5. Range: 0.001 to 100.
   */
  changedScaleMost?: number;
  /**
   * Number of inputs, the last ones, that also depend on the square of a direction of the latents.
   *
   * Default: 0. Range: 0 to 100000.
   */
  curvedInputs?: number;
  /**
   * Factor on that square.
   *
   * Default: 0.5. Range: 0 to 100.
   */
  curvature?: number;
  /**
   * Standard deviation of the noise of the inputs.
   *
   * Default: 0. Range: 0 to 1000000.
   */
  inputNoise?: number;
  /**
   * By what share that grows for each unit of the signal of an input.
   *
   * Default: 0. Range: 0 to 100.
   */
  noiseGrowth?: number;
}

export interface InterventionalConfig {
  /** Latent causes and their graph from environments that each intervene on one of them, not knowing on which. */
  method: "interventional";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.8,"validation":0.0,"test":0.2,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * Name of the environment without an intervention. Absent: the one from which all others differ by a single change, where the
   * likelihood tells it.
   */
  reference?: string;
  /**
   * What interventions leave of the mechanism of their latent. Latents and graph need `perfect` ones; with `soft` the latents are the
   * noises of the mechanisms. One environment per latent cannot tell which they are.
   *
   * Default: "perfect".
   */
  interventions?: InterventionKind;
  /**
   * Environments that move the mean of fewer inputs than this are set aside: a cause that acts on one input cannot be told from a fault of
   * that input.
   *
   * Default: 2. Range: 1 to 1000.
   */
  leastInputs?: number;
  /**
   * Least move of a mean that counts, in standard deviations of the reference.
   *
   * Default: 0.15. Range: 0 to 100.
   */
  leastShift?: number;
  /**
   * Standard errors that a move has to exceed as well.
   *
   * Default: 8. Range: 1 to 1000.
   */
  standardErrors?: number;
  /**
   * Inputs that may be left out because no linear model fits them, at most a third of all.
   *
   * Default: 3. Range: 0 to 3.
   */
  mostLeftOut?: number;
  /**
   * Starts of the last minimization, the first at the discriminant directions, the others random; the likelihood chooses.
   *
   * Default: 4. Range: 1 to 10000.
   */
  starts?: number;
  /**
   * Iterations of L-BFGS, at most.
   *
   * Default: 1000. Range: 1 to 100000.
   */
  iterations?: number;
  /**
   * Least effect of one latent on another, in standard deviations of both in the reference, that is an
   * edge; it has to be three standard errors large as well, where rows are resampled.
   *
   * Default: 0.1. Range: 0 to 10.
   */
  leastEdge?: number;
  /**
   * Resamples of the rows, from which the standard errors and the certainty of the edges come.
   *
   * Default: 40. Range: 0 to 10000.
   */
  resamples?: number;
  /**
   * Whether the noise-aware nonlinear model is fitted after the linear one: `auto` where no linear model of single changes holds, with at most
   * 64 inputs and 16 latents.
   *
   * Default: "auto".
   */
  nonlinear?: Nonlinear;
  /**
   * Widths of the hidden layers of its networks (ELU).
   *
   * Default: [64,64].
   *
   * @minItems 1
   * @maxItems 8
   */
  hidden?:
    | [number]
    | [number, number]
    | [number, number, number]
    | [number, number, number, number]
    | [number, number, number, number, number]
    | [number, number, number, number, number, number]
    | [number, number, number, number, number, number, number]
    | [number, number, number, number, number, number, number, number];
  /**
   * Gaussians in the distribution of each of its latents, in the reference and in each environment that changes it.
   *
   * Default: 6. Range: 1 to 100.
   */
  mixtureComponents?: number;
  /**
   * Gradient steps of it; the first 30 % are on the bound of one draw.
   *
   * Default: 6000. Range: 2 to 100000000.
   */
  steps?: number;
  /**
   * Rows per step; at most all training rows.
   *
   * Default: 128. Range: 1 to 1048576.
   */
  batchSize?: number;
  /**
   * Peak learning rate of Adam.
   *
   * Default: 0.005. Range: 0 to 10.
   */
  learningRate?: number;
  /**
   * Draws per row in the importance-weighted bound.
   *
   * Default: 8. Range: 1 to 1000.
   */
  importanceSamples?: number;
}

export interface IvaeConfig {
  /** A variational auto-encoder whose latents are independent given the target or the environment, with a distribution that depends on it. */
  method: "ivae";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.5,"validation":0.25,"test":0.25,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * Number of latents.
   *
   * Default: 5. Range: 1 to 256.
   */
  latentDim?: number;
  /**
   * Widths of the hidden dense layers of encoder, decoder and prior (LeakyReLU, slope 0.1); of images they follow the convolutions.
   *
   * Default: [50,50].
   *
   * @minItems 1
   * @maxItems 8
   */
  hidden?:
    | [number]
    | [number, number]
    | [number, number, number]
    | [number, number, number, number]
    | [number, number, number, number, number]
    | [number, number, number, number, number, number]
    | [number, number, number, number, number, number, number]
    | [number, number, number, number, number, number, number, number];
  /**
   * How inputs become latents: by dense layers, or by convolutions that halve an image up to four times and dense layers. `auto`:
   * convolutions where the data are images of one view, at least 4 x 4 pixels large.
   *
   * Default: "auto".
   */
  encoder?: Encoder;
  /**
   * How latents become inputs: by a dense network, one linear layer, or the mirror of the convolutional encoder. `auto`: the mirror
   * where the data are such images, else a network.
   *
   * Default: "auto".
   */
  decoder?: Decoder;
  /**
   * Variance of an input given the latents, in squared standard deviations of the input. It is not learned: the smaller,
   * the more the reconstruction counts beside the prior.
   *
   * Default: 0.01. Range: 0 to 1000.
   */
  decoderVariance?: number;
  /**
   * Gradient steps.
   *
   * Default: 10000. Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Peak learning rate of Adam.
   *
   * Default: 0.001. Range: 0 to 10.
   */
  learningRate?: number;
  /**
   * Rows per step; at most all training rows.
   *
   * Default: 256. Range: 1 to 1048576.
   */
  batchSize?: number;
  /**
   * Norm that gradients are cut down to; 0 takes them as they are. Helps when single rows are extreme.
   *
   * Default: 0. Range: 0 to 1000000000.
   */
  clipNorm?: number;
  /**
   * Checks on validation rows, 25 over all steps, without a new lowest loss after which training ends early; 0: never.
   *
   * Default: 0. Range: 0 to 1000.
   */
  patience?: number;
  /**
   * Parameters kept at the end: those with the lowest loss on validation rows, or the last ones.
   *
   * Default: "last".
   */
  keep?: Keep;
}

/** R2 of kernel ridge regression. `value` is null where it is not defined, and then `reason` says why. */
export interface KernelR2 {
  /** Mean over the true latents on the rows that it was fitted to, 0 to 1. */
  value: number | null;
  /** The same on a half of the rows that it was not fitted to. */
  outOfSample: number | null;
  /** Why `value` is null. */
  reason?: string;
  /** In sample, of each true latent; null where it is constant. */
  perLatent: (number | null)[];
  /** Out of sample, of each true latent. */
  perLatentOutOfSample: (number | null)[];
  /** Rows that were looked at. */
  rows: number;
}

/** Widths and training of the autoencoder. */
export interface LatentAnmAutoencoder {
  /**
   * Units of each of the two hidden dense layers. Absent: 30 where the data are images, behind convolutions, else 128.
   *
   * Range: 1 to 65536.
   */
  units?: number;
  /**
   * Variance of an input given the code, in squared standard deviations of the input: the larger, the smoother the code.
   *
   * Default: 0.01. Range: 0 to 1000.
   */
  decoderVariance?: number;
  /**
   * Gradient steps.
   *
   * Default: 1500. Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Rows per step; at most all training rows.
   *
   * Default: 32. Range: 1 to 1048576.
   */
  batchSize?: number;
  /**
   * Peak learning rate of Adam.
   *
   * Default: 0.002. Range: 0 to 10.
   */
  learningRate?: number;
}

export interface LatentAnmConfig {
  /** Causes whose mechanisms and noise shift between environments, and their nonlinear graph. */
  method: "latent-anm";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.5,"validation":0.25,"test":0.25,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * How to fit: `flow` takes the exact likelihood of an invertible flow and searches for the causal order; `paper` is the
   * published variational autoencoder, whose latents are in a causal order that is not searched for.
   *
   * Default: "flow".
   */
  algorithm?: LatentAnmAlgorithm;
  /**
   * What `flow` unmixes. `flow`: the inputs, or their leading principal axes; `autoencoder`: the code of an autoencoder, of
   * convolutions where the data are images; `inputs`: nothing is unmixed, the inputs themselves are the causes, sorted by their
   * order, and only their graph and mechanisms are learned. `auto`: the autoencoder where the data are images of one view, at
   * least 4 x 4 pixels large, else the inputs or their axes.
   *
   * Default: "auto".
   */
  representation?: LatentAnmRepresentation;
  /**
   * Number of latents, at most 12. Absent: as many as inputs. Fewer than inputs: the leading principal axes of the inputs are
   * unmixed, or the code of the autoencoder has so many entries.
   *
   * Range: 1 to 12.
   */
  latentDim?: number;
  /**
   * What a latent may be of those before it: `mlp`, `polynomial` or `linear`, with coefficients of each environment, or `none`:
   * independent latents in every environment, which is iVAE, with `flow` by exact likelihood.
   *
   * Default: "mlp".
   */
  mechanisms?: AnmMechanisms;
  /**
   * Random starts of the flow; the two best after a short descent are trained for long.
   *
   * Default: 8. Range: 1 to 100.
   */
  starts?: number;
  /**
   * Bends of the flow.
   *
   * Default: 4. Range: 1 to 64.
   */
  layers?: number;
  /**
   * Units of each of the two hidden layers of a mechanism of `flow`.
   *
   * Default: 24. Range: 1 to 1024.
   */
  units?: number;
  /**
   * Weight of the L1 norm of the coefficients (the paper's regularizer).
   *
   * Default: 0.001. Range: 0 to 1000.
   */
  sparsity?: number;
  /**
   * Steps and rows of `flow`.
   *
   * Default: {"steps":null,"environmentRows":null}.
   */
  training?: LatentAnmTraining;
  /**
   * The autoencoder, where it is used.
   *
   * Default: {"decoderVariance":0.01,"steps":1500,"batchSize":32,"learningRate":0.002}.
   */
  autoencoder?: LatentAnmAutoencoder;
  /**
   * Networks and training of `paper`.
   *
   * Default: {"decoderVariance":0.01,"steps":20000,"batchSize":512,"learningRate":0.001,"edgeThreshold":0.1}.
   */
  published?: LatentAnmPublished;
}

/** How long the descents are, and what they see. */
export interface LatentAnmTraining {
  /**
   * Gradient steps over all descents, shared out between them. Absent: 5600.
   *
   * Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Rows of every environment in a step. Absent: 3000 shared out over the environments, at least 20.
   *
   * Range: 2 to 1048576.
   */
  environmentRows?: number;
}

/** Networks and training of the published algorithm. */
export interface LatentAnmPublished {
  /**
   * Units of each of the two hidden layers of all networks. Absent: 30 where the data are images, behind convolutions, else 128.
   *
   * Range: 1 to 65536.
   */
  units?: number;
  /**
   * Variance of an input given the latents, in squared standard deviations of the input.
   *
   * Default: 0.01. Range: 0 to 1000.
   */
  decoderVariance?: number;
  /**
   * Gradient steps.
   *
   * Default: 20000. Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Rows per step; at most all training rows.
   *
   * Default: 512. Range: 1 to 1048576.
   */
  batchSize?: number;
  /**
   * Learning rate of Adam.
   *
   * Default: 0.001. Range: 0 to 10.
   */
  learningRate?: number;
  /**
   * Mean magnitude of a coefficient over the environments above which it is an edge of the graph.
   *
   * Default: 0.1. Range: 0 to 1000.
   */
  edgeThreshold?: number;
}

/** The map of a closed-form stage, and how stable it was. */
export interface LatentMap {
  /** Name of the stage. */
  stage: string;
  /** k x k: latents = `values` x (latents before the stage). */
  values: number[][];
  /** Share of starts that reached the best objective. */
  agreement: number;
}

/** Names, means and standard deviations of the latents over the training rows. */
export interface LatentSummary {
  /** `z1`, `z2`, ... */
  names: string[];
  /** Mean of each latent. */
  mean: number[];
  /** Standard deviation of each latent. */
  sd: number[];
}

/** How inputs depend on latents: input = mean + loadings x latents + noise, in units of the standardized inputs. */
export interface Loadings {
  /** One row per input, one column per latent. */
  values: NamedMatrix;
  /** Variance of the noise of each input. */
  noise: number[];
  /** Variance of each input over the training rows. */
  variances: number[];
}

/** A small matrix with names, for people. */
export interface NamedMatrix {
  /** One name per row. */
  rows: string[];
  /** One name per column. */
  columns: string[];
  /** Row by row. */
  values: number[][];
}

/** Mean correlation coefficient. `value` is null where it is not defined, and then `reason` says why. */
export interface Mcc {
  /** Mean over the true latents of |correlation| with the match, 0 to 1. */
  value: number | null;
  /** Why `value` is null. */
  reason?: string;
  /** Which correlation. */
  kind: Correlation;
  /**
   * |correlation| of each true latent with its match; 0 where no estimated latent is left for it, null where it is not
   * defined because a column is constant.
   */
  perLatent: (number | null)[];
  /** `matching[i]` = column of the estimate matched to true latent i; null where there is none. */
  matching: (number | null)[];
  /**
   * Bootstrap 95 % interval, the matching held fixed; null where `value` is.
   *
   * @minItems 2
   * @maxItems 2
   */
  interval: [number, number] | null;
  /** How many groups of rows the interval resamples as wholes; absent where it resamples single rows. */
  intervalGroups?: number;
  /** Matching found on one half of the rows, scored on the other; null where a half is too small. */
  outOfSample: number | null;
  /** |correlation|, true latents x estimated latents; null where a column is constant. */
  correlation: (number | null)[][];
  /** What the same truth scores without having been found. */
  nulls: Nulls;
}

/** The three nulls of a score; null where the score itself is not defined or there are too few rows. */
export interface Nulls {
  /** Latents that have nothing to do with the truth. */
  unrelated: NullScore | null;
  /** A random rotation of the truth. */
  rotation: NullScore | null;
  /** The best linear map from the estimated latents to the truth, out of sample: an upper reference. */
  linear: NullScore | null;
}

/** A distribution of a score under a null. */
export interface NullScore {
  /** Mean over the draws. */
  mean: number;
  /** Standard deviation over the draws (divisor: draws). */
  sd: number;
  /** 95 % quantile over the draws, interpolated linearly. */
  q95: number;
  /** Number of draws. */
  draws: number;
  /** What this null stands for, in one or two sentences. */
  explanation: string;
}

export interface MclConfig {
  /** Baseline: encoders of two modalities, trained to tell which rows of the two belong together. */
  method: "mcl";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.5,"validation":0.25,"test":0.25,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * Number of latents of each modality: that of the content which both share.
   *
   * Default: 2. Range: 1 to 256.
   */
  latentDim?: number;
  /**
   * Widths of the hidden layers of both encoders (LeakyReLU, slope 0.1). Images of more than 1,024 numbers go through convolutions before
   * them, smaller ones are taken as they are.
   *
   * Default: [64,64].
   *
   * @minItems 1
   * @maxItems 8
   */
  hidden?:
    | [number]
    | [number, number]
    | [number, number, number]
    | [number, number, number, number]
    | [number, number, number, number, number]
    | [number, number, number, number, number, number]
    | [number, number, number, number, number, number, number]
    | [number, number, number, number, number, number, number, number];
  /**
   * What squared distances are divided by.
   *
   * Default: 1. Range: 0 to 1000000.
   */
  temperature?: number;
  /**
   * Gradient steps.
   *
   * Default: 1000. Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Peak learning rate of Adam.
   *
   * Default: 0.002. Range: 0 to 10.
   */
  learningRate?: number;
  /**
   * Rows per step; at most all training rows.
   *
   * Default: 500. Range: 1 to 1048576.
   */
  batchSize?: number;
  /**
   * Norm that gradients are cut down to; 0 takes them as they are. Helps when single rows are extreme.
   *
   * Default: 2. Range: 0 to 1000000000.
   */
  clipNorm?: number;
  /**
   * Checks on validation rows, 25 over all steps, without a new lowest loss after which training ends early; 0: never.
   *
   * Default: 0. Range: 0 to 1000.
   */
  patience?: number;
  /**
   * Parameters kept at the end: those with the lowest loss on validation rows, or the last ones.
   *
   * Default: "last".
   */
  keep?: Keep;
}

/** How well a method's own graph fits the true one. */
export interface MethodGraphScore {
  /** Structural Hamming distance. */
  shd: number | null;
  /** Why `shd` is null. */
  reason?: string;
  /** `dag`: with the true graph; `cpdag`: with its class, since some directions are open. */
  comparedAs: ComparedAs;
  /** Distance of the class of the found graph from that of the true one: comparable with the `shd` of `graph`. */
  classShd: number | null;
  /** The `shd` of a graph without edges. */
  shdOfEmpty: number;
  /** Where the found graph differs. */
  difference?: GraphDifference;
  /** The same among pairs of latents of different modalities, where the latents belong to modalities. */
  betweenModalities?: GraphDifference;
  /** What it was compared with, its nodes the true latents. */
  truth: Edges;
  /** The found graph, its nodes the columns of the estimate. */
  found?: Edges;
}

/** What a method is, for people and for programs that choose one. */
export interface MethodInfo {
  /** The name users give. */
  name: string;
  /** A few words. */
  title: string;
  /** One sentence. */
  summary: string;
  /** Roles the data must have; `target or environment` where one of the two is enough. */
  needs: string[];
  /** What the fit gives. */
  gives: string[];
  /** Up to what the latents are identified, and when. */
  identifies: string;
  /** What the method leaves open: a metric that notices it is stricter than the guarantee. */
  leftOpen: Invariance[];
  /** Where it was published. */
  reference: Reference;
  /** The method it is a baseline of. */
  baselineOf?: string;
}

/** A publication. */
export interface Reference {
  /** Title. */
  title: string;
  /** Authors. */
  authors: string;
  /**
   * Year.
   *
   * Range: 0 to 65535.
   */
  year: number;
  /** Where to read it. */
  url: string;
}

/** Configuration of the simulator `modality-world`. */
export interface ModalityWorldConfig {
  /**
   * Seed of every random number.
   *
   * Default: 0.
   */
  seed?: number;
  /**
   * Number of rows.
   *
   * Default: 10000. Range: 2 to 10000000.
   */
  points?: number;
  /**
   * Number of modalities.
   *
   * Default: 2. Range: 2 to 20.
   */
  modalities?: number;
  /**
   * Input columns of each modality, at least as many as its latents and private variables.
   *
   * Default: 15. Range: 1 to 100000.
   */
  inputsPerModality?: number;
  /**
   * Latents of each modality.
   *
   * Default: 2. Range: 1 to 12.
   */
  latentsPerModality?: number;
  /**
   * Private variables of each modality.
   *
   * Default: 1. Range: 0 to 100.
   */
  privatePerModality?: number;
  /**
   * Share of the possible links between a modality and the next that are absent, rounded to whole links. Default: links are one to
   * one, from each latent to the one of the same number.
   *
   * Range: 0 to 1.
   */
  sparsity?: number;
  /**
   * Edges within each modality, along z1 -> z2 -> ..., fewer than its latents.
   *
   * Default: 0. Range: 0 to 11.
   */
  edgesWithin?: number;
  /**
   * How a latent depends on its parents.
   *
   * Default: "monotone".
   */
  mechanism?: Mechanism;
  /**
   * Least magnitude of a weight of an edge, before mechanisms are scaled.
   *
   * Default: 0.7. Range: 0.001 to 100.
   */
  weightLeast?: number;
  /**
   * Largest magnitude of a weight.
   *
   * Default: 1.3. Range: 0.001 to 100.
   */
  weightMost?: number;
  /**
   * Standard deviation of the noise of the first latent of each modality, where it has parents.
   *
   * Default: 0.3. Range: 0.001 to 1.
   */
  noiseFirst?: number;
  /**
   * Standard deviation of the noise of the last latent; those between are evenly spaced.
   *
   * Default: 0.7. Range: 0.001 to 1.
   */
  noiseLast?: number;
  /**
   * Layers of each mixing: a random rotation each, with leaky rectifiers of slope 0.2 between them. With 1 it is linear.
   *
   * Default: 3. Range: 1 to 20.
   */
  layers?: number;
  /**
   * Standard deviation of the noise of the inputs.
   *
   * Default: 0. Range: 0 to 1000000.
   */
  observationNoise?: number;
}

export interface MtIcarlConfig {
  /** A variational auto-encoder whose latents may depend on each other given target and task, with a prior learned by score matching. */
  method: "mt-icarl";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.5,"validation":0.25,"test":0.25,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * Number of latents.
   *
   * Default: 5. Range: 1 to 256.
   */
  latentDim?: number;
  /**
   * Widths of the hidden dense layers of encoder, decoder and prior (LeakyReLU, slope 0.1); of images they follow the convolutions.
   *
   * Default: [50,50].
   *
   * @minItems 1
   * @maxItems 8
   */
  hidden?:
    | [number]
    | [number, number]
    | [number, number, number]
    | [number, number, number, number]
    | [number, number, number, number, number]
    | [number, number, number, number, number, number]
    | [number, number, number, number, number, number, number]
    | [number, number, number, number, number, number, number, number];
  /**
   * How inputs become latents: by dense layers, or by convolutions that halve an image up to four times and dense layers. `auto`:
   * convolutions where the data are images of one view, at least 4 x 4 pixels large.
   *
   * Default: "auto".
   */
  encoder?: Encoder;
  /**
   * How latents become inputs: by a dense network, one linear layer, or the mirror of the convolutional encoder. `auto`: the mirror
   * where the data are such images, else a network.
   *
   * Default: "auto".
   */
  decoder?: Decoder;
  /**
   * Variance of an input given the latents, in squared standard deviations of the input. It is not learned: the smaller,
   * the more the reconstruction counts beside the prior.
   *
   * Default: 0.01. Range: 0 to 1000.
   */
  decoderVariance?: number;
  /**
   * Gradient steps.
   *
   * Default: 10000. Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Peak learning rate of Adam.
   *
   * Default: 0.001. Range: 0 to 10.
   */
  learningRate?: number;
  /**
   * Rows per step; at most all training rows.
   *
   * Default: 256. Range: 1 to 1048576.
   */
  batchSize?: number;
  /**
   * Norm that gradients are cut down to; 0 takes them as they are. Helps when single rows are extreme.
   *
   * Default: 0. Range: 0 to 1000000000.
   */
  clipNorm?: number;
  /**
   * Checks on validation rows, 25 over all steps, without a new lowest loss after which training ends early; 0: never.
   *
   * Default: 0. Range: 0 to 1000.
   */
  patience?: number;
  /**
   * Parameters kept at the end: those with the lowest loss on validation rows, or the last ones.
   *
   * Default: "last".
   */
  keep?: Keep;
  /**
   * Learned statistics of the prior, each a tanh of a linear map of the latents.
   *
   * Default: 45. Range: 1 to 4096.
   */
  statistics?: number;
  /**
   * Numbers learned per task. Absent: twice `latentDim`, as many as MTLCM has per task.
   *
   * Range: 1 to 4096.
   */
  taskDim?: number;
}

export interface MtIvaeConfig {
  /** A variational auto-encoder whose latents are independent given target and task, with variances that depend on both. */
  method: "mt-ivae";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.5,"validation":0.25,"test":0.25,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * Number of latents.
   *
   * Default: 5. Range: 1 to 256.
   */
  latentDim?: number;
  /**
   * Widths of the hidden dense layers of encoder, decoder and prior (LeakyReLU, slope 0.1); of images they follow the convolutions.
   *
   * Default: [50,50].
   *
   * @minItems 1
   * @maxItems 8
   */
  hidden?:
    | [number]
    | [number, number]
    | [number, number, number]
    | [number, number, number, number]
    | [number, number, number, number, number]
    | [number, number, number, number, number, number]
    | [number, number, number, number, number, number, number]
    | [number, number, number, number, number, number, number, number];
  /**
   * How inputs become latents: by dense layers, or by convolutions that halve an image up to four times and dense layers. `auto`:
   * convolutions where the data are images of one view, at least 4 x 4 pixels large.
   *
   * Default: "auto".
   */
  encoder?: Encoder;
  /**
   * How latents become inputs: by a dense network, one linear layer, or the mirror of the convolutional encoder. `auto`: the mirror
   * where the data are such images, else a network.
   *
   * Default: "auto".
   */
  decoder?: Decoder;
  /**
   * Variance of an input given the latents, in squared standard deviations of the input. It is not learned: the smaller,
   * the more the reconstruction counts beside the prior.
   *
   * Default: 0.01. Range: 0 to 1000.
   */
  decoderVariance?: number;
  /**
   * Gradient steps.
   *
   * Default: 10000. Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Peak learning rate of Adam.
   *
   * Default: 0.001. Range: 0 to 10.
   */
  learningRate?: number;
  /**
   * Rows per step; at most all training rows.
   *
   * Default: 256. Range: 1 to 1048576.
   */
  batchSize?: number;
  /**
   * Norm that gradients are cut down to; 0 takes them as they are. Helps when single rows are extreme.
   *
   * Default: 0. Range: 0 to 1000000000.
   */
  clipNorm?: number;
  /**
   * Checks on validation rows, 25 over all steps, without a new lowest loss after which training ends early; 0: never.
   *
   * Default: 0. Range: 0 to 1000.
   */
  patience?: number;
  /**
   * Parameters kept at the end: those with the lowest loss on validation rows, or the last ones.
   *
   * Default: "last".
   */
  keep?: Keep;
  /**
   * Numbers learned per task. Absent: twice `latentDim`, as many as MTLCM has per task.
   *
   * Range: 1 to 4096.
   */
  taskDim?: number;
}

export interface MtlcmConfig {
  /** Latents of many tasks, each of which splits them into causes of its target and latents that follow it. */
  method: "mtlcm";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.5,"validation":0.25,"test":0.25,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * What the linear causal model is fitted to. `mtrn`: a network trained to predict all targets; `inputs`: the inputs
   * themselves, so that the latents are a linear map of them.
   *
   * Default: "mtrn".
   */
  representation?: Representation;
  /**
   * How to fit: `joint-diagonalization` takes milliseconds to seconds; `paper` is the published one and takes minutes.
   *
   * Default: "joint-diagonalization".
   */
  algorithm?: MtlcmAlgorithm;
  /**
   * Number of latents. `auto`: with `mtrn` the smallest number whose validation error is as good as any up to
   * `maxLatentDim`; with `inputs` as many as a model of them with noise says, or their rank where it finds no noise. Where `inputs`
   * have more directions, the leading ones are kept.
   *
   * Default: "auto".
   */
  latentDim?: LatentDim;
  /**
   * Largest number of latents that `auto` tries with `mtrn`.
   *
   * Default: 8. Range: 1 to 256.
   */
  maxLatentDim?: number;
  /**
   * How MTRN is trained: `solved-heads` needs far fewer steps; `paper` is the published procedure.
   *
   * Default: "solved-heads".
   */
  recipe?: MtrnRecipe;
  /**
   * Widths of the encoder's hidden layers (ReLU). Absent: one layer, four times as wide as the inputs, at least 64 and
   * at most 1024.
   *
   * @minItems 1
   * @maxItems 8
   */
  hidden?:
    | [number]
    | [number, number]
    | [number, number, number]
    | [number, number, number, number]
    | [number, number, number, number, number]
    | [number, number, number, number, number, number]
    | [number, number, number, number, number, number, number]
    | [number, number, number, number, number, number, number, number];
  /**
   * Gradient steps. Absent: 2000 for `solved-heads`, 40000 for `paper`.
   *
   * Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Tasks per step, each with all its training rows, where rows belong to one task each and `recipe` is `solved-heads`; elsewhere
   * `batchSize` counts.
   *
   * Default: 10. Range: 1 to 65536.
   */
  tasksPerBatch?: number;
  /**
   * Peak learning rate of Adam. Absent: 0.01 for `solved-heads`, 0.001 for `paper`.
   *
   * Range: 0 to 10.
   */
  learningRate?: number;
  /**
   * Decoupled weight decay. Helps when rows are few.
   *
   * Default: 0. Range: 0 to 10.
   */
  weightDecay?: number;
  /**
   * Rows per step; at most all training rows.
   *
   * Default: 1024. Range: 1 to 1048576.
   */
  batchSize?: number;
  /**
   * Norm that gradients are cut down to; 0 takes them as they are. Helps when single rows are extreme.
   *
   * Default: 0. Range: 0 to 1000000000.
   */
  clipNorm?: number;
  /**
   * Checks on validation rows, 25 over all steps, without a new lowest loss after which training ends early; 0: never.
   *
   * Default: 0. Range: 0 to 1000.
   */
  patience?: number;
  /**
   * Parameters kept at the end: those with the lowest loss on validation rows, or the last ones.
   *
   * Default: "best".
   */
  keep?: Keep;
  /**
   * Starts of the joint diagonalization, the first at the whitened representation, the others random; the likelihood chooses.
   *
   * Default: 5. Range: 1 to 10000.
   */
  starts?: number;
  /**
   * Standard deviation of spurious latents given the target, as a share of that of causal ones.
   *
   * Default: 0.1. Range: 0.0001 to 0.9.
   */
  sigmaSpurious?: number;
  /**
   * Standard deviation of the representation given the latents; 0 takes it as exact. Absent: estimated by the default
   * algorithm where `inputs` are the representation and noise could matter, 0 behind `mtrn`, 0.01 for `paper`.
   *
   * Range: 0 to 10.
   */
  sigmaObserved?: number;
  /**
   * A latent counts as causal in a task if that is more probable than not; this counts as certain if it is right with at
   * least this probability.
   *
   * Default: 0.9. Range: 0.5 to 1.
   */
  indicatorConfidence?: number;
  /**
   * Training of `algorithm` `paper`.
   *
   * Default: {"epochs":1000,"gammaWarmUp":0,"batchSize":1024,"learningRate":0.1}.
   */
  published?: PublishedOptions;
}

/** Training of the published linear causal model. */
export interface PublishedOptions {
  /**
   * Passes over all (row, task) pairs.
   *
   * Default: 1000. Range: 1 to 10000000.
   */
  epochs?: number;
  /**
   * First passes in which the coefficients of spurious latents stay as they were drawn.
   *
   * Default: 0. Range: 0 to 10000000.
   */
  gammaWarmUp?: number;
  /**
   * (Row, task) pairs per step.
   *
   * Default: 1024. Range: 1 to 1048576.
   */
  batchSize?: number;
  /**
   * First learning rate; halved, down to 0.005, whenever the loss has not fallen for 100 passes.
   *
   * Default: 0.1. Range: 0 to 10.
   */
  learningRate?: number;
}

export interface MultimodalConfig {
  /** Latents of several modalities of the same subjects, what each keeps to itself, and one causal graph. */
  method: "multimodal";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.8,"validation":0.0,"test":0.2,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * How to fit: `likelihood` learns the graph; `paper` is the published objective, in which no gradient of the data reaches it. Of the
   * options below `paper` reads the sizes, which it has to be given, and `published`.
   *
   * Default: "likelihood".
   */
  algorithm?: MultimodalAlgorithm;
  /**
   * Latents of each modality: a number, numbers by name, or `auto`: as many directions of its code as say something of the other
   * modalities.
   *
   * Default: "auto".
   */
  latentDim?: PerModality;
  /**
   * Private variables of each modality, which have no part in the graph: a number, numbers by name, or `auto`: what an autoencoder needs
   * beside the latents.
   *
   * Default: "auto".
   */
  privateDim?: PerModality;
  /**
   * Largest number of latents and private variables of a modality, together, that `auto` tries.
   *
   * Default: 6. Range: 1 to 64.
   */
  maxLatentDim?: number;
  /**
   * What an edge has to be worth, in nats a row.
   *
   * Default: 0.05. Range: 0 to 100.
   */
  sparsity?: number;
  /**
   * Random starts; three go on after 30 % of the steps.
   *
   * Default: 6. Range: 1 to 100.
   */
  starts?: number;
  /**
   * Copies of the solution, all but the first turned within each modality, that are trained again to see which latents the data leave
   * open; 0: only starts are compared.
   *
   * Default: 8. Range: 0 to 100.
   */
  copies?: number;
  /**
   * Whether another autoencoder of each modality is trained, from another start, where all solutions on the codes of the first one agree:
   * what it says of the latents counts as another solution.
   *
   * Default: true.
   */
  anotherCode?: boolean;
  /**
   * Most causes of a latent.
   *
   * Default: 3. Range: 1 to 8.
   */
  mostCauses?: number;
  /**
   * How images become codes, and codes images.
   *
   * Default: "auto".
   */
  encoder?: Encoder;
  /**
   * Units of each of the two dense hidden layers of an autoencoder, in both directions; behind convolutions there is one.
   *
   * Default: 64. Range: 1 to 4096.
   */
  autoencoderUnits?: number;
  /**
   * Couplings of a flow.
   *
   * Default: 4. Range: 1 to 64.
   */
  flowLayers?: number;
  /**
   * Units of each of the two hidden layers of a coupling.
   *
   * Default: 32. Range: 1 to 1024.
   */
  flowUnits?: number;
  /**
   * Units of each of the two hidden layers of a mechanism.
   *
   * Default: 16. Range: 1 to 1024.
   */
  mechanismUnits?: number;
  /**
   * Rows of a step, rounded down to a multiple of 32, at most all training rows.
   *
   * Default: 256. Range: 32 to 65536.
   */
  batchSize?: number;
  /**
   * How long the descents are.
   *
   * Default: {"steps":null}.
   */
  training?: MultimodalTraining;
  /**
   * The networks and the descent of `paper`.
   *
   * Default: {"hidden":null,"steps":3000,"batchSize":1048576,"learningRate":2e-6,"threshold":0.01}.
   */
  published?: MultimodalPublished;
}

/** How long the descents are. */
export interface MultimodalTraining {
  /**
   * Gradient steps over all descents, shared out between them: the choice of sizes, autoencoders, latents, copies. Absent: 2240.
   *
   * Range: 1 to 100000000.
   */
  steps?: number;
}

/** The published algorithm. */
export interface MultimodalPublished {
  /**
   * Widths of the hidden layers of every encoder; decoders have them in reverse. Absent: 8 and 8 for a table, 128 and 64 for an image.
   *
   * @minItems 1
   * @maxItems 8
   */
  hidden?:
    | [number]
    | [number, number]
    | [number, number, number]
    | [number, number, number, number]
    | [number, number, number, number, number]
    | [number, number, number, number, number, number]
    | [number, number, number, number, number, number, number]
    | [number, number, number, number, number, number, number, number];
  /**
   * Gradient steps.
   *
   * Default: 3000. Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Rows per step; at most all training rows, which is what the paper takes.
   *
   * Default: 1048576. Range: 1 to 1048576.
   */
  batchSize?: number;
  /**
   * Learning rate of Adam; it falls by a hundredth every 10,000 steps.
   *
   * Default: 2e-6. Range: 0 to 10.
   */
  learningRate?: number;
  /**
   * Entry of the adjacency above which a latent is a parent.
   *
   * Default: 0.01. Range: 0 to 1.
   */
  threshold?: number;
}

/** Mean correlation coefficient of one task. */
export interface OneTaskMcc {
  /** Its label. */
  task: string;
  /** Its scored rows. */
  rows: number;
  /** Its MCC with its own matching; null where a latent is constant within the task. */
  value: number | null;
}

/** What the best possible predictor of the true latents from the inputs would score. */
export interface Oracle {
  /** Its Pearson MCC; null where that is not defined. */
  value: number | null;
  /** What it stands for. */
  explanation: string;
}

/** How a fit ended. Not converging is an outcome, never an error. */
export interface Outcome {
  /** What happened. */
  kind: OutcomeKind;
  /** Gradient steps taken, over all stages. */
  step: number;
  /**
   * The loss term, parameter or gradient behind `non-finite`; the budget behind a `step-limit` that it set; the step of the lowest
   * validation loss behind `rising`.
   */
  term?: string;
}

export interface PcaConfig {
  /** Yardstick: the directions in which the inputs vary most, without any target. */
  method: "pca";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.5,"validation":0.25,"test":0.25,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * Number of components. As a yardstick of another method: its number of latents.
   *
   * Default: 5. Range: 1 to 256.
   */
  latentDim?: number;
}

export interface PdgmmConfig {
  /** Latents that are silent, at a fixed value, in part of the rows; of tables and of images. */
  method: "pdgmm";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.5,"validation":0.25,"test":0.25,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * How to fit: `planes` takes seconds; `paper` is the published procedure and takes hours.
   *
   * Default: "planes".
   */
  algorithm?: PdgmmAlgorithm;
  /**
   * What latents are looked for in: the `inputs`, the code of an `autoencoder` trained on them, or the `keypoints` of images: the places
   * of what an autoencoder of convolutions looks for. `auto`: keypoints where the data are images of one view, at least 16 x 16 pixels
   * large, else the inputs. Absent: `auto` for `planes`, the autoencoder for `paper`.
   */
  representation?: PdgmmRepresentation;
  /**
   * Number of latents. `auto`: as many as a model of the inputs with noise says, or the rank of the inputs where it finds no
   * noise. Where inputs have more directions, the leading ones are kept.
   *
   * Default: "auto".
   */
  latentDim?: LatentDim;
  /**
   * Latents that are silent together, such as the two coordinates of a thing that stands still: the first so many are a block, the next so
   * many another. They are found as a block, each in no particular direction. `latentDim` is a multiple of it.
   *
   * Default: 1. Range: 1 to 64.
   */
  blockSize?: number;
  /**
   * `held` looks for silent latents; `none` is the ablation, which does everything else: `planes` then takes a random rotation
   * of the white codes, `paper` drops the budget.
   *
   * Default: "held".
   */
  sparsity?: PdgmmSparsity;
  /**
   * The flow of `planes`.
   *
   * Default: {"use":"auto","layers":8,"hidden":null,"steps":400,"batchSize":1024,"learningRate":0.003,"noise":0.1}.
   */
  flow?: PdgmmFlow;
  /**
   * The autoencoder, where it is used.
   *
   * Default: {"recipe":"one-cycle","width":50,"steps":null,"batchSize":null,"learningRate":null}.
   */
  autoencoder?: AutoencoderOptions;
  /**
   * The autoencoder of images, where keypoints are used.
   *
   * Default: {"count":null,"channels":16,"hidden":128,"steps":1500,"batchSize":64,"learningRate":0.002,"noise":0.05}.
   */
  keypoints?: PdgmmKeypoints;
  /**
   * The second stage of `paper`.
   *
   * Default: {"steps":80001,"batchSize":6144,"learningRate":0.0001,"multiplierLearningRate":0.00005,"budget":0.01,"width":50}.
   */
  published?: PdgmmPublished;
}

/** The flow and its training. */
export interface PdgmmFlow {
  /**
   * When the codes are bent before the planes are looked for again. `auto`: where silent entries were found, unless most
   * entries are silent, latents are silent together, active values have heavy tails, or planes are straight already; and
   * where the planes become no sharper, those before stay.
   *
   * Default: "auto".
   */
  use?: PdgmmFlowUse;
  /**
   * Couplings.
   *
   * Default: 8. Range: 1 to 256.
   */
  layers?: number;
  /**
   * Width of the two hidden layers of each coupling. Absent: eight times the latents, at least 64.
   *
   * Range: 1 to 65536.
   */
  hidden?: number;
  /**
   * Gradient steps.
   *
   * Default: 400. Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Rows per step, at most all training rows.
   *
   * Default: 1024. Range: 2 to 1048576.
   */
  batchSize?: number;
  /**
   * Peak learning rate of Adam.
   *
   * Default: 0.003. Range: 0 to 10.
   */
  learningRate?: number;
  /**
   * Standard deviation of the noise on the codes, whose own is 1: what is narrower is not made sharper.
   *
   * Default: 0.1. Range: 0 to 1.
   */
  noise?: number;
}

/** The autoencoder of images and its training. */
export interface PdgmmKeypoints {
  /**
   * Keypoints, two coordinates each. Absent: twice the latents.
   *
   * Range: 1 to 1024.
   */
  count?: number;
  /**
   * Channels of every halved image.
   *
   * Default: 16. Range: 1 to 1024.
   */
  channels?: number;
  /**
   * Width of the decoder's dense layer.
   *
   * Default: 128. Range: 1 to 65536.
   */
  hidden?: number;
  /**
   * Gradient steps.
   *
   * Default: 1500. Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Images per step; at most all training rows.
   *
   * Default: 64. Range: 2 to 1048576.
   */
  batchSize?: number;
  /**
   * Peak learning rate of Adam.
   *
   * Default: 0.002. Range: 0 to 10.
   */
  learningRate?: number;
  /**
   * Standard deviation of the noise on the code that the decoder sees, whose own is 1.
   *
   * Default: 0.05. Range: 0 to 1.
   */
  noise?: number;
}

/** The published second stage. */
export interface PdgmmPublished {
  /**
   * Gradient steps, each with two gradients.
   *
   * Default: 80001. Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Rows per step; at most all training rows.
   *
   * Default: 6144. Range: 2 to 1048576.
   */
  batchSize?: number;
  /**
   * Learning rate of the parameters.
   *
   * Default: 0.0001. Range: 0 to 10.
   */
  learningRate?: number;
  /**
   * Learning rate of the multiplier.
   *
   * Default: 0.00005. Range: 0 to 10.
   */
  multiplierLearningRate?: number;
  /**
   * Mean magnitude of a latent that is allowed.
   *
   * Default: 0.01. Range: 0 to 10.
   */
  budget?: number;
  /**
   * Units per latent of the four inner layers of each stack; the two around them have a fifth.
   *
   * Default: 50. Range: 5 to 1024.
   */
  width?: number;
}

/** Linear R2. `value` is null where it is not defined, and then `reason` says why. */
export interface R2 {
  /** Mean over the true latents, 0 to 1. */
  value: number | null;
  /** Why `value` is null. */
  reason?: string;
  /** R2 of each true latent; null where it is constant. */
  perLatent: (number | null)[];
}

export interface RandomEncoderConfig {
  /** Yardstick: an encoder with its initial random parameters, untrained. */
  method: "random-encoder";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.5,"validation":0.25,"test":0.25,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * Number of latents. As a yardstick of another method: its number of latents.
   *
   * Default: 5. Range: 1 to 256.
   */
  latentDim?: number;
  /**
   * Widths of the encoder's hidden layers (LeakyReLU, slope 0.01).
   *
   * Default: [256,64].
   *
   * @minItems 1
   * @maxItems 8
   */
  hidden?:
    | [number]
    | [number, number]
    | [number, number, number]
    | [number, number, number, number]
    | [number, number, number, number, number]
    | [number, number, number, number, number, number]
    | [number, number, number, number, number, number, number]
    | [number, number, number, number, number, number, number, number];
}

/** How well the inputs of one part of the split come back from their latents. */
export interface ReconstructionRow {
  /** `train`, `validation` or `test`. */
  split: string;
  /** Number of rows. */
  rows: number;
  /** Mean squared error of an input, in squared units of the standardized inputs. */
  mse: number;
  /** Share of the inputs' variance that comes back; `null` where they do not vary. */
  explained: number | null;
}

/** What becomes of a latent or an input, one value for each value of the latent that is set. */
export interface Response {
  /** Of the latent or the input. */
  name: string;
  /** Its standard deviation over the training rows. */
  sd: number;
  /** In its own units. */
  values: number[];
}

/** Which rows were scored, and how many. */
export interface ScoredRows {
  /** Part of the data set. */
  split: ScoredSplit;
  /** Number of rows. */
  count: number;
}

/** Every score of one set of estimated latents. */
export interface Scores {
  /** What was scored. */
  rows: ScoredRows;
  /** Names of the true latents. */
  truth: string[];
  /** Names of the estimated latents. */
  latents: string[];
  /** Agreement of single latents, linear. */
  mcc: Mcc;
  /** Agreement of single latents, by rank. */
  mccSpearman: Mcc;
  /** Agreement with the true latents before they were rotated, linear, where they were. */
  mccUnrotated?: Mcc;
  /** Agreement of single latents within each task, linear, where rows have tasks. */
  mccTask?: TaskMcc;
  /** The same by rank. */
  mccTaskSpearman?: TaskMcc;
  /** Agreement up to a linear map. */
  mccWeak: WeakMcc;
  /** Share of the true latents that a linear map of the estimated ones explains. */
  r2: R2;
  /** Share of them that a smooth map of the estimated ones explains, in sample and out of it, where the inputs are several views. */
  kernelR2?: KernelR2;
  /** The score of the best possible predictor E[z|x], where the simulator knows it. */
  oracle?: Oracle;
  /** Recovered changes on the tree's edges, where they are known. */
  changes?: ChangeScores;
  /** Recovered causes of the target of each task, where they are known. */
  indicators?: IndicatorScores;
  /** Recovered silence: which latents are switched off in which row, where it is known. */
  silence?: SilenceScores;
  /** Recovered blocks of latents, where the true ones fall into some. */
  blocks?: BlockScores;
  /** Error of the effects of the latents on the target, where there are a target and environments. */
  ate?: Ate;
  /** The causal graph that PC finds on the latents, where the true one is known. */
  graph?: GraphScore;
  /** The causal graph that the method itself found, where it did and the true one is known. */
  methodGraph?: MethodGraphScore;
  /** Whether what the method calls likely is true as often, where it gives probabilities and the truth is known. */
  calibration?: CalibrationScores;
  /** What to bear in mind when reading these numbers, in sentences. */
  notes: string[];
}

/** Mean correlation coefficient task by task. `value` is null where it is not defined, and then `reason` says why. */
export interface TaskMcc {
  /** Mean over the tasks, 0 to 1. */
  value: number | null;
  /** Why `value` is null. */
  reason?: string;
  /** Which correlation. */
  kind: Correlation;
  /** What estimated latents score that know nothing; null without draws. */
  unrelated: number | null;
  /** Every task with at least three rows, in order of the labels. */
  perTask: OneTaskMcc[];
  /** Tasks with rows, but too few of them. */
  leftOut: number;
}

/** Agreement up to a linear map. `value` is null where it is not defined, and then `reason` says why. */
export interface WeakMcc {
  /** Mean |Spearman| of the matched canonical variates, 0 to 1. */
  value: number | null;
  /** Why `value` is null. */
  reason?: string;
  /** Canonical correlations (Pearson), largest first; empty where `value` is null. */
  canonical: number[];
}

/** Recovered silence. */
export interface SilenceScores {
  /** Harmonic mean of precision and recall, 0 to 1. */
  f1: number | null;
  /** Why `f1` is null. */
  reason?: string;
  /** Share of the entries called silent that are. */
  precision: number | null;
  /** Share of the silent entries that are called so. */
  recall: number | null;
  /** F1 of calling every entry silent: what knowing nothing reaches. */
  f1OfAll: number | null;
  /** Called and true. */
  truePositives: number;
  /** Called but not true. */
  falsePositives: number;
  /** True but not called. */
  falseNegatives: number;
  /** Entries compared: rows x true latents. */
  entries: number;
}

export interface SharedHeadConfig {
  /** Regression through a latent code with one linear head for all environments. */
  method: "shared-head";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.5,"validation":0.25,"test":0.25,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * Number of latents, or `auto`: the smallest number whose validation error is as good as any.
   *
   * Default: "auto".
   */
  latentDim?: LatentDim;
  /**
   * Largest number of latents that `auto` tries.
   *
   * Default: 8. Range: 1 to 256.
   */
  maxLatentDim?: number;
  /**
   * Widths of the encoder's hidden layers (LeakyReLU, slope 0.01).
   *
   * Default: [256,64].
   *
   * @minItems 1
   * @maxItems 8
   */
  hidden?:
    | [number]
    | [number, number]
    | [number, number, number]
    | [number, number, number, number]
    | [number, number, number, number, number]
    | [number, number, number, number, number, number]
    | [number, number, number, number, number, number, number]
    | [number, number, number, number, number, number, number, number];
  /**
   * Gradient steps. Absent: 1500, or 15000 for `algorithm` `paper` of `tbr`.
   *
   * Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Peak learning rate of Adam. Absent: 0.01, or 0.001 for `algorithm` `paper` of `tbr`.
   *
   * Range: 0 to 10.
   */
  learningRate?: number;
  /**
   * Decoupled weight decay. Helps when rows are few.
   *
   * Default: 0. Range: 0 to 10.
   */
  weightDecay?: number;
  /**
   * Rows per step; at most all training rows.
   *
   * Default: 1000. Range: 1 to 1048576.
   */
  batchSize?: number;
  /**
   * Norm that gradients are cut down to; 0 takes them as they are. Helps when single rows are extreme.
   *
   * Default: 0. Range: 0 to 1000000000.
   */
  clipNorm?: number;
  /**
   * Checks on validation rows, 25 over all steps, without a new lowest loss after which training ends early; 0: never.
   *
   * Default: 0. Range: 0 to 1000.
   */
  patience?: number;
  /**
   * Parameters kept at the end: those with the lowest loss on validation rows, or the last ones.
   *
   * Default: "best".
   */
  keep?: Keep;
}

/** Configuration of the simulator `shift-world`. */
export interface ShiftWorldConfig {
  /**
   * Seed of every random number.
   *
   * Default: 0.
   */
  seed?: number;
  /**
   * Number of environments.
   *
   * Default: 50. Range: 1 to 100000.
   */
  environments?: number;
  /**
   * Rows of each environment.
   *
   * Default: 1000. Range: 2 to 1000000.
   */
  pointsPerEnvironment?: number;
  /**
   * Number of latents.
   *
   * Default: 5. Range: 2 to 100.
   */
  latents?: number;
  /**
   * Number of input columns, at least `latents`. Default: as many as latents.
   *
   * Range: 2 to 100000.
   */
  inputs?: number;
  /**
   * The graph over the latents.
   *
   * Default: "chain".
   */
  graph?: ShiftGraph;
  /**
   * Probability of each edge of a random graph. Default: two edges for each latent, on average.
   *
   * Range: 0 to 1.
   */
  edgeProbability?: number;
  /**
   * The function of the mechanisms.
   *
   * Default: "tanh".
   */
  link?: Link;
  /**
   * Where the coefficient of an environment enters: outside of the function, or inside.
   *
   * Default: "outside".
   */
  place?: Place;
  /**
   * Factor on every mechanism that shifts.
   *
   * Default: 1. Range: 0 to 100.
   */
  gain?: number;
  /**
   * Least magnitude of a coefficient.
   *
   * Default: 0.5. Range: 0 to 100.
   */
  coefficientLeast?: number;
  /**
   * Largest magnitude of a coefficient.
   *
   * Default: 1. Range: 0 to 100.
   */
  coefficientMost?: number;
  /**
   * Signs of the coefficients.
   *
   * Default: "both".
   */
  signs?: Signs;
  /**
   * Noise means are uniform between minus and plus this.
   *
   * Default: 2. Range: 0 to 100.
   */
  noiseMean?: number;
  /**
   * Least standard deviation of the noise.
   *
   * Default: 0.1. Range: 0.001 to 100.
   */
  noiseScaleLeast?: number;
  /**
   * Largest standard deviation of the noise.
   *
   * Default: 2. Range: 0.001 to 100.
   */
  noiseScaleMost?: number;
  /** Numbers of the latents, from 1, that receive a term that is the same in all environments. Default: none. */
  unshifted?: number[];
  /**
   * Whether that term stands alone or beside the one that shifts.
   *
   * Default: "only".
   */
  unshiftedTerm?: UnshiftedTerm;
  /**
   * Function of that term.
   *
   * Default: "linear".
   */
  unshiftedLink?: Link;
  /**
   * Factor on that term.
   *
   * Default: 1.5. Range: 0 to 100.
   */
  unshiftedGain?: number;
  /**
   * Distortion of each latent after its noise (post-nonlinear model).
   *
   * Default: "none".
   */
  distortion?: Distortion;
  /**
   * How latents become inputs.
   *
   * Default: "leaky".
   */
  mixing?: ShiftMixing;
  /**
   * Layers of the mixing. Default: 2, and 4 of couplings.
   *
   * Range: 1 to 20.
   */
  layers?: number;
  /**
   * Where more inputs than latents come from.
   *
   * Default: "last".
   */
  widening?: Widening;
  /**
   * Standard deviation of the noise of the inputs.
   *
   * Default: 0. Range: 0 to 1000000.
   */
  observationNoise?: number;
}

/** When each latent is silent: a mixture of a narrow part around its silent value and a wide part, in units of the latents. */
export interface Silence {
  /** One entry per latent. */
  latents: SilentLatent[];
  /** Latents that are silent together, where such blocks were looked for: what they say of their latents counts, and not `latents`. */
  blocks?: SilentBlock[];
}

/**
 * When one latent is silent. The probability of a value z is
 * `weight N(z; spike) / (weight N(z; spike) + (1 - weight) N(z; slab))`; it is called silent where that is at least 1/2, which is
 * where `|z - value| <= threshold`.
 */
export interface SilentLatent {
  /** Name of the latent. */
  name: string;
  /** Middle of the silent values. */
  value: number;
  /** Farthest distance from `value` at which the latent counts as silent; 0 where it never does. */
  threshold: number;
  /** Share of training rows in which it is silent. */
  share: number;
  /** Mean over training rows of the probability of the more probable of silent and not silent: 1 where every call is certain. */
  certainty: number;
  /** The narrow part: values of the silent latent. */
  spike: Spike;
  /** The wide part: values of the latent when it is not silent. */
  slab: Slab;
}

/** The narrow part of a latent's values. */
export interface Spike {
  /** Mean. */
  mean: number;
  /** Standard deviation. */
  sd: number;
  /** Share of all values. */
  weight: number;
}

/** The wide part of a latent's values. */
export interface Slab {
  /** Mean. */
  mean: number;
  /** Standard deviation. */
  sd: number;
}

/**
 * When a block of q latents is silent, all of them at once. With y the values of its latents, the probability is
 * `weight N(y; spike) / (weight N(y; spike) + (1 - weight) N(y; slab))` with parts that have the same width in all directions; it is
 * called silent where that is at least 1/2, which is where `|y - value| <= threshold`.
 */
export interface SilentBlock {
  /** Names of its latents. */
  names: string[];
  /** The place of the first of them, from 0; the others follow it. */
  start: number;
  /** Middle of the silent values, one number per latent. */
  value: number[];
  /** Farthest distance from `value` at which the block counts as silent; 0 where it never does. */
  threshold: number;
  /** Share of training rows in which it is silent. */
  share: number;
  /** Mean over training rows of the probability of the more probable of silent and not silent. */
  certainty: number;
  /** The narrow part: values of the silent block. */
  spike: BlockPart;
  /** The wide part: values of the block when it is not silent. */
  slab: BlockPart;
}

/** Configuration of the simulator `silent-world`. The defaults are those of the paper. */
export interface SilentWorldConfig {
  /**
   * Seed of every random number.
   *
   * Default: 0.
   */
  seed?: number;
  /**
   * Number of rows. Masks take turns, so that all have equally many.
   *
   * Default: 20000. Range: 1 to 1000000000.
   */
  rows?: number;
  /**
   * Number of latents.
   *
   * Default: 10. Range: 2 to 1000.
   */
  latents?: number;
  /**
   * Number of input columns, at least `latents`. Default: as many as latents.
   *
   * Range: 2 to 100000.
   */
  inputs?: number;
  /**
   * Edges of the graph, for each latent; at most half of the number of other latents.
   *
   * Default: 1. Range: 0 to 500.
   */
  edgesPerLatent?: number;
  /**
   * How latents depend on each other: along the edges of the graph, or not at all, all else being equal.
   *
   * Default: "graph".
   */
  dependence?: Dependence;
  /**
   * The noise of each latent, of mean 0 and variance 1: the theory has Gaussian noise.
   *
   * Default: "gaussian".
   */
  noise?: LatentNoise;
  /**
   * How many latents are active in a row; the others are silent.
   *
   * Default: "half".
   */
  active?: ActiveShare;
  /**
   * Sizes of blocks of latents that are active or silent together, in order, `latents` in all. Default: every latent on
   * its own.
   */
  blocks?: number[];
  /**
   * Where silent latents stand: so many standard deviations above their mean.
   *
   * Default: 0. Range: -1000 to 1000.
   */
  silentAt?: number;
  /**
   * Angle by which the latents are turned in every plane of two of them, in degrees, before they are mixed.
   *
   * Default: 0. Range: -360 to 360.
   */
  rotationDegrees?: number;
  /**
   * Layers of the mixing; 1 is linear.
   *
   * Default: 10. Range: 1 to 20.
   */
  layers?: number;
  /**
   * What stands between two layers of the mixing.
   *
   * Default: "leaky".
   */
  activation?: MixingActivation;
  /**
   * Standard deviation of the noise of the inputs.
   *
   * Default: 0. Range: 0 to 1000000.
   */
  observationNoise?: number;
}

/** What a fit found, in numbers every method has, plus the parts only some have. */
export interface Summary {
  /** Name of the method. */
  method: string;
  /** Names, means and standard deviations of the latents over the training rows. */
  latents: LatentSummary;
  /** The same of private variables, which have no part in the graph, for methods that set such apart. */
  private?: LatentSummary;
  /** Error of the predicted target by split, over all rows (`environment` absent) and per environment. */
  errors: ErrorRow[];
  /** What the prior of the latents is conditioned on, for methods that have such a prior. */
  conditioned?: Conditioned;
  /** Linear heads in units of the target per standard deviation of the latent, one row per environment node. */
  heads?: NamedMatrix;
  /** The tree with the change on the edge above each node. */
  tree?: TreeSummary;
  /** The role of every latent in every task. */
  tasks?: TaskRoles;
  /** When each latent is silent, for methods that look for it. */
  silence?: Silence;
  /** How inputs depend on latents, for methods with a linear model of the inputs. */
  loadings?: Loadings;
  /** `map`: latents = `map` x (latents before the closed-form stage); absent where there is no such stage. */
  map?: LatentMap;
  /** The causal graph of the latents, where the method finds one itself. */
  graph?: CausalGraph;
  /** Which latents the data identify, where the method checks it latent by latent. */
  identification?: Identification[];
  /** How well the inputs come back from the latents, by split, where the method has a decoder. */
  reconstruction?: ReconstructionRow[];
  /** What each latent does to the others and to the inputs, where the method has a decoder or mechanisms. */
  traversals?: Traversal[];
  /** What some rows of images would look like with other latents, where the method has a decoder and mechanisms. */
  counterfactuals?: Counterfactuals[];
  /** How a hyper-parameter was chosen without truth. */
  choices: Choice[];
  /** What the method assumes, and what the data say of it. */
  assumptions: Assumption[];
  /** What a reader of the numbers should know. */
  warnings: Warning[];
  /** Further single numbers. */
  facts: Fact[];
}

/** A tree with a change of the head on the edge above each node. */
export interface TreeSummary {
  /** Node names. */
  names: string[];
  /** Index of the parent, -1 for the root. */
  parents: number[];
  /** Length of the branch to the parent. */
  lengths: number[];
  /** Training rows at each node. */
  rows: number[];
  /** nodes x k: change on the edge above the node, in units of the target per standard deviation of the latent. */
  changes: number[][];
  /** Whether each entry of `changes` counts as real. */
  real: boolean[][];
  /** Whether both ends of the edge have rows of their own. */
  observed: boolean[];
}

/** The role of every latent in every task: a cause of the target, or a follower of it. All matrices are tasks x k. */
export interface TaskRoles {
  /** Task names. */
  names: string[];
  /** Training rows of each task. */
  rows: number[];
  /** From 0, spurious (the latent follows the target), to 1, causal. */
  indicators: number[][];
  /** Probability that the latent is causal. */
  probabilities: number[][];
  /** Log-likelihood of the latent being causal less that of its being spurious, in the model as it stands. */
  logRatios: number[][];
  /** Whether the role that the indicator names is certain enough. */
  real: boolean[][];
  /**
   * Regression of the target on the latents called causal, in units of the target per standard deviation of the latent; 0 for
   * all others. `null` for a task with too few rows for it.
   */
  weights: (number[] | null)[];
  /**
   * Effect of the target on the latents called spurious, in standard deviations of the latent per unit of the target; 0 for all
   * others.
   */
  effects: number[][];
  /** Share of the target's variance on training rows that the causal latents explain. */
  explained: (number | null)[];
  /** The same on test rows, with the weights of the training rows; `null` without test rows. */
  explainedTest: (number | null)[];
  /** Minus the mean log density of a row, without constants, at the end of every start. */
  objectives: number[];
  /** The calls against tests of independence; absent with one latent, or where no task can be tested. */
  tests?: IndicatorTests;
}

/**
 * What a latent does: one row of the data, with the latent set to one value after another. All other latents follow as the
 * mechanisms say; without mechanisms they stay as they are.
 */
export interface Traversal {
  /** Name of the latent. */
  latent: string;
  /** The row that is followed, by its place in the data set: the training row closest to the mean of the latents. */
  row: number;
  /** What the latent is set to: from two standard deviations below its mean to two above. */
  values: number[];
  /** The other latents that follow. */
  latents: Response[];
  /** The inputs that move most, the first by most standard deviations; none without a decoder. */
  inputs: Response[];
  /** The views that are images. */
  pictures?: Pictures[];
}

/** Something a user should know that stops nothing. */
export interface Warning {
  /** Stable identifier. */
  code: string;
  /** One line. */
  message: string;
  /** What to do about it. */
  hint?: string;
}

/** Configuration of the simulator `task-world`. The defaults are those of the paper's linear experiment. */
export interface TaskWorldConfig {
  /**
   * Seed of every random number.
   *
   * Default: 0.
   */
  seed?: number;
  /**
   * Number of tasks.
   *
   * Default: 200. Range: 1 to 100000.
   */
  tasks?: number;
  /**
   * Rows of each task; every task draws its own.
   *
   * Default: 100. Range: 2 to 1000000.
   */
  pointsPerTask?: number;
  /**
   * Number of latents. Default: 10, and with a network half the inputs, at most 20.
   *
   * Range: 1 to 1000.
   */
  latents?: number;
  /**
   * Latents that cause the target of a task, at most `latents`; all others follow it.
   *
   * Default: 2. Range: 1 to 1000.
   */
  causes?: number;
  /**
   * How latents become inputs.
   *
   * Default: "random".
   */
  mixing?: Mixing;
  /**
   * Number of input columns. Default: as many as latents, and 100 with a network, the only mixing that can have more.
   *
   * Range: 1 to 100000.
   */
  inputs?: number;
  /**
   * Standard deviation of the noise of the inputs. Default: 0.01, and 0 with a network.
   *
   * Range: 0 to 1000000.
   */
  noise?: number;
  /**
   * Whether every latent is brought to mean 0 and standard deviation 1 within each task, before it is mixed.
   *
   * Default: true.
   */
  standardize?: boolean;
}

export interface TbrConfig {
  /** Latents from rows in many environments that form a tree, whose linear heads change sparsely along its edges. */
  method: "tbr";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.5,"validation":0.25,"test":0.25,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * How to fit: `joint-rotation` is faster and at least as good on the paper's data; `paper` is the published one.
   *
   * Default: "joint-rotation".
   */
  algorithm?: Algorithm;
  /**
   * Number of latents, or `auto`: the smallest number whose validation error is as good as any.
   *
   * Default: "auto".
   */
  latentDim?: LatentDim;
  /**
   * Largest number of latents that `auto` tries.
   *
   * Default: 8. Range: 1 to 256.
   */
  maxLatentDim?: number;
  /**
   * Widths of the encoder's hidden layers (LeakyReLU, slope 0.01).
   *
   * Default: [256,64].
   *
   * @minItems 1
   * @maxItems 8
   */
  hidden?:
    | [number]
    | [number, number]
    | [number, number, number]
    | [number, number, number, number]
    | [number, number, number, number, number]
    | [number, number, number, number, number, number]
    | [number, number, number, number, number, number, number]
    | [number, number, number, number, number, number, number, number];
  /**
   * Gradient steps. Absent: 1500, or 15000 for `algorithm` `paper` of `tbr`.
   *
   * Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Peak learning rate of Adam. Absent: 0.01, or 0.001 for `algorithm` `paper` of `tbr`.
   *
   * Range: 0 to 10.
   */
  learningRate?: number;
  /**
   * Decoupled weight decay. Helps when rows are few.
   *
   * Default: 0. Range: 0 to 10.
   */
  weightDecay?: number;
  /**
   * Rows per step; at most all training rows.
   *
   * Default: 1000. Range: 1 to 1048576.
   */
  batchSize?: number;
  /**
   * Norm that gradients are cut down to; 0 takes them as they are. Helps when single rows are extreme.
   *
   * Default: 0. Range: 0 to 1000000000.
   */
  clipNorm?: number;
  /**
   * Checks on validation rows, 25 over all steps, without a new lowest loss after which training ends early; 0: never.
   *
   * Default: 0. Range: 0 to 1000.
   */
  patience?: number;
  /**
   * Parameters kept at the end: those with the lowest loss on validation rows, or the last ones.
   *
   * Default: "best".
   */
  keep?: Keep;
  /**
   * Weight of the L1 norm of the changes (the paper's lambda).
   *
   * Default: 0.001. Range: 0 to 1000.
   */
  sparsity?: number;
  /**
   * Random starts of the sparse rotation.
   *
   * Default: 10. Range: 1 to 10000.
   */
  starts?: number;
  /**
   * Changes smaller than this do not count as real, in standard deviations of the target per standard deviation of
   * the latent.
   *
   * Default: 0.02. Range: 0 to 10.
   */
  changeThreshold?: number;
  /**
   * Changes below this many standard errors do not count as real.
   *
   * Default: 4. Range: 0 to 100.
   */
  changeErrors?: number;
}

/** Configuration of the simulator `tree-world`. The defaults are the paper's. */
export interface TreeWorldConfig {
  /**
   * Seed of every random number.
   *
   * Default: 0.
   */
  seed?: number;
  /**
   * Edges between the root and each leaf; the tree has 2^(depth + 1) - 1 nodes.
   *
   * Default: 7. Range: 1 to 14.
   */
  depth?: number;
  /**
   * Whether only the leaves have rows; otherwise all nodes but the root have.
   *
   * Default: false.
   */
  leavesOnly?: boolean;
  /**
   * Rows in each observed environment.
   *
   * Default: 3000. Range: 1 to 1000000.
   */
  pointsPerEnvironment?: number;
  /**
   * Number of input columns.
   *
   * Default: 16. Range: 1 to 100000.
   */
  inputs?: number;
  /**
   * Number of latents.
   *
   * Default: 5. Range: 1 to 1000.
   */
  latents?: number;
  /**
   * Non-zero changes on each edge, at most `latents`; 0 is the negative control.
   *
   * Default: 1. Range: 0 to 1000.
   */
  changes?: number;
  /**
   * Instead of `changes`: the probability with which each entry on each edge changes.
   *
   * Range: 0 to 1.
   */
  changeProbability?: number;
  /**
   * Standard deviation of the non-zero changes.
   *
   * Default: 0.5. Range: 0 to 1000000.
   */
  changeSd?: number;
  /**
   * The function between the mixed inputs and the latents.
   *
   * Default: "tanh".
   */
  map?: TreeWorldMap;
  /**
   * Noise of the latents and of the target.
   *
   * Default: 0.1. Range: 0 to 1000000.
   */
  noise?: number;
  /**
   * Whether `noise` is a standard deviation or a variance.
   *
   * Default: "standardDeviation".
   */
  noiseUnit?: NoiseUnit;
}

export interface VadeConfig {
  /** A variational auto-encoder whose latents are a mixture of Gaussians. */
  method: "vade";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.5,"validation":0.25,"test":0.25,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * How it is trained: `paper` is the published baseline. It sets what is left open among `representation`, `hidden`, `means`,
   * `steps`, `batchSize` and `learningRate`, and keeps the learning rate constant.
   *
   * Default: "default".
   */
  recipe?: VadeRecipe;
  /**
   * Number of latents.
   *
   * Default: 5. Range: 1 to 256.
   */
  latentDim?: number;
  /**
   * Components of the mixture. Absent: five for each latent.
   *
   * Range: 1 to 4096.
   */
  components?: number;
  /**
   * What the variational auto-encoder sees: the inputs, or the code of an autoencoder that is trained first. Absent: the inputs
   * for `default`, the autoencoder for `paper`.
   */
  representation?: VadeRepresentation;
  /**
   * The autoencoder, where there is one; its code has as many columns as there are latents. It has a `recipe` of its own.
   *
   * Default: {"recipe":"one-cycle","width":50,"steps":null,"batchSize":null,"learningRate":null}.
   */
  autoencoder?: AutoencoderOptions;
  /**
   * Widths of the encoder's hidden layers (ReLU); the decoder has them in reverse. Absent: 256, 256 for `default`,
   * 512, 512, 2048 for `paper`.
   *
   * @minItems 1
   * @maxItems 8
   */
  hidden?:
    | [number]
    | [number, number]
    | [number, number, number]
    | [number, number, number, number]
    | [number, number, number, number, number]
    | [number, number, number, number, number, number]
    | [number, number, number, number, number, number, number]
    | [number, number, number, number, number, number, number, number];
  /**
   * Where the means of the components begin: `apart`, at standard normal numbers, or all at `zero`. Their log-variances begin at
   * standard normal numbers, their weights equal. Absent: apart for `default`, zero for `paper`.
   */
  means?: VadeMeans;
  /**
   * Variance of what the decoder gives back. It is not learned: the smaller, the more the reconstruction counts beside the
   * prior. At 0.5 squared errors count as they are.
   *
   * Default: 0.5. Range: 0 to 1000.
   */
  decoderVariance?: number;
  /**
   * Gradient steps, after those of the autoencoder. Absent: 3000 for `default`, 5001 for `paper`.
   *
   * Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Rows per step; at most all training rows. Absent: 256 for `default`, 6144 for `paper`.
   *
   * Range: 1 to 1048576.
   */
  batchSize?: number;
  /**
   * Peak learning rate of Adam. Absent: 0.001 for `default`, 0.0001 for `paper`.
   *
   * Range: 0 to 10.
   */
  learningRate?: number;
  /**
   * Parameters kept at the end: those that reconstruct validation rows best, or the last ones.
   *
   * Default: "last".
   */
  keep?: Keep;
}

export interface VaeConfig {
  /** Baseline: a variational auto-encoder with a standard normal prior, or with `beta` above 1 a beta-VAE. */
  method: "vae";
  /**
   * Seed of every random number of the run. The same seed gives the same bits on any number of threads.
   *
   * Default: 0. Range: 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Threads for matrix products. More than one pays on wide networks only.
   *
   * Default: 1. Range: 1 to 256.
   */
  threads?: number;
  /**
   * Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
   *
   * Default: "cpu".
   */
  device?: DeviceChoice;
  /**
   * What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
   *
   * Default: "error".
   */
  missing?: Missing;
  /**
   * What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
   *
   * Default: "error".
   */
  missingTarget?: MissingTarget;
  /**
   * Which columns are standardized.
   *
   * Default: "all".
   */
  standardize?: Standardize;
  /**
   * How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
   * [0, 1] by its smallest and largest value of the training rows.
   *
   * Default: "channel".
   */
  imageScale?: ImageScale;
  /**
   * Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
   * then a ceiling, not a result, and says so.
   *
   * Default: [].
   */
  oracle?: string[];
  /**
   * Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
   * the data. Solved stages, validation and scores stay on the data set.
   *
   * Default: "given".
   */
  rows?: TrainingRows;
  /**
   * How rows are split into training, validation and test.
   *
   * Default: {"train":0.5,"validation":0.25,"test":0.25,"by":"rows","holdout":[]}.
   */
  split?: SplitConfig;
  /**
   * Weight of the divergence from the prior. 1 is the VAE; more is the beta-VAE, which gives up reconstruction for latents that
   * each tell less of a row.
   *
   * Default: 1. Range: 0 to 1000000.
   */
  beta?: number;
  /**
   * Number of latents.
   *
   * Default: 5. Range: 1 to 256.
   */
  latentDim?: number;
  /**
   * Widths of the hidden dense layers of encoder, decoder and prior (LeakyReLU, slope 0.1); of images they follow the convolutions.
   *
   * Default: [50,50].
   *
   * @minItems 1
   * @maxItems 8
   */
  hidden?:
    | [number]
    | [number, number]
    | [number, number, number]
    | [number, number, number, number]
    | [number, number, number, number, number]
    | [number, number, number, number, number, number]
    | [number, number, number, number, number, number, number]
    | [number, number, number, number, number, number, number, number];
  /**
   * How inputs become latents: by dense layers, or by convolutions that halve an image up to four times and dense layers. `auto`:
   * convolutions where the data are images of one view, at least 4 x 4 pixels large.
   *
   * Default: "auto".
   */
  encoder?: Encoder;
  /**
   * How latents become inputs: by a dense network, one linear layer, or the mirror of the convolutional encoder. `auto`: the mirror
   * where the data are such images, else a network.
   *
   * Default: "auto".
   */
  decoder?: Decoder;
  /**
   * Variance of an input given the latents, in squared standard deviations of the input. It is not learned: the smaller,
   * the more the reconstruction counts beside the prior.
   *
   * Default: 0.01. Range: 0 to 1000.
   */
  decoderVariance?: number;
  /**
   * Gradient steps.
   *
   * Default: 10000. Range: 1 to 100000000.
   */
  steps?: number;
  /**
   * Peak learning rate of Adam.
   *
   * Default: 0.001. Range: 0 to 10.
   */
  learningRate?: number;
  /**
   * Rows per step; at most all training rows.
   *
   * Default: 256. Range: 1 to 1048576.
   */
  batchSize?: number;
  /**
   * Norm that gradients are cut down to; 0 takes them as they are. Helps when single rows are extreme.
   *
   * Default: 0. Range: 0 to 1000000000.
   */
  clipNorm?: number;
  /**
   * Checks on validation rows, 25 over all steps, without a new lowest loss after which training ends early; 0: never.
   *
   * Default: 0. Range: 0 to 1000.
   */
  patience?: number;
  /**
   * Parameters kept at the end: those with the lowest loss on validation rows, or the last ones.
   *
   * Default: "last".
   */
  keep?: Keep;
}
