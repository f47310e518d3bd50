//! Which latent depends on which: links from each modality to the next, and edges within one.

use super::ModalityWorldConfig;

/// Parents of each latent, ascending; latents stand modality after modality, and all parents of one stand before it.
pub(super) fn parents(config: &ModalityWorldConfig) -> Vec<Vec<usize>> {
    let k = config.latents_per_modality;
    let links = links(k, config.sparsity);
    let of = |i: usize| {
        let (modality, own) = (i / k, i % k);
        let across = (0..k).filter(|&from| modality > 0 && links.contains(&(from, own)));
        let within = (own > 0 && own <= config.edges_within).then(|| i - 1);
        across.map(|from| (modality - 1) * k + from).chain(within).collect()
    };
    (0..config.modalities * k).map(of).collect()
}

/// Links `(from, to)` between two modalities of k latents. First come those from each latent to the one of the same number, then
/// those that lead furthest up in number, then those that lead furthest down.
fn links(k: usize, sparsity: Option<f64>) -> Vec<(usize, usize)> {
    let count = sparsity.map_or(k, |share| ((1.0 - share) * (k * k) as f64).round() as usize);
    let mut all: Vec<(usize, usize)> = (0..k).flat_map(|from| (0..k).map(move |to| (from, to))).collect();
    all.sort_by_key(|&(from, to)| (from != to, from > to, std::cmp::Reverse(from.abs_diff(to)), from));
    all.truncate(count);
    all
}
