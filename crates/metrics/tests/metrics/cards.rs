//! One law for all cards: what a metric claims not to notice it does not notice, and what it does not claim it does.

use crate::{BARE, normal};
use disentangle_data::orthonormal::random_rotation;
use disentangle_data::{Labels, Matrix, Stream};
use disentangle_metrics::{
    CARDS, ChangesInput, FoundGraph, Graph, GraphInput, IndicatorsInput, Invariance, NamedColumns, PcConfig,
    Probabilities, Reversal, ScoreInput, ScoredSplit, Scores, SilenceInput, score,
};

const ROWS: usize = 160;
const D: usize = 3;
const NODES: usize = 12;

/// A world in which every metric is defined and none is perfect.
struct World {
    z: Matrix<f64>,
    zhat: Matrix<f64>,
    /// True changes, and those of the heads on `zhat`.
    changes: [Matrix<f64>; 2],
    target: Vec<f64>,
    tasks: Labels,
    /// True causes of the target of each task, and how strongly the head on `zhat` speaks for each latent.
    causes: [Matrix<f64>; 2],
    environments: Labels,
    /// The graph that the method found, over the columns of `zhat`.
    found: Matrix<f64>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut stream = Stream::new(seed, "world");
        let z = normal(ROWS, D, &mut stream);
        let zhat = Matrix::from_fn(ROWS, D, |i, j| 0.4 * z[(i, j)] + stream.normal());
        let truth = Matrix::from_fn(NODES, D, |_, _| if stream.below(3) == 0 { 1.0 + stream.uniform() } else { 0.0 });
        let missed = truth.map(|v| if stream.below(5) == 0 { 1.0 } else { v });
        let heads = normal(4, D, &mut stream);
        let target: Vec<f64> = (0..ROWS).map(|i| (0..D).map(|j| z[(i, j)] * heads[(i % 4, j)]).sum()).collect();
        let causes = Matrix::from_fn(NODES, D, |_, _| if stream.below(3) == 0 { 1.0 + stream.uniform() } else { 0.0 });
        let called = causes.map(|v| if stream.below(9) == 0 { 1.0 } else { v });
        let sites: Vec<String> = (0..ROWS).map(|i| format!("site {}", i % 4)).collect();
        let tasks: Vec<String> = (0..ROWS).map(|i| format!("task {}", i % 5)).collect();
        Self {
            z,
            zhat,
            changes: [truth, missed],
            target,
            environments: Labels::encode("site", &sites),
            tasks: Labels::encode("task", &tasks),
            causes: [causes, called],
            found: Matrix::from_fn(D, D, |i, j| f64::from(u8::from(i + 1 == j))),
        }
    }

    fn scores(&self) -> Scores {
        let names = |what: &str| (0..D).map(|j| format!("{what}{j}")).collect();
        let mean = |j: usize| self.zhat.col(j).iter().sum::<f64>() / ROWS as f64;
        let spread = |j: usize| {
            let centre = mean(j);
            (self.zhat.col(j).iter().map(|v| (v - centre).powi(2)).sum::<f64>() / ROWS as f64).sqrt()
        };
        let centres: Vec<(f64, f64)> = (0..D).map(|j| (mean(j), spread(j))).collect();
        let real = |heads: &Matrix<f64>| Matrix::from_fn(NODES, D, |i, j| (heads[(i, j)] * spread(j)).abs() > 0.05);
        score(&ScoreInput {
            split: ScoredSplit::Test,
            truth: Some(NamedColumns { names: names("z"), values: self.z.clone() }),
            latents: NamedColumns { names: names("latent"), values: self.zhat.clone() },
            unrotated: Some(NamedColumns {
                names: names("u"),
                values: Matrix::from_fn(ROWS, D, |i, j| self.z[(i, j)] + 0.5 * self.z[(i, (j + 1) % D)]),
            }),
            expected: None,
            target: Some(self.target.clone()),
            environments: Some(self.environments.clone()),
            changes: Some(ChangesInput {
                truth: self.changes[0].clone(),
                real: real(&self.changes[1]),
                observed: vec![true; NODES],
            }),
            tasks: Some(self.tasks.clone()),
            indicators: Some(IndicatorsInput {
                truth: self.causes[0].map(|v| v != 0.0),
                called: real(&self.causes[1]),
            }),
            silence: Some(SilenceInput {
                truth: self.z.map(|v| v.abs() < 0.5),
                called: Matrix::from_fn(ROWS, D, |i, j| {
                    let (centre, spread) = centres[j];
                    (self.zhat[(i, j)] - centre).abs() < 0.6 * spread
                }),
            }),
            blocks: Some(vec![vec![2], vec![0, 1]]),
            graph: Some(GraphInput {
                truth: Matrix::from_fn(D, D, |i, j| if i + 1 == j { 1.0 } else { 0.0 }),
                active_truth: None,
                active_estimate: None,
                found: Some(FoundGraph::Acyclic(Graph::dag(&self.found).expect("acyclic"))),
                groups: None,
                search: PcConfig { alpha: 0.2, ..PcConfig::default() },
                reversal: Reversal::One,
            }),
            kernel: true,
            probabilities: Probabilities {
                silence: Some(Matrix::from_fn(ROWS, D, |i, j| {
                    let (centre, spread) = centres[j];
                    (-((self.zhat[(i, j)] - centre) / spread).powi(2)).exp()
                })),
                ..Probabilities::default()
            },
            left_open: vec![],
            effort: BARE,
        })
        .expect("the world is sound")
    }

    /// The same world with other latents: what a method that leaves the change open could as well have found.
    fn after(&self, change: Invariance, stream: &mut Stream) -> Self {
        let each = |f: &dyn Fn(usize, f64) -> f64| Matrix::from_fn(ROWS, D, |i, j| f(j, self.zhat[(i, j)]));
        // Heads go with the inverse transpose, so that predictions stay.
        let heads = [&self.changes[1], &self.causes[1]];
        let mixed = |forth: &Matrix<f64>, back: &Matrix<f64>| {
            (product(&self.zhat, forth), heads.map(|heads| product(heads, back)))
        };
        let sizes: [f64; D] = [0.01, 7.0, 300.0];
        let (zhat, [changes, causes]) = match change {
            Invariance::Permutation => {
                (self.zhat.select_cols(&[2, 0, 1]), heads.map(|heads| heads.select_cols(&[2, 0, 1])))
            }
            Invariance::Sign => {
                let flip = Matrix::from_fn(D, D, |i, j| {
                    if i != j {
                        0.0
                    } else if j == 1 {
                        -1.0
                    } else {
                        1.0
                    }
                });
                mixed(&flip, &flip)
            }
            Invariance::Scale => mixed(
                &Matrix::from_fn(D, D, |i, j| if i == j { sizes[j] } else { 0.0 }),
                &Matrix::from_fn(D, D, |i, j| if i == j { 1.0 / sizes[j] } else { 0.0 }),
            ),
            Invariance::Shift => (each(&|j, v| v + [3.0, -8.0, 0.1][j]), heads.map(Clone::clone)),
            Invariance::Monotone => (each(&|_, v| (9.0 * v).exp()), heads.map(Clone::clone)),
            Invariance::Rotation => {
                let turn = random_rotation(D, stream);
                mixed(&turn, &turn)
            }
            Invariance::Linear => {
                let turn = random_rotation(D, stream);
                mixed(
                    &Matrix::from_fn(D, D, |i, j| turn[(i, j)] * sizes[j]),
                    &Matrix::from_fn(D, D, |i, j| turn[(i, j)] / sizes[j]),
                )
            }
        };
        Self {
            z: self.z.clone(),
            zhat,
            changes: [self.changes[0].clone(), changes],
            target: self.target.clone(),
            environments: self.environments.clone(),
            tasks: self.tasks.clone(),
            causes: [self.causes[0].clone(), causes],
            found: match change {
                Invariance::Permutation => self.found.select_cols(&[2, 0, 1]).select_rows(&[2, 0, 1]),
                _ => self.found.clone(),
            },
        }
    }
}

fn product(a: &Matrix<f64>, b: &Matrix<f64>) -> Matrix<f64> {
    Matrix::from_fn(a.rows(), b.cols(), |i, j| (0..a.cols()).map(|k| a[(i, k)] * b[(k, j)]).sum())
}

#[test]
fn every_card_tells_what_its_metric_notices_and_nothing_else() {
    let worlds: Vec<World> = (0..12).map(World::new).collect();
    for change in Invariance::ALL {
        let mut stream = Stream::new(0, "changes");
        let pairs: Vec<(Scores, Scores)> =
            worlds.iter().map(|world| (world.scores(), world.after(*change, &mut stream).scores())).collect();
        for card in CARDS {
            let differences = pairs.iter().map(|(before, after)| {
                let value = |scores| (card.value)(scores).unwrap_or_else(|| panic!("{} is not defined", card.name));
                (value(before) - value(after)).abs()
            });
            let largest = differences.fold(0.0, f64::max);
            // atol: rounding, with latents of sizes from .01 to 300.
            if card.invariances.contains(change) {
                assert!(largest < 1e-9, "{} claims not to notice {change:?}, but moved by {largest}", card.name);
            } else {
                assert!(
                    largest > 1e-3,
                    "{} does not claim not to notice {change:?}, but moved by {largest}",
                    card.name
                );
            }
        }
    }
}

#[test]
fn every_metric_in_the_scores_has_its_card_and_every_card_its_metric() {
    let scores = serde_json::to_value(World::new(0).scores()).expect("scores serialise");
    let parts = ["rows", "truth", "latents", "notes"];
    let metrics: Vec<&str> =
        scores.as_object().expect("an object").keys().map(String::as_str).filter(|key| !parts.contains(key)).collect();
    let cards: Vec<&str> = CARDS.iter().map(|card| card.name).collect();
    assert_eq!(metrics, cards);
}

#[test]
fn every_value_lies_in_the_range_of_its_card_and_every_card_is_complete() {
    for scores in (0..5).map(|seed| World::new(seed).scores()) {
        for card in CARDS {
            let value = (card.value)(&scores).expect("defined");
            assert!(card.range.0.is_none_or(|low| low <= value) && card.range.1.is_none_or(|high| value <= high));
        }
    }
    for card in CARDS {
        assert!(
            card.sentence.ends_with('.') && !card.formula.is_empty() && !card.conventions.is_empty(),
            "{}",
            card.name
        );
        assert!(card.source.url.starts_with("http") && card.source.year > 1800, "{}", card.name);
        assert!(Some(card.best) == card.range.0 || Some(card.best) == card.range.1, "{}", card.name);
    }
}
