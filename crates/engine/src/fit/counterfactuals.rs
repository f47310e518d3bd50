//! What rows of images would look like, had one latent another value.

use super::decoded::Around;
use crate::decode::Decoder;
use crate::mechanisms::{Settings, counterfactual};
use crate::method::State;
use crate::results::Counterfactuals;
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Matrix, Result};

/// Rows that are shown.
const ROWS: usize = 4;
/// Values that a latent is set to, from as many standard deviations below its mean to as many above.
const VALUES: [f64; 5] = [-2.0, -1.0, 0.0, 1.0, 2.0];
/// Latents that are set, at most.
const LATENTS: usize = 8;

/// Of rows that the fit did not learn from, where there are such, evenly spaced: nobody has picked them. Nothing without mechanisms.
pub(super) fn counterfactuals(
    data: &Prepared,
    decoder: &Decoder,
    state: &State,
    (latents, names): (&Matrix, &[String]),
    Around { mechanisms, scales, gallery, .. }: &Around<'_>,
) -> Result<Vec<Counterfactuals>> {
    let Some(mechanisms) = mechanisms.filter(|_| !gallery.is_empty()) else { return Ok(Vec::new()) };
    let parts = [Split::Test, Split::Validation, Split::Train].map(|part| data.rows_of(part));
    let Some(part) = parts.into_iter().find(|rows| !rows.is_empty()) else { return Ok(Vec::new()) };
    let count = ROWS.min(part.len());
    let rows: Vec<usize> = (0..count).map(|i| part[i * part.len() / count]).collect();
    let environments: Vec<u32> = rows.iter().map(|&row| data.nodes[row]).collect();
    let (seen, before) = (data.inputs.select_rows(&rows), latents.select_rows(&rows));
    let own = |standardised: Matrix| data.standardiser.undo(&standardised);
    let Some(decoded) = decoder.decode_changed(state, &seen, (&before, &before))? else { return Ok(Vec::new()) };
    let mut first = vec![own(seen.clone())?, own(decoded)?];
    let mut found = Vec::new();
    for (latent, &(mean, sd)) in scales.iter().enumerate().take(LATENTS) {
        let values: Vec<f64> = VALUES.iter().map(|by| mean + sd * by).collect();
        first.truncate(2);
        for &value in &values {
            let set = Settings::from([(latent, value)]);
            let after = counterfactual(mechanisms, &before.to_f64(), &environments, &set)?.map(|value| value as f32);
            let Some(decoded) = decoder.decode_changed(state, &seen, (&before, &after))? else {
                return Ok(Vec::new());
            };
            first.push(own(decoded)?);
        }
        // Row after row, of each all that is shown of it.
        let shown = first.len();
        let side_by_side =
            Matrix::from_fn(count * shown, data.inputs.cols(), |at, j| first[at % shown][(at / shown, j)]);
        found.push(Counterfactuals {
            latent: names[latent].clone(),
            rows: rows.iter().map(|&row| data.kept[row]).collect(),
            values,
            pictures: gallery.hang(&side_by_side),
        });
    }
    Ok(found)
}
