//! The stages that are solved: the reduction, the best starts, the axes and the order, and the graph.

use super::causes::Fitted;
use super::config::{Algorithm, FINALISTS, LatentAnmConfig};
use super::network::{AXES, AnmNetwork, FLOW_NAMES, NAMES, REDUCTION, Sizes, flow_view, identity, initial_flow, sharp};
use super::published::PublishedNetwork;
use super::solved::{
    ABSORBED, APART, EVIDENCE, LONG, MAGNITUDES, MARGIN, NOISE, NONLINEAR, ORDER, SHORT, SORTED, UNCHANGED, UNMIXED,
};
use crate::linear::keep;
use crate::regression::{parameter, scale_latents};
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Failure, Matrix, Result};
use disentangle_engine::method::{Solving, State};
use disentangle_engine::results::OutcomeKind;
use disentangle_engine::train;
use disentangle_nn::{NamedValues, Tensor, host, internal};
use disentangle_numerics::compute::Compute;
use disentangle_numerics::joint_diagonalization::{Bounds, Covariances, diagonalize};
use disentangle_numerics::linalg::log_abs_det;
use disentangle_numerics::moments::{covariance, covariance_of_rows};
use disentangle_numerics::principal_axes::PrincipalAxes;
use disentangle_numerics::shift::{
    Asked, Density, GroupedRows, Head, Kind, MechanismShape, Random, absorbed, apart, evaluate, latents, likeliest,
    nonlinear, pair, profile, search, unchanged,
};
use std::collections::BTreeMap;

/// The leading principal axes.
pub const REDUCE: &str = "reduce";
/// The best starts.
pub const CHOOSE: &str = "choose";
/// Causal order of inputs that are the latents themselves.
pub const SORT: &str = "sort";
/// Axes and causal order of the codes.
pub const UNMIX: &str = "unmix";
/// Axes and causal order once more, of codes that the flow has unbent since.
pub const TURN: &str = "turn";
/// Unit variance of published latents, and what environments say of them.
pub const SCALE: &str = "scale";
/// Order and parents of the final latents.
pub const GRAPH: &str = "graph";

/// Starts of the joint diagonalization.
const AXES_STARTS: usize = 6;
/// Random starts of the likeliest axes.
const RANDOM_AXES: u32 = 5;
/// Rows that are reduced at once.
const CHUNK: usize = 4096;
/// Objectives this close to the best are the same optimum.
const SAME_OPTIMUM: f64 = 1e-3;

/// Runs a solved stage.
///
/// # Errors
/// `NUMERIC_SINGULAR` and those of candle.
pub fn solve(
    config: &LatentAnmConfig,
    stage: &str,
    data: &Prepared,
    state: &mut State,
    solving: &mut Solving<'_>,
) -> Result<OutcomeKind> {
    let environments = data.environments.as_ref().map_or(0, |environments| environments.names.len());
    let sizes = Sizes::of(config, data.inputs.cols(), environments);
    match stage {
        REDUCE => reduce(sizes, data, state)?,
        CHOOSE => choose(sizes, data, state, solving.seed)?,
        SORT => sort(sizes, data, state)?,
        UNMIX => return unmix(sizes, data, state, solving),
        TURN => return turn(sizes, data, state, solving),
        SCALE => return scale(data, state, solving),
        _ => graph(config, environments, data, state)?,
    }
    Ok(OutcomeKind::Converged)
}

fn reduce(sizes: Sizes, data: &Prepared, state: &mut State) -> Result<()> {
    let axes = PrincipalAxes::leading(data, sizes.flow.size)?;
    keep(&axes, state);
    replace(state, &[(REDUCTION, axes.whitening(sizes.flow.size).data())])
}

/// Environments of the training rows.
fn nodes_of(data: &Prepared, train: &[usize]) -> Vec<u32> {
    train.iter().map(|&row| data.nodes[row]).collect()
}

/// Training rows as the flow sees them, with the environment of each.
fn given(data: &Prepared, state: &State) -> Result<(Matrix, Vec<u32>)> {
    let train = data.rows_of(Split::Train);
    let network = state.network_as::<AnmNetwork>().expect("this method made the network");
    let (mut values, mut width) = (Vec::new(), 0);
    for rows in train.chunks(CHUNK) {
        let inputs = data.inputs.select_rows(rows);
        let size = (inputs.rows(), inputs.cols());
        let seen = Tensor::from_vec(inputs.into_data(), size, state.params.device())
            .and_then(|inputs| network.reduced(&inputs))
            .and_then(|seen| Ok((seen.dim(1)?, host::singles(&seen)?)));
        let (columns, seen) = seen.map_err(internal)?;
        width = columns;
        values.extend(seen);
    }
    Ok((Matrix::new(train.len(), width, values)?, nodes_of(data, &train)))
}

fn grouped(nodes: &[u32]) -> Vec<(usize, Vec<u32>)> {
    let mut rows: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    nodes.iter().enumerate().for_each(|(row, &u)| rows.entry(u as usize).or_default().push(row as u32));
    rows.into_iter().collect()
}

/// Negative log-likelihoods of the first `count` starts on all training rows, not a number where they left the finite ones.
fn likelihoods(sizes: Sizes, data: &Prepared, state: &State, count: usize) -> Result<Vec<f64>> {
    let (rows, nodes) = given(data, state)?;
    let groups = grouped(&nodes);
    let flow = flow_values(state)?;
    let of = |start| Density {
        latents: sizes.flow.size,
        flow: Some(flow_view(sizes.flow, &flow, start, sharp())),
        axes: None,
        head: Head::Full,
    };
    let densities: Vec<Density<'_, f32>> = (0..count).map(of).collect();
    let rows = GroupedRows { values: rows.data(), groups: &groups };
    Ok(evaluate(&densities, rows, Asked::Value, Compute::current()).into_iter().map(|found| found.value).collect())
}

/// Starts from the likeliest one down.
fn ranked(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    let key = |i: usize| if values[i].is_finite() { values[i] } else { f64::INFINITY };
    order.sort_by(|&a, &b| key(a).total_cmp(&key(b)).then(a.cmp(&b)));
    order
}

/// Puts the likeliest starts first, back where they began: annealed once more, they get further than they would go on.
fn choose(sizes: Sizes, data: &Prepared, state: &mut State, seed: u64) -> Result<()> {
    let values = likelihoods(sizes, data, state, sizes.starts)?;
    let order = ranked(&values);
    state.solved.insert(SHORT.into(), Matrix::new(1, values.len(), values)?);
    let initial = initial_flow(sizes, seed);
    let moved = initial.each_ref().map(|values| {
        let size = values.len() / sizes.starts;
        order.iter().flat_map(|&s| values[s * size..(s + 1) * size].iter().copied()).collect::<Vec<f64>>()
    });
    replace(state, &[(FLOW_NAMES[0], &moved[0]), (FLOW_NAMES[1], &moved[1]), (FLOW_NAMES[2], &moved[2])])
}

/// Takes the likelier flow, brings its codes to unit variance, and finds the axes on which their covariances are diagonal in every
/// environment; from there the likeliest axes with additive noise, in causal order.
fn unmix(sizes: Sizes, data: &Prepared, state: &mut State, solving: &mut Solving<'_>) -> Result<OutcomeKind> {
    let values = likelihoods(sizes, data, state, sizes.starts.min(FINALISTS))?;
    let best = ranked(&values)[0];
    state.solved.insert(LONG.into(), Matrix::new(1, values.len(), values)?);
    let mut flow = wide_flow(state)?;
    for values in &mut flow {
        let size = values.len() / sizes.starts;
        values.copy_within(best * size..(best + 1) * size, 0);
    }
    let (codes, nodes, _) = standardised(sizes, data, state, flow)?;
    let Some(map) = axes_of(&codes, &nodes, state, solving)? else {
        return Ok(OutcomeKind::Cancelled);
    };
    place_axes(sizes, (&codes, &nodes), (&map, RANDOM_AXES), state, solving)
}

/// The likeliest axes from the present ones.
fn turn(sizes: Sizes, data: &Prepared, state: &mut State, solving: &mut Solving<'_>) -> Result<OutcomeKind> {
    let k = sizes.flow.size;
    let present = parameter(state, AXES)?;
    replace(state, &[(AXES, &identity(k))])?;
    let flow = wide_flow(state)?;
    let (codes, nodes, scales) = standardised(sizes, data, state, flow)?;
    let map = Matrix::from_fn(k, k, |i, j| present.data()[j * k + i] * scales[j]);
    place_axes(sizes, (&codes, &nodes), (&map, 0), state, solving)
}

/// Puts the likeliest axes in place, from given ones (one a row) and so many random ones, and begins the mechanisms.
fn place_axes(
    sizes: Sizes,
    (codes, nodes): (&Matrix, &[u32]),
    (start, starts): (&Matrix<f64>, u32),
    state: &mut State,
    solving: &mut Solving<'_>,
) -> Result<OutcomeKind> {
    let k = sizes.flow.size;
    let random = Random { starts, seed: solving.seed };
    let go_on = || !solving.cancelled();
    let Some(found) = likeliest(codes, nodes, start, sizes.mechanisms.kind, random, go_on)? else {
        return Ok(OutcomeKind::Cancelled);
    };
    let axes: Vec<f64> = (0..k * k).map(|e| found[(e % k, e / k)]).collect();
    replace(state, &[(AXES, &axes)])?;
    if sizes.mechanisms.kind == Kind::Mlp {
        begin_mechanisms(sizes.mechanisms, &latents(codes, &found), nodes, state)?;
    }
    Ok(OutcomeKind::Converged)
}

/// Axes on which the covariances of codes are diagonal in every environment, one a row, with what they say of the environments among the
/// solved results; `None`: the fit was cancelled.
fn axes_of(codes: &Matrix, nodes: &[u32], state: &mut State, solving: &mut Solving<'_>) -> Result<Option<Matrix<f64>>> {
    let (k, n) = (codes.cols(), codes.rows() as f64);
    let groups = grouped(nodes);
    let of = |rows: &[u32]| covariance_of_rows(codes, &rows.iter().map(|&row| row as usize).collect::<Vec<_>>());
    let matrices: Vec<Matrix<f64>> = groups.iter().map(|(_, rows)| of(rows)).collect();
    let within = matrices.iter().map(log_abs_det).sum::<f64>() / matrices.len() as f64;
    let total = covariance(codes);
    let gain = 0.5 * (log_abs_det(&total) - within);
    let covariances = Covariances::new(&matrices, &vec![1.0; matrices.len()], Bounds { least: 1e-9, most: 1e9 });
    let found = diagonalize(&covariances, AXES_STARTS, solving.seed, |start, value| {
        solving.progress(start, AXES_STARTS, if value.is_finite() { value } else { 0.0 });
        !solving.cancelled()
    })?;
    let Some(found) = found else { return Ok(None) };
    let agreeing = found.objectives.iter().filter(|v| **v - found.point.value < SAME_OPTIMUM).count();
    let errors = covariances.mixing_errors(&found.point, codes.rows());
    let worst = errors.data().iter().copied().fold(0.0, f64::max);
    // Likelihood ratio of one Gaussian for all rows, by its degrees of freedom: about 1 where environments are alike.
    let freedom = (groups.len() - 1) as f64 * (k + k * (k + 1) / 2) as f64;
    let explained = 2.0 * n * gain / freedom;
    let share = agreeing as f64 / found.objectives.len() as f64;
    state.solved.insert(UNMIXED.into(), Matrix::new(1, 3, vec![share, worst, explained])?);
    Ok(Some(found.point.map))
}

/// Published latents, of unit variance.
fn scale(data: &Prepared, state: &mut State, solving: &mut Solving<'_>) -> Result<OutcomeKind> {
    scale_latents(data, state)?;
    let train = data.rows_of(Split::Train);
    let z = train::encode_rows(state, &data.inputs, &train)?;
    Ok(match axes_of(&z, &nodes_of(data, &train), state, solving)? {
        Some(_) => OutcomeKind::Converged,
        None => OutcomeKind::Cancelled,
    })
}

/// Puts inputs that are the latents themselves in causal order.
fn sort(sizes: Sizes, data: &Prepared, state: &mut State) -> Result<()> {
    let k = sizes.flow.size;
    let flow = wide_flow(state)?;
    let (z, nodes, _) = standardised(sizes, data, state, flow)?;
    let order = search(&z, &nodes)?.order;
    let axes: Vec<f64> = (0..k * k).map(|e| f64::from(u8::from(order[e % k] == e / k))).collect();
    replace(state, &[(AXES, &axes)])?;
    state.solved.insert(SORTED.into(), Matrix::new(1, k, order.iter().map(|&i| i as f64).collect())?);
    if sizes.mechanisms.kind == Kind::Mlp {
        begin_mechanisms(sizes.mechanisms, &z.select_cols(&order), &nodes, state)?;
    }
    Ok(())
}

/// Places a flow so that its codes have mean 0 and variance 1 on training rows; gives these codes, the environment of each row, and
/// what columns were divided by.
fn standardised(
    sizes: Sizes,
    data: &Prepared,
    state: &State,
    mut flow: [Vec<f64>; 3],
) -> Result<(Matrix, Vec<u32>, Vec<f64>)> {
    place_flow(state, &flow)?;
    let train = data.rows_of(Split::Train);
    let codes = train::codes_of_rows(state, &data.inputs, &train)?;
    let (n, k, last) = (codes.rows() as f64, sizes.flow.size, sizes.flow.bends);
    let mut scales = Vec::with_capacity(k);
    for j in 0..k {
        let mean = (0..codes.rows()).map(|i| f64::from(codes[(i, j)])).sum::<f64>() / n;
        let sd = ((0..codes.rows()).map(|i| (f64::from(codes[(i, j)]) - mean).powi(2)).sum::<f64>() / n).sqrt();
        let sd = if sd > 0.0 { sd } else { 1.0 };
        (0..k).for_each(|i| flow[0][last * k * k + i * k + j] /= sd);
        flow[1][last * k + j] = (flow[1][last * k + j] - mean) / sd;
        scales.push(sd);
    }
    place_flow(state, &flow)?;
    Ok((train::codes_of_rows(state, &data.inputs, &train)?, nodes_of(data, &train), scales))
}

/// Coefficients of the inputs begin as least squares sees the mechanisms move; those of the outputs at 1.
fn begin_mechanisms(shape: MechanismShape, z: &Matrix, nodes: &[u32], state: &State) -> Result<()> {
    let (k, u, pairs) = (shape.latents, shape.environments, shape.pairs());
    let mut scales = vec![1.0; u * pairs];
    for i in 1..k {
        let parents: Vec<usize> = (0..i).collect();
        for (e, value) in profile(z, nodes, u, i, &parents)?.into_iter().enumerate() {
            scales[e * pairs + pair(i)..][..i].fill(value);
        }
    }
    if pairs == 0 { Ok(()) } else { replace(state, &[(NAMES[0], &scales)]) }
}

fn graph(config: &LatentAnmConfig, environments: usize, data: &Prepared, state: &mut State) -> Result<()> {
    let train = data.rows_of(Split::Train);
    let nodes = nodes_of(data, &train);
    let z = train::encode_rows(state, &data.inputs, &train)?;
    let found = search(&z, &nodes)?;
    let k = z.cols();
    let share = |i: usize| -> Result<f64> {
        let share = unchanged(&z, &nodes, i, &found.parents[i]).map_err(|failure| unchecked(config, i, &failure))?;
        Ok(share.unwrap_or(f64::NAN))
    };
    let shares: Vec<f64> = (0..k).map(share).collect::<Result<_>>()?;
    let curves = nonlinear(&z, &nodes, &found)?;
    let curves = Matrix::from_fn(2, k, |row, i| match (row, curves[i]) {
        (_, None) => f64::NAN,
        (0, Some(curve)) => curve.evidence,
        (_, Some(curve)) => curve.line,
    });
    let sums = absorbed(&z, &nodes, &found)?;
    let sums = Matrix::from_fn(4, k, |row, i| match (row, sums[i]) {
        (0, None) => f64::NAN,
        (_, None) => 0.0,
        (0, Some(sum)) => sum.evidence,
        (1, Some(sum)) => sum.with as f64,
        (2, Some(sum)) => sum.effect as f64,
        (_, Some(sum)) => f64::from(u8::from(sum.later)),
    });
    // Rows that the latents were not fitted to say as much of them.
    let seen = [train, data.rows_of(Split::Validation)].concat();
    let planes = apart(&train::encode_rows(state, &data.inputs, &seen)?, &nodes_of(data, &seen), &found);
    let planes = Matrix::from_fn(2, k, |row, i| match (row, planes[i]) {
        (0, plane) => plane.map_or(f64::NAN, |plane| plane.gap),
        (_, plane) => plane.map_or(0.0, |plane| plane.with as f64),
    });
    let order: Vec<f64> = found.order.iter().map(|&i| i as f64).collect();
    // What the search has chosen is an edge, however little it gains.
    let evidence = Matrix::from_fn(k, k, |j, i| match found.parents[i].contains(&j) {
        true => found.evidence[(j, i)].max(f64::MIN_POSITIVE),
        false => found.evidence[(j, i)].min(0.0),
    });
    let [means, scales] = noise(Fitted::of(config, state)?.as_ref(), environments, &z.to_f64(), &nodes)?;
    if config.algorithm == Algorithm::Paper {
        let network = state.network_as::<PublishedNetwork>().expect("this method made the network");
        let known: Vec<u32> = grouped(&nodes).into_iter().map(|(u, _)| u as u32).collect();
        let magnitudes = network.magnitudes(&known).map_err(internal)?;
        state.solved.insert(MAGNITUDES.into(), magnitudes);
    }
    for (name, table) in [
        (EVIDENCE, evidence),
        (MARGIN, Matrix::new(1, 1, vec![found.margin])?),
        (ORDER, Matrix::new(1, k, order)?),
        (UNCHANGED, Matrix::new(1, k, shares)?),
        (NONLINEAR, curves),
        (ABSORBED, sums),
        (APART, planes),
        (NOISE[0], means),
        (NOISE[1], scales),
    ] {
        state.solved.insert(name.into(), table);
    }
    Ok(())
}

/// What to do where least squares of a final latent is not finite.
fn unchecked(config: &LatentAnmConfig, latent: usize, why: &Failure) -> Failure {
    let kind = serde_json::to_value(config.mechanisms).map_or_else(|_| String::new(), |kind| kind.to_string());
    let message = format!(
        "latent {}, fitted with mechanisms {kind}: least squares on its parents, environment by environment, cannot be computed: {}",
        latent + 1,
        why.message
    );
    let hint = match config.mechanisms {
        Kind::Mlp => "try another `seed`, or a smaller `latentDim`",
        _ => "set `mechanisms: \"mlp\"`, or try another `seed`",
    };
    Failure::new(why.code, message).at("mechanisms").hint(hint).with("latent", latent + 1)
}

/// Means and standard deviations of what the mechanisms leave, environments x k; those over all rows where there are none.
fn noise(fitted: Option<&Fitted<'_>>, environments: usize, z: &Matrix<f64>, nodes: &[u32]) -> Result<[Matrix<f64>; 2]> {
    let k = z.cols();
    let (mut means, mut scales) = (Matrix::zeros(environments, k), Matrix::zeros(environments, k));
    for i in 0..k {
        let of_mechanism = match fitted {
            Some(fitted) => fitted.mean(i, z, nodes)?,
            None => vec![0.0; z.rows()],
        };
        let residual: Vec<f64> = (0..z.rows()).map(|r| z[(r, i)] - of_mechanism[r]).collect();
        let (mut counts, mut sums, mut squares) =
            (vec![0.0; environments], vec![0.0; environments], vec![0.0; environments]);
        for (value, &u) in residual.iter().zip(nodes) {
            (counts[u as usize], sums[u as usize]) = (counts[u as usize] + 1.0, sums[u as usize] + value);
        }
        let average: Vec<f64> = (0..environments).map(|u| sums[u] / f64::max(counts[u], 1.0)).collect();
        residual.iter().zip(nodes).for_each(|(value, &u)| squares[u as usize] += (value - average[u as usize]).powi(2));
        let n = residual.len() as f64;
        let mean = sums.iter().sum::<f64>() / n;
        let sd = (residual.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
        for u in 0..environments {
            let known = counts[u] > 0.0;
            means[(u, i)] = if known { average[u] } else { mean };
            scales[(u, i)] = if known { (squares[u] / counts[u]).sqrt() } else { sd };
        }
    }
    Ok([means, scales])
}

/// The tables of the mechanisms that were taken, in double precision.
pub(super) fn mechanism_tables(sizes: Sizes, state: &State) -> Result<Vec<Vec<f64>>> {
    let of = |(size, name): (usize, &str)| match size {
        0 => Ok(Vec::new()),
        _ => Ok(parameter(state, name)?.into_data()),
    };
    sizes.mechanisms.sizes().into_iter().zip(NAMES).map(of).collect()
}

fn flow_values(state: &State) -> Result<[Vec<f32>; 3]> {
    let of = |name: &str| Ok(parameter(state, name)?.into_data().into_iter().map(|v| v as f32).collect());
    Ok([of(FLOW_NAMES[0])?, of(FLOW_NAMES[1])?, of(FLOW_NAMES[2])?])
}

/// The same in double precision.
fn wide_flow(state: &State) -> Result<[Vec<f64>; 3]> {
    Ok(flow_values(state)?.map(|values| values.into_iter().map(f64::from).collect()))
}

fn place_flow(state: &State, flow: &[Vec<f64>; 3]) -> Result<()> {
    replace(state, &[(FLOW_NAMES[0], &flow[0]), (FLOW_NAMES[1], &flow[1]), (FLOW_NAMES[2], &flow[2])])
}

/// Replaces parameters and buffers by name.
fn replace(state: &State, new: &[(&str, &[f64])]) -> Result<()> {
    let exported = state.params.export().map_err(internal)?;
    let values = exported.into_iter().map(|old| match new.iter().find(|(name, _)| *name == old.name) {
        Some((_, values)) => NamedValues { values: values.iter().map(|&v| v as f32).collect(), ..old },
        None => old,
    });
    state.params.import(&values.collect::<Vec<_>>()).map_err(internal)
}
