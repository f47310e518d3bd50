//! A checkpoint as a container: what is small in the header, what is large as tensors under the path where it belongs.

use super::Identity;
use crate::container::{Container, Lent, LentValues, Named, Values};
use crate::train::{Standing, Weights};
use disentangle_data::{Code, Failure, Matrix, Result};
use disentangle_nn::NamedValues;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Layout of header and tensor names, and the random numbers that a fit goes on with. Since 2 normal numbers have the same bits on every
/// machine; a fit that a checkpoint of 1 began goes on with numbers that differ from those it would have drawn in their last digit.
const FORMAT: u32 = 2;
const KIND: &str = "checkpoint";

#[derive(Deserialize)]
struct Header {
    kind: String,
    #[serde(flatten)]
    identity: Identity,
    standing: Standing,
}

/// Header and tensors of a checkpoint; the tensors stay where they are.
pub(super) fn pack<'a>(standing: &'a Standing, identity: &Identity) -> (Map<String, Value>, Vec<Lent<'a>>) {
    let mut tensors = Vec::new();
    weights(&mut tensors, "", &standing.weights);
    for (i, finished) in standing.finished.iter().enumerate() {
        weights(&mut tensors, &format!("finished/{i}/"), &finished.weights);
    }
    if let Some(descent) = &standing.descent {
        tensors.extend(descent.good.iter().map(|p| single("good/", p)));
        tensors.extend(descent.moments.iter().map(|p| single("moments/", p)));
    }
    let header = json!({
        "kind": KIND,
        "format": FORMAT,
        "version": env!("CARGO_PKG_VERSION"),
        "config": identity.config,
        "fingerprint": identity.fingerprint,
        "standing": standing,
    });
    let Value::Object(header) = header else { unreachable!("the literal is an object") };
    (header, tensors)
}

fn weights<'a>(tensors: &mut Vec<Lent<'a>>, place: &str, weights: &'a Weights) {
    tensors.extend(weights.trained.iter().map(|p| single(&format!("{place}trained/"), p)));
    tensors.extend(weights.solved.iter().map(|(name, m)| Lent {
        name: format!("{place}solved/{name}"),
        shape: vec![m.rows(), m.cols()],
        values: LentValues::F64(m.data()),
    }));
}

fn single<'a>(place: &str, p: &'a NamedValues) -> Lent<'a> {
    Lent { name: format!("{place}{}", p.name), shape: p.shape.clone(), values: LentValues::F32(&p.values) }
}

pub(super) fn unpack(container: Container) -> Result<(Identity, Standing)> {
    let Container { header, tensors } = container;
    let found = header.get("format").and_then(Value::as_u64).unwrap_or(0);
    if found > u64::from(FORMAT) {
        let message = format!("a checkpoint of format {found}; this version reads up to format {FORMAT}");
        return Err(Failure::new(Code::ArtifactVersion, message)
            .hint("resume with the version that wrote it, or update disentangle")
            .with("found", found)
            .with("supported", FORMAT)
            .with("differences", json!([{ "path": "format", "checkpoint": found, "now": FORMAT }])));
    }
    let header: Header = serde_json::from_value(Value::Object(header)).map_err(|e| corrupt(&e.to_string()))?;
    if header.kind != KIND {
        return Err(corrupt(&format!("it is a {}", header.kind)));
    }
    let Header { identity, mut standing, .. } = header;
    for tensor in tensors {
        place(&mut standing, tensor)?;
    }
    Ok((identity, standing))
}

fn place(standing: &mut Standing, tensor: Named) -> Result<()> {
    let unexpected = corrupt(&format!("unexpected tensor {:?}", tensor.name));
    let (weights, path) = match tensor.name.strip_prefix("finished/").and_then(|rest| rest.split_once('/')) {
        Some((index, path)) => {
            let finished = index.parse().ok().and_then(|i: usize| standing.finished.get_mut(i));
            (&mut finished.ok_or(unexpected.clone())?.weights, path)
        }
        None => (&mut standing.weights, tensor.name.as_str()),
    };
    match (path.split_once('/'), tensor.values, &mut standing.descent) {
        (Some(("solved", name)), Values::F64(values), _) if tensor.shape.len() == 2 => {
            weights.solved.insert(name.into(), Matrix::new(tensor.shape[0], tensor.shape[1], values)?);
        }
        (Some(("trained", name)), Values::F32(values), _) => {
            weights.trained.push(NamedValues { name: name.into(), shape: tensor.shape, values });
        }
        (Some(("good", name)), Values::F32(values), Some(descent)) => {
            descent.good.push(NamedValues { name: name.into(), shape: tensor.shape, values });
        }
        (Some(("moments", name)), Values::F32(values), Some(descent)) => {
            descent.moments.push(NamedValues { name: name.into(), shape: tensor.shape, values });
        }
        _ => return Err(unexpected),
    }
    Ok(())
}

fn corrupt(what: &str) -> Failure {
    Failure::new(Code::ArtifactCorrupt, format!("the checkpoint is damaged: {what}"))
        .hint("an older checkpoint of the same fit may be whole")
}
