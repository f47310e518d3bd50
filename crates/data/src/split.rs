//! Which rows are learnt from, which choose, and which judge.

use crate::dataset::Labels;
use crate::failure::{Code, Failure, Result};
use crate::memory;
use crate::nearest::did_you_mean;
use crate::stream::Stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a row is used for. The numbers are those of the boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Split {
    /// Parameters are fitted to it.
    Train = 0,
    /// Hyper-parameters and stopping are chosen by it.
    Validation = 1,
    /// Reported errors come from it; nothing is chosen by it.
    Test = 2,
}

impl Split {
    /// In order of their numbers.
    pub const ALL: [Split; 3] = [Split::Train, Split::Validation, Split::Test];
}

/// What is kept together by the split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SplitBy {
    /// Every environment is split by rows.
    #[default]
    Rows,
    /// Every environment goes wholly into one part.
    Environments,
}

/// How rows are split into training, validation and test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SplitConfig {
    /// Fraction of the rows (or environments) that are learned from. The three fractions sum to 1.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub train: f64,
    /// Fraction by which hyper-parameters and stopping are chosen.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub validation: f64,
    /// Fraction that only judges.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub test: f64,
    /// Split the rows within every environment, or the environments as wholes.
    pub by: SplitBy,
    /// Environments kept wholly for test, whatever `by` says.
    pub holdout: Vec<String>,
}

impl Default for SplitConfig {
    fn default() -> Self {
        Self { train: 0.5, validation: 0.25, test: 0.25, by: SplitBy::Rows, holdout: Vec::new() }
    }
}

/// The part of each of `n` rows: a pure function of labels, configuration and seed.
///
/// By rows, every environment (without environments every task, without either all rows) is split on its own to the nearest
/// fractions, and one that is not held out and has at least 3 rows has a training row. By environments, at least one
/// environment is trained on.
///
/// # Errors
/// `CONFIG_OUT_OF_RANGE`, `CONFIG_CONFLICT` (fractions do not sum to 1, everything held out), `DATA_NEEDS_ENVIRONMENTS`,
/// `DATA_UNKNOWN_ENVIRONMENT` (in `holdout`), `DATA_SHAPE`.
pub fn split(
    environments: Option<&Labels>,
    tasks: Option<&Labels>,
    n: usize,
    config: &SplitConfig,
    seed: u64,
) -> Result<Vec<Split>> {
    let fractions = fractions(config)?;
    let groups = groups(environments.or(tasks), n)?;
    let held_out = held_out(environments, groups.len(), config)?;
    let stream = Stream::new(seed, "split");
    let mut parts = memory::filled(Split::Test, n, "the split of the rows")?;
    let open: Vec<usize> = (0..groups.len()).filter(|&g| !groups[g].is_empty() && !held_out[g]).collect();
    if open.is_empty() && n > 0 {
        return Err(Failure::new(
            Code::ConfigConflict,
            "holdout: every environment is held out, none is left to train on",
        )
        .at("holdout")
        .hint("leave at least one environment out of `holdout`"));
    }
    match config.by {
        SplitBy::Rows => {
            for g in open {
                let order = stream.at(g as u32).permutation(groups[g].len());
                let assigned = assign(groups[g].len(), fractions, Least::OneInThree);
                order.into_iter().zip(assigned).for_each(|(place, part)| parts[groups[g][place]] = part);
            }
        }
        SplitBy::Environments => {
            if environments.is_none() {
                return Err(Failure::new(
                    Code::DataNeedsEnvironments,
                    "split by environments: the data name no environments",
                )
                .hint("name the column of environments, or split by rows"));
            }
            let order = stream.at(0).permutation(open.len());
            for (place, part) in order.into_iter().zip(assign(open.len(), fractions, Least::One)) {
                groups[open[place]].iter().for_each(|&row| parts[row] = part);
            }
        }
    }
    Ok(parts)
}

fn fractions(config: &SplitConfig) -> Result<[f64; 3]> {
    let fractions = [config.train, config.validation, config.test];
    for (name, value) in ["train", "validation", "test"].into_iter().zip(fractions) {
        if !(0.0..=1.0).contains(&value) || name == "train" && value == 0.0 {
            let least = if name == "train" { "> 0" } else { ">= 0" };
            return Err(Failure::new(Code::ConfigOutOfRange, format!("{name}: {value} is not {least} and <= 1"))
                .at(name)
                .hint("give a fraction of the rows"));
        }
    }
    let sum: f64 = fractions.iter().sum();
    // A sum of decimal fractions is rounded.
    if (sum - 1.0).abs() > 1e-6 {
        return Err(Failure::new(
            Code::ConfigConflict,
            format!("train, validation and test sum to {sum}, they must sum to 1"),
        )
        .at("train")
        .hint("give all three fractions"));
    }
    Ok(fractions)
}

fn groups(labels: Option<&Labels>, n: usize) -> Result<Vec<Vec<usize>>> {
    match labels {
        None => Ok(vec![(0..n).collect()]),
        Some(labels) => rows_by_level(labels, n),
    }
}

/// The rows of each label, in order.
pub(crate) fn rows_by_level(labels: &Labels, n: usize) -> Result<Vec<Vec<usize>>> {
    let misfit = |message: String| Failure::new(Code::DataShape, format!("column {:?}: {message}", labels.column));
    if labels.codes.len() != n {
        return Err(misfit(format!("{} labels for {n} rows", labels.codes.len())));
    }
    let mut groups = vec![Vec::new(); labels.levels.len()];
    for (row, &code) in labels.codes.iter().enumerate() {
        let group = groups.get_mut(code as usize);
        group.ok_or_else(|| misfit(format!("code {code}, but there are {} labels", labels.levels.len())))?.push(row);
    }
    Ok(groups)
}

fn held_out(environments: Option<&Labels>, groups: usize, config: &SplitConfig) -> Result<Vec<bool>> {
    let levels: &[String] = environments.map_or(&[], |labels| &labels.levels);
    if !config.holdout.is_empty() && environments.is_none() {
        return Err(Failure::new(Code::DataNeedsEnvironments, "holdout names environments, but the data name none")
            .at("holdout")
            .hint("name the column of environments"));
    }
    for name in &config.holdout {
        if !levels.contains(name) {
            return Err(Failure::new(
                Code::DataUnknownEnvironment,
                format!("holdout: no environment is called {name:?}"),
            )
            .at("holdout")
            .hint(did_you_mean(name, levels.iter().map(String::as_str)))
            .with("environment", name.as_str()));
        }
    }
    Ok(match environments {
        None => vec![false; groups],
        Some(_) => levels.iter().map(|level| config.holdout.contains(level)).collect(),
    })
}

/// How much training a group must have.
enum Least {
    /// One of at least three.
    OneInThree,
    /// One.
    One,
}

/// Parts of `n` things in proportion to the fractions: whole quotas first, the rest to the largest remainders.
fn assign(n: usize, fractions: [f64; 3], least: Least) -> impl Iterator<Item = Split> {
    let quota = fractions.map(|fraction| fraction * n as f64);
    // The small number keeps 0.3 * 10 = 2.9999... from losing a row.
    let mut counts = quota.map(|quota| (quota + 1e-9).floor() as usize);
    let remainder = |part: usize, counts: &[usize; 3]| quota[part] - counts[part] as f64;
    while counts.iter().sum::<usize>() < n {
        let next = (1..3).fold(
            0,
            |best, part| {
                if remainder(part, &counts) > remainder(best, &counts) + 1e-9 { part } else { best }
            },
        );
        counts[next] += 1;
    }
    let smallest = match least {
        Least::OneInThree => 3,
        Least::One => 1,
    };
    if counts[0] == 0 && n >= smallest {
        let donor = if counts[1] >= counts[2] { 1 } else { 2 };
        counts[donor] -= 1;
        counts[0] = 1;
    }
    Split::ALL.into_iter().zip(counts).flat_map(|(part, count)| std::iter::repeat_n(part, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(parts: &[Split]) -> [usize; 3] {
        Split::ALL.map(|part| parts.iter().filter(|&&p| p == part).count())
    }

    fn labels(sizes: &[usize]) -> Labels {
        let names: Vec<String> =
            sizes.iter().enumerate().flat_map(|(i, &size)| std::iter::repeat_n(format!("e{i}"), size)).collect();
        Labels::encode("env", &names)
    }

    #[test]
    fn counts_follow_the_fractions_and_small_groups_train_first() {
        for (n, expected) in
            [(0, [0, 0, 0]), (1, [1, 0, 0]), (2, [1, 1, 0]), (3, [1, 1, 1]), (8, [4, 2, 2]), (9, [5, 2, 2])]
        {
            let parts = split(None, None, n, &SplitConfig::default(), 3).expect("splits");
            assert_eq!(counts(&parts), expected, "{n} rows");
        }
        let thin = SplitConfig { train: 0.1, validation: 0.2, test: 0.7, ..SplitConfig::default() };
        assert_eq!(counts(&split(None, None, 3, &thin, 0).expect("splits")), [1, 1, 1]);
        assert_eq!(counts(&split(None, None, 10, &thin, 0).expect("splits")), [1, 2, 7]);
    }

    #[test]
    fn every_row_is_equally_likely_to_be_trained_on() {
        let config = SplitConfig::default();
        let mut trained = [0u32; 12];
        for seed in 0..4000 {
            let parts = split(None, None, 12, &config, seed).expect("splits");
            trained.iter_mut().zip(parts).for_each(|(count, part)| *count += u32::from(part == Split::Train));
        }
        // Binomial(4000, .5): standard deviation 32; five of them.
        assert!(trained.iter().all(|count| count.abs_diff(2000) < 160), "{trained:?}");
    }

    #[test]
    fn whole_environments_stay_together() {
        let labels = labels(&[5; 8]);
        let config = SplitConfig { by: SplitBy::Environments, holdout: vec!["e2".into()], ..SplitConfig::default() };
        let parts = split(Some(&labels), None, 40, &config, 1).expect("splits");
        for environment in parts.chunks(5) {
            assert!(environment.iter().all(|part| part == &environment[0]));
        }
        assert_eq!(parts[10], Split::Test);
        assert_eq!(counts(&parts), [15, 10, 15], "seven environments as 3, 2 and 2, and the one held out");
    }

    #[test]
    fn mistakes_are_refused_with_code_place_and_fix() {
        let base = SplitConfig::default;
        let fails =
            |labels: Option<&Labels>, config: SplitConfig| split(labels, None, 4, &config, 0).expect_err("a mistake");
        assert_eq!(fails(None, SplitConfig { train: 0.0, ..base() }).code, Code::ConfigOutOfRange);
        assert_eq!(fails(None, SplitConfig { test: f64::NAN, ..base() }).path.as_deref(), Some("test"));
        assert_eq!(fails(None, SplitConfig { train: 0.8, ..base() }).code, Code::ConfigConflict);
        assert_eq!(fails(None, SplitConfig { by: SplitBy::Environments, ..base() }).code, Code::DataNeedsEnvironments);
        let two = labels(&[2, 2]);
        assert_eq!(split(Some(&two), None, 5, &base(), 0).expect_err("five rows").code, Code::DataShape);
        let astray = Labels { codes: vec![0, 0, 1, 2], ..two.clone() };
        assert_eq!(fails(Some(&astray), base()).code, Code::DataShape);
        let unknown = fails(Some(&two), SplitConfig { holdout: vec!["e3".into()], ..base() });
        assert_eq!(
            (unknown.code, unknown.hint.as_deref()),
            (Code::DataUnknownEnvironment, Some("did you mean \"e0\"?"))
        );
        let all = fails(Some(&two), SplitConfig { holdout: vec!["e0".into(), "e1".into()], ..base() });
        assert_eq!(all.code, Code::ConfigConflict);
        assert_eq!(fails(None, SplitConfig { holdout: vec!["e0".into()], ..base() }).code, Code::DataNeedsEnvironments);
    }

    #[test]
    fn a_split_is_pinned_for_its_seed() {
        let parts = split(None, None, 12, &SplitConfig::default(), 7).expect("splits");
        let digits: String = parts.iter().map(|&part| char::from(b'0' + part as u8)).collect();
        assert_eq!(digits, "020120001201");
    }
}
