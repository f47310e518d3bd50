//! Links that a mixture hides. With a latent j that shares its modality with an effect j' of a latent i, u = z_j + b z_j' takes the place of
//! z_j and is an effect of i as well. Its flow has the same volume; what it costs is what the noises then tell of each other,
//!
//!   I(n_j + b n_j'; n_j') = log(1 + b^2 s_j'^2 / s_j^2) / 2   nats a row,
//!
//! with s the standard deviations of the noises. So a link i -> j that explains up to a share of u can be in the data and not in the graph:
//! the search takes the mixture without it, which has an edge less.

/// Sets of causes within so many nats a row of the best one tie with it, and so does a mixture that costs no more.
pub(super) const TIE: f64 = 0.02;
/// Share of the variance of a latent above which a link that is hidden counts as undecided. Where two modalities had a link beside those one
/// to one, it could explain .18 to .25 of its effect, and the largest share was .13 to .17 where they had none (22 and 25 worlds of the seeds 1 to 12).
pub(super) const UNDECIDED: f64 = 0.173;

/// Latents as they are given away.
pub(super) struct Given<'a> {
    /// The modality of each.
    pub modalities: &'a [usize],
    /// Bits of the causes of each.
    pub graph: &'a [u32],
    /// Variance of the noise of each, in units of its own variance.
    pub noises: &'a [f64],
    /// Share of the variance left by the other causes that an edge explains, from cause to effect.
    pub weights: &'a dyn Fn(usize, usize) -> f64,
    /// Most causes of a latent.
    pub most_causes: usize,
}

/// A link that may be hidden.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hidden {
    pub cause: usize,
    pub effect: usize,
    /// Share of the variance of the effect that it could explain, at the cost of a tie.
    pub share: f64,
}

/// The links between modalities of which each alone can be hidden, the largest share first.
pub(super) fn hidden(given: &Given<'_>) -> Vec<Hidden> {
    let d = given.graph.len();
    let mut found: Vec<Hidden> = Vec::new();
    for effect in 0..d {
        let beside = |other: &usize| *other != effect && given.modalities[*other] == given.modalities[effect];
        for other in (0..d).filter(beside) {
            let Some(cause) = alone(given, effect, other) else { continue };
            let squared = (2.0 * TIE).exp_m1() * given.noises[effect] / given.noises[other].max(f64::MIN_POSITIVE);
            let weight = (given.weights)(cause, other).min(1.0 - f64::EPSILON);
            // Without its cause a latent may seem to vary more than it does: that mechanism is hardly ever drawn.
            let explained = (given.noises[other] * weight / (1.0 - weight)).min(1.0 - given.noises[other]).max(0.0);
            let share = squared * explained / (1.0 + squared);
            match found.iter_mut().find(|known| (known.cause, known.effect) == (cause, effect)) {
                Some(known) => known.share = known.share.max(share),
                None => found.push(Hidden { cause, effect, share }),
            }
        }
    }
    found.sort_by(|a, b| b.share.total_cmp(&a.share).then((a.cause, a.effect).cmp(&(b.cause, b.effect))));
    found
}

/// The one edge, from another modality, that a mixture of a latent with another one of its modality takes more than the latent itself.
fn alone(given: &Given<'_>, effect: usize, other: usize) -> Option<usize> {
    let Given { graph, modalities, .. } = given;
    let related = graph[effect] >> other & 1 == 1 || graph[other] >> effect & 1 == 1;
    // Effects of the latent have to be told what was mixed into it.
    let told = (0..graph.len()).all(|of| graph[of] >> effect & 1 == 0 || graph[of] >> other & 1 == 1);
    let more = graph[other] & !graph[effect];
    let room = (graph[effect].count_ones() as usize) < given.most_causes;
    let cause = more.trailing_zeros() as usize;
    (!related && told && room && more.count_ones() == 1 && modalities[cause] != modalities[effect]).then_some(cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::Matrix;
    use disentangle_numerics::linalg::log_abs_det;

    /// Two modalities of two latents, linked one to one, with noises of .09 and .49.
    fn pairs() -> (Vec<usize>, Vec<u32>, Vec<f64>) {
        (vec![0, 0, 1, 1], vec![0, 0, 0b01, 0b10], vec![1.0, 1.0, 0.09, 0.49])
    }

    fn of((modalities, graph, noises): &(Vec<usize>, Vec<u32>, Vec<f64>)) -> Vec<Hidden> {
        // One cause each: what it explains is all that is not noise.
        let weights = |_: usize, effect: usize| 1.0 - noises[effect];
        hidden(&Given { modalities, graph, noises, weights: &weights, most_causes: 3 })
    }

    #[test]
    fn a_hidden_link_costs_a_tie_by_the_covariance_of_the_noises() {
        let world = pairs();
        let found = of(&world);
        let links: Vec<[usize; 2]> = found.iter().map(|link| [link.cause, link.effect]).collect();
        // Into the noisy latent much can be mixed of the other one, the other way round little.
        assert_eq!(links, [[0, 3], [1, 2]]);
        for Hidden { cause, effect, share } in found {
            let other = 5 - effect;
            let (own, its) = (world.2[effect], world.2[other]);
            // share = b^2 (1 - s^2) / (1 + b^2), for b^2.
            let squared = share / (1.0 - its - share);
            let b = squared.sqrt();
            let noises = Matrix::new(2, 2, vec![own + squared * its, b * its, b * its, its]).expect("2 x 2");
            let apart = (own + squared * its).ln() + its.ln();
            let told = 0.5 * (apart - log_abs_det(&noises));
            assert!((told - TIE).abs() < 1e-9, "{cause} -> {effect}: {told}");
        }
    }

    #[test]
    fn only_links_that_come_alone_and_from_another_modality_are_hidden() {
        let (modalities, graph, noises) = pairs();
        let with = |graph: Vec<u32>| of(&(modalities.clone(), graph, noises.clone()));
        assert_eq!(with(graph.clone()).len(), 2);
        // Both causes are there already.
        assert!(with(vec![0, 0, 0b01, 0b11]).iter().all(|link| link.effect != 3));
        // An edge between the two says what the other one holds.
        assert!(with(vec![0, 0, 0b01, 0b110]).is_empty());
        assert!(with(vec![0, 0, 0, 0]).is_empty());
        // Of a third modality: an effect of the latent would have to take the other one as a cause as well.
        let chain = (vec![0, 0, 1, 1, 2], vec![0, 0, 0b01, 0b10, 0b1000], vec![1.0, 1.0, 0.09, 0.49, 0.5]);
        assert_eq!(of(&chain).iter().map(|link| link.effect).collect::<Vec<_>>(), [2]);
        let weights = |_: usize, _: usize| 0.5;
        let full = Given { modalities: &modalities, graph: &graph, noises: &noises, weights: &weights, most_causes: 1 };
        assert!(hidden(&full).is_empty());
    }
}
