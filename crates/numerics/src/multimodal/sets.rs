//! The sets of causes that each latent may have: subsets of the latents before it, with a running cost each, from which sets are drawn.

use disentangle_data::Stream;

/// Most latents over all modalities: the sets of three causes of the last one are then some two thousand.
pub const MOST_LATENTS: usize = 24;
/// Share of the draws that are uniform over all sets.
const UNIFORM: f64 = 0.1;
/// What one row can say against a set, nats.
const MOST: f64 = 20.0;
/// The cost of a set forgets this share of itself for every eighth of a batch that drew it, up to three of them.
const KEPT: f64 = 0.95;

/// One bit per cause, set after set; the empty set is the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sets(Vec<Vec<u32>>);

impl Sets {
    /// Of `latents`, with at most `most` causes each.
    pub fn new(latents: usize, most: usize) -> Self {
        let of = |latent: usize| -> Vec<u32> {
            (0..1u32 << latent).filter(|set| set.count_ones() as usize <= most).collect()
        };
        Self((0..latents).map(of).collect())
    }

    /// Number of latents.
    pub fn latents(&self) -> usize {
        self.0.len()
    }

    /// The sets of a latent.
    pub fn of(&self, latent: usize) -> &[u32] {
        &self.0[latent]
    }

    /// Number of sets over all latents.
    pub fn count(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    /// The place of the set of least cost, where each cause costs `penalty` more.
    pub fn best(&self, latent: usize, costs: &[f64], penalty: f64) -> usize {
        let scores = self.scores(latent, costs, penalty);
        (0..scores.len()).min_by(|&a, &b| scores[a].total_cmp(&scores[b])).expect("the empty set is there")
    }

    /// Costs and what the causes cost.
    pub fn scores(&self, latent: usize, costs: &[f64], penalty: f64) -> Vec<f64> {
        self.0[latent].iter().zip(costs).map(|(set, cost)| cost + penalty * f64::from(set.count_ones())).collect()
    }

    /// Probabilities of the sets at a temperature, from their scores.
    pub fn probabilities(scores: &[f64], temperature: f64) -> Vec<f64> {
        let least = scores.iter().copied().fold(f64::INFINITY, f64::min);
        let weights: Vec<f64> = scores.iter().map(|score| (-(score - least) / temperature).exp()).collect();
        let whole: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / whole).collect()
    }
}

/// Running costs of all sets, nats a row.
#[derive(Debug, Clone)]
pub(super) struct Costs {
    of: Vec<Vec<f64>>,
    seen: Vec<Vec<bool>>,
}

impl Costs {
    pub(super) fn new(sets: &Sets) -> Self {
        let of: Vec<Vec<f64>> = sets.0.iter().map(|sets| vec![0.0; sets.len()]).collect();
        let seen = of.iter().map(|costs| vec![false; costs.len()]).collect();
        Self { of, seen }
    }

    /// Draws the place of a set for each of the rows of each latent: `choice` is latent after latent.
    pub(super) fn draw(&self, sets: &Sets, temperature: f64, penalty: f64, stream: &mut Stream, choice: &mut [u32]) {
        let n = choice.len() / self.of.len();
        for (latent, choice) in choice.chunks_exact_mut(n).enumerate() {
            let count = self.of[latent].len();
            let likely = Sets::probabilities(&sets.scores(latent, &self.of[latent], penalty), temperature);
            let mut sum = 0.0;
            let up_to: Vec<f64> = likely
                .iter()
                .map(|p| {
                    sum += (1.0 - UNIFORM) * p + UNIFORM / count as f64;
                    sum
                })
                .collect();
            for place in choice {
                let at = (f64::from(stream.bits()) + 0.5) / 4_294_967_296.0;
                *place = up_to.partition_point(|&bound| bound < at).min(count - 1) as u32;
            }
        }
    }

    /// Takes in what each row of each latent lost with the set that it drew, where that row `counts` for it.
    pub(super) fn learn(&mut self, choice: &[u32], losses: &[f64], counts_for: impl Fn(usize, usize) -> bool) {
        let rows = choice.len() / self.of.len();
        for (latent, (choice, losses)) in choice.chunks_exact(rows).zip(losses.chunks_exact(rows)).enumerate() {
            let count = self.of[latent].len();
            let n = (0..rows).filter(|&row| counts_for(latent, row)).count();
            let (mut sums, mut counts) = (vec![0.0; count], vec![0usize; count]);
            for (row, (&place, &loss)) in choice.iter().zip(losses).enumerate() {
                if !counts_for(latent, row) {
                    continue;
                }
                // A loss that is no number must not be lost here.
                sums[place as usize] += if loss > MOST { MOST } else { loss };
                counts[place as usize] += 1;
            }
            for place in (0..count).filter(|&place| counts[place] > 0) {
                let mean = sums[place] / counts[place] as f64;
                let eighths = (counts[place] as f64 / (n as f64 / 8.0)).min(3.0);
                let weight = if self.seen[latent][place] { 1.0 - KEPT.powf(eighths) } else { 1.0 };
                self.seen[latent][place] = true;
                self.of[latent][place] += weight * (mean - self.of[latent][place]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_all_subsets_of_the_latents_before_up_to_a_size() {
        let sets = Sets::new(5, 2);
        assert_eq!(sets.of(0), [0]);
        assert_eq!(sets.of(2), [0, 1, 2, 3]);
        // 1 + 4 + 6 of 4 latents.
        assert_eq!((sets.of(4).len(), sets.count()), (11, 1 + 2 + 4 + 7 + 11));
    }

    #[test]
    fn draws_follow_the_free_energy_and_a_tenth_of_them_is_uniform() {
        let sets = Sets::new(3, 3);
        let mut costs = Costs::new(&sets);
        costs.of[2] = vec![1.0, 0.5, 1.2, 0.4];
        let mut choice = vec![0; 3 * 40_000];
        costs.draw(&sets, 0.2, 0.05, &mut Stream::new(1, "test/sets"), &mut choice);
        let weights = [1.0f64, 0.55, 1.25, 0.5].map(|score| (-score / 0.2).exp());
        let whole: f64 = weights.iter().sum();
        for (place, weight) in weights.iter().enumerate() {
            let want = 0.9 * weight / whole + 0.025;
            let got = choice[80_000..].iter().filter(|&&at| at as usize == place).count() as f64 / 40_000.0;
            // Five standard errors of at most 0.0025.
            assert!((got - want).abs() < 0.0125, "{place}: {got} is not {want}");
        }
        assert!(choice[..40_000].iter().all(|&at| at == 0));
    }

    #[test]
    fn the_first_cost_of_a_set_is_the_mean_and_later_ones_move_it_by_how_many_rows_drew_it() {
        let sets = Sets::new(2, 1);
        let mut costs = Costs::new(&sets);
        // 16 rows of two latents; an eighth of them are two rows.
        let choice: Vec<u32> = std::iter::repeat_n(0, 16).chain((0..16).map(|row| u32::from(row < 2))).collect();
        costs.learn(&choice, &[2.0; 32], |_, _| true);
        assert_eq!((costs.of[1][0], costs.of[1][1]), (2.0, 2.0));
        costs.learn(&choice, &[100.0; 32], |_, _| true);
        assert!((costs.of[1][1] - (2.0 + 0.05 * 18.0)).abs() < 1e-12, "one eighth, of 20 at most");
        assert!((costs.of[1][0] - (2.0 + (1.0 - 0.95f64.powi(3)) * 18.0)).abs() < 1e-12, "three eighths at most");
    }
}
