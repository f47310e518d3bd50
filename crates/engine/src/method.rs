//! What a method supplies. It never owns the loop: `train` drives every method the same way.

mod solving;
mod stage;

pub use solving::Solving;
pub use stage::{Batching, Constraints, Keep, Recipe, Stage};

use crate::mechanisms::Mechanisms;
use crate::results::{
    Assumption, CausalGraph, Choice, Conditioned, Fact, Identification, LatentMap, Loadings, NamedMatrix, OutcomeKind,
    Silence, TaskRoles, TreeSummary, latent_names,
};
use crate::rows;
use disentangle_nn::{Layer, Params};

use disentangle_data::dataset::Role;
use disentangle_data::prepare::{Prepared, Warning};
use disentangle_data::{Matrix, Result, Stream, View, views};
use disentangle_nn::{Device, Tensor};
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::collections::BTreeMap;

/// What the parameters of a network depend on: known from the data when fitting, from the artifact when loading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dimensions {
    /// Input columns.
    pub inputs: usize,
    /// Named ranges of them: modalities and images, at least one. Left out of artifacts where it is the one of all columns.
    #[serde(default, skip_serializing_if = "views::is_plain")]
    pub views: Vec<View>,
    /// Parent of each tree node; empty without a tree.
    pub parents: Vec<Option<usize>>,
    /// Target columns.
    #[serde(default)]
    pub targets: usize,
    /// Environments, or nodes of their tree; 0 without.
    #[serde(default)]
    pub environments: usize,
    /// Tasks that rows are labelled with; 0 without such labels.
    #[serde(default)]
    pub tasks: usize,
    /// Tasks, of either form, whose target has two values.
    #[serde(default)]
    pub binary: Vec<usize>,
}

impl Dimensions {
    /// Of the data that a method is fitted to.
    pub fn of(data: &Prepared) -> Self {
        Self {
            inputs: data.inputs.cols(),
            views: data.views.clone(),
            parents: rows::parents(data),
            environments: data.environments.as_ref().map_or(0, |environments| environments.names.len()),
            targets: data.targets.as_ref().map_or(0, |targets| targets.names.len()),
            tasks: data.labels.get(&Role::Task).map_or(0, |labels| labels.levels.len()),
            binary: data.binary_tasks(),
        }
    }
}

/// Everything a fitted model is: trained parameters, the network over them, and the results of solved stages.
pub struct State {
    /// What gradients train.
    pub params: Params,
    /// The network whose parameters they are.
    pub network: Box<dyn Network>,
    /// What is solved for, by name, in double precision.
    pub solved: BTreeMap<String, Matrix<f64>>,
}

/// Rows of one step.
#[derive(Debug)]
pub struct Batch {
    /// (b, d), standardised.
    pub inputs: Tensor,
    /// Standardised: (b) with one target or none (then empty), (b, t) with several. NaN marks a gap.
    pub targets: Tensor,
    /// The same, row-major, as it was before it came to the device: what a loss is built by, such as where gaps are, is not read back.
    pub given: Vec<f32>,
    /// Tree node (or environment) of each row.
    pub nodes: Vec<u32>,
    /// Task of each row; empty where rows are not labelled with tasks.
    pub tasks: Vec<u32>,
    /// Where random numbers of this batch come from: they depend on (seed, step) alone, so a resumed fit draws the same.
    pub draws: Stream,
    /// Name of the descent that asks: a method with several may have a loss for each.
    pub stage: &'static str,
    /// What the loss is asked for.
    pub phase: Phase,
    /// Share of the steps of the stage that have been taken, in \[0, 1]: a loss may sharpen on the way.
    pub progress: f64,
}

/// What a loss is asked for: layers that learn from batches, such as batch normalisation, tell training from looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// To take a step.
    Train,
    /// To look at it.
    Evaluate,
}

/// One named, weighted term of the loss: a scalar.
#[derive(Debug)]
pub struct Term {
    /// For example `fit` or `changes`.
    pub name: &'static str,
    /// Its weighted value; the loss is the sum of all terms.
    pub value: Tensor,
}

/// A hyper-parameter that validation error decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidates {
    /// For example `latentDim`.
    pub parameter: &'static str,
    /// Values to try, ascending; the smallest that is good enough is taken.
    pub values: Vec<usize>,
    /// What left only one value, where a rule of the method decided without fitting.
    pub decided: Option<Choice>,
}

impl Candidates {
    /// Values that are each fitted.
    pub fn tried(parameter: &'static str, values: Vec<usize>) -> Self {
        Self { parameter, values, decided: None }
    }

    /// The one value that a rule chose.
    pub fn decided(parameter: &'static str, choice: Choice) -> Self {
        Self { parameter, values: vec![choice.chosen], decided: Some(choice) }
    }
}

/// What a method says about its own fit, beyond what every fit has.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// What a prior is conditioned on.
    pub conditioned: Option<Conditioned>,
    /// Linear heads on standardised latents and targets.
    pub heads: Option<NamedMatrix>,
    /// The tree with its changes.
    pub tree: Option<TreeSummary>,
    /// The role of every latent in every task.
    pub tasks: Option<TaskRoles>,
    /// When each latent is silent.
    pub silence: Option<Silence>,
    /// How inputs depend on latents.
    pub loadings: Option<Loadings>,
    /// The map of a closed-form stage.
    pub map: Option<LatentMap>,
    /// The causal graph of the latents.
    pub graph: Option<CausalGraph>,
    /// What the method chose by itself, with the curves that decided.
    pub choices: Vec<Choice>,
    /// Which latents the data identify.
    pub identification: Vec<Identification>,
    /// Assumptions checked.
    pub assumptions: Vec<Assumption>,
    /// Warnings.
    pub warnings: Vec<Warning>,
    /// Further numbers.
    pub facts: Vec<Fact>,
}

impl State {
    /// A state with these solved results, and its network at its initial values.
    ///
    /// # Errors
    /// Those of candle.
    pub fn new(
        method: &dyn Method,
        dimensions: &Dimensions,
        solved: BTreeMap<String, Matrix<f64>>,
        device: &Device,
        seed: u64,
    ) -> disentangle_nn::Result<Self> {
        let mut params = Params::new(device);
        let network = match method.solved_network(&solved, &mut params, seed)? {
            Some(network) => network,
            None => method.network(dimensions, &mut params, seed)?,
        };
        Ok(Self { params, network, solved })
    }

    /// Takes the network that the solved results ask for, at its initial values.
    ///
    /// # Errors
    /// Those of candle.
    pub fn grow(&mut self, method: &dyn Method, seed: u64) -> disentangle_nn::Result<()> {
        let mut params = Params::new(self.params.device());
        if let Some(network) = method.solved_network(&self.solved, &mut params, seed)? {
            (self.params, self.network) = (params, network);
        }
        Ok(())
    }

    /// The network as the type that its method made, for what the trait does not offer; `None` for another type.
    pub fn network_as<N: Network>(&self) -> Option<&N> {
        let network: &dyn Any = self.network.as_ref();
        network.downcast_ref()
    }
}

/// A network over named parameters. Several threads may ask it at the same time.
pub trait Network: Send + Sync + Any {
    /// The loss on a batch, as named terms; the first is the data term, on which validation rows are scored.
    ///
    /// # Errors
    /// Those of candle.
    fn loss(&self, batch: &Batch) -> disentangle_nn::Result<Vec<Term>>;

    /// What the descent of this name sees in place of inputs (b, d): the output of layers that rest while it runs, outside any
    /// graph; `None`: the inputs themselves. It is computed once for all given rows.
    ///
    /// # Errors
    /// Those of candle.
    fn view(&self, _stage: &str, _inputs: &Tensor) -> disentangle_nn::Result<Option<Tensor>> {
        Ok(None)
    }

    /// Latents (b, k) of inputs (b, d), outside any graph and before any solved map.
    ///
    /// # Errors
    /// Those of candle.
    fn encode(&self, inputs: &Tensor) -> disentangle_nn::Result<Tensor>;

    /// Numbers that a gradient step holds of each row in layers whose widths the shapes of their parameters do not tell, such as
    /// feature maps of images: what they give, and its gradient.
    fn held_per_row(&self) -> usize {
        0
    }

    /// Whether the environment of a row changes its latents, where it is known.
    fn by_environment(&self) -> bool {
        false
    }

    /// As [`Network::encode`], of rows whose environments are known: as many places in the environments of the fit.
    ///
    /// # Errors
    /// Those of candle.
    fn encode_in(&self, inputs: &Tensor, _environments: &[u32]) -> disentangle_nn::Result<Tensor> {
        self.encode(inputs)
    }

    /// Inputs (b, d) of what `encode` gives (b, k), outside any graph; `None`: the network has no decoder. The solved map is
    /// undone before, the standardisation after (`crate::decode`).
    ///
    /// # Errors
    /// Those of candle.
    fn decode(&self, _codes: &Tensor) -> disentangle_nn::Result<Option<Tensor>> {
        Ok(None)
    }

    /// What [`Network::encode`] computes, layer after layer, for programs that run the model by themselves; `None`: it is not
    /// written down.
    ///
    /// # Errors
    /// Those of candle.
    fn encoder_layers(&self) -> disentangle_nn::Result<Option<Vec<Layer>>> {
        Ok(None)
    }

    /// What [`Network::decode`] computes, as [`Network::encoder_layers`].
    ///
    /// # Errors
    /// Those of candle.
    fn decoder_layers(&self) -> disentangle_nn::Result<Option<Vec<Layer>>> {
        Ok(None)
    }
}

/// A method with its configuration checked: pure functions of state and data.
pub trait Method: Send + Sync {
    /// The method's options with every default settled, as they are written to a run folder.
    fn config(&self) -> serde_json::Value;

    /// Checks what the method needs from the data, before anything is computed.
    ///
    /// # Errors
    /// `DATA_NEEDS_ENVIRONMENTS`, `DATA_NEEDS_TARGET`, `DATA_NEEDS_TREE`, `CONFIG_OUT_OF_RANGE` and the like.
    fn check(&self, data: &Prepared) -> Result<()>;

    /// A hyper-parameter to be chosen by validation error, if the user left one open.
    fn candidates(&self, _: &Prepared) -> Option<Candidates> {
        None
    }

    /// The same method with one of its candidates.
    ///
    /// # Panics
    /// A method without candidates.
    fn with_candidate(&self, _: usize) -> Box<dyn Method> {
        unreachable!("a method with candidates says what it is with one of them")
    }

    /// Names of the truth tables it can use where the run's `oracle` shows them; they are then in [`Prepared::oracle`].
    fn oracles(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether it learns from rows that lack views, too: they are then in [`Prepared::incomplete`].
    fn learns_from_incomplete(&self) -> bool {
        false
    }

    /// The stages, in order.
    fn stages(&self, data: &Prepared) -> Vec<Stage>;

    /// Whether the descent of this name has something to do, after what the stages before it found.
    fn wants(&self, _stage: &str, _state: &State) -> bool {
        true
    }

    /// Creates the parameters and the network over them.
    ///
    /// # Errors
    /// Those of candle.
    fn network(
        &self,
        dimensions: &Dimensions,
        params: &mut Params,
        seed: u64,
    ) -> disentangle_nn::Result<Box<dyn Network>>;

    /// The network that solved results ask for in place of [`Method::network`]'s, with its parameters added; `None`, and none added: they
    /// ask for no other. A solved stage that finds the shape of what is trained after it calls [`State::grow`].
    ///
    /// # Errors
    /// Those of candle.
    fn solved_network(
        &self,
        _: &BTreeMap<String, Matrix<f64>>,
        _: &mut Params,
        _seed: u64,
    ) -> disentangle_nn::Result<Option<Box<dyn Network>>> {
        Ok(None)
    }

    /// Runs a solved stage; says how it ended: `Converged` when there is nothing more to do, `Cancelled` with the state as
    /// it was. Long stages look at [`Solving::cancelled`].
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR` and the like.
    fn solve(&self, stage: &str, data: &Prepared, state: &mut State, solving: &mut Solving<'_>) -> Result<OutcomeKind>;

    /// Standardised target of each row from its latents (n, k) and tree node; `None` where there is none, or where a row
    /// alone does not say for which of many tasks it is wanted.
    fn predict(&self, _: &State, _: &Matrix, _: &[u32]) -> Option<Vec<f32>> {
        None
    }

    /// Squared errors on validation rows by which candidates are compared, where [`Method::predict`] does not give them.
    ///
    /// # Errors
    /// Those of encoding and of solving.
    fn validation_errors(&self, _: &Prepared, _: &State) -> Result<Option<Vec<f64>>> {
        Ok(None)
    }

    /// Names of the latents of a fit: `z1`, `z2`, ... unless a method has its own.
    fn latent_names(&self, _: &Dimensions, _inputs: &[String], _: &State, latents: usize) -> Vec<String> {
        latent_names(latents)
    }

    /// How the latents cause each other, for interventions and counterfactuals; `None`: the method does not say.
    ///
    /// # Errors
    /// `ARTIFACT_CORRUPT` when the state lacks a part of them.
    fn mechanisms<'a>(&'a self, _: &'a State) -> Result<Option<Box<dyn Mechanisms + 'a>>> {
        Ok(None)
    }

    /// The view that each variable is computed from, where it is from one alone: then rows that lack a view have the variables of the others.
    /// `None`: latents need all inputs.
    fn by_view(&self, _: &Dimensions, _: &State) -> Option<ByView> {
        None
    }

    /// What the method says about its fit.
    ///
    /// # Errors
    /// `NUMERIC_NOT_FINITE` and the like.
    fn findings(&self, data: &Prepared, state: &State, latents: &Matrix) -> Result<Findings>;
}

/// The view of every variable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ByView {
    /// Place of the view of each latent.
    pub latents: Vec<usize>,
    /// The same of each private variable ([`PRIVATE`]), with its name.
    pub private: Vec<(String, usize)>,
}

/// Name of the solved matrix that maps encodings to private variables, which have no part in the graph: private = map x encoding +
/// [`PRIVATE_OFFSET`]. Absent: there are none.
pub const PRIVATE: &str = "private";

/// Name of the solved row (1 x p) that belongs to [`PRIVATE`].
pub const PRIVATE_OFFSET: &str = "privateOffset";

/// Name of the solved matrix that maps encoded latents to final ones: latents = map x encoding (+ [`OFFSET`]).
pub const MAP: &str = "map";

/// Name of the solved row (1 x k) that is added after the map: latents = map x encoding + offset. Absent: nothing is added.
pub const OFFSET: &str = "offset";

/// Name of the solved row of mean encodings of the training rows: directions that [`MAP`] drops are decoded to it. Absent: 0.
pub const CENTER: &str = "center";

/// Name of the solved matrix that leads from latents back to encodings, both from their centers. Absent: the pseudo-inverse of
/// [`MAP`]. For methods whose latents are a mean given the inputs, not an inverse of what makes them.
pub const UNMAP: &str = "unmap";
