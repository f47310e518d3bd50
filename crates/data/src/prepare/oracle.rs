//! Truth that a run asked to look at: for ceilings and ablations, never by default.

use super::Warning;
use super::environments::listed;
use crate::dataset::{Dataset, Table};
use crate::failure::{Code, Failure, Result};
use std::collections::BTreeMap;

/// The tables of these names, those about rows with the kept rows alone, and what to tell about them.
pub(super) fn tables(
    dataset: &Dataset,
    names: &[String],
    kept: &[usize],
) -> Result<(BTreeMap<String, Table>, Option<Warning>)> {
    let tables = names
        .iter()
        .map(|name| {
            let table = dataset.truth.get(name).ok_or_else(|| missing(dataset, name))?;
            let about_rows = table.rows.is_empty();
            let values = if about_rows { table.values.select_rows(kept) } else { table.values.clone() };
            Ok((name.clone(), Table { values, ..table.clone() }))
        })
        .collect::<Result<BTreeMap<_, _>>>()?;
    let used: Vec<&str> = tables.keys().map(String::as_str).collect();
    let warning = (!used.is_empty()).then(|| {
        Warning::new("ORACLE_TRUTH_USED", format!("the method was shown the truth {}", listed(&used)))
            .hint("an oracle says what could be reached; leave `oracle` out to see what is reached")
    });
    Ok((tables, warning))
}

fn missing(dataset: &Dataset, name: &str) -> Failure {
    let known: Vec<&str> = dataset.truth.keys().map(String::as_str).collect();
    let hint = match known.is_empty() {
        true => "leave `oracle` out: only simulated worlds and experiments have a truth".to_owned(),
        false => format!("the data know {}", listed(&known)),
    };
    Failure::new(Code::DataNeedsTruth, format!("oracle: the data have no truth {name:?}")).at("oracle").hint(hint)
}

#[cfg(test)]
mod tests {
    use crate::dataset::{Dataset, Table};
    use crate::failure::Code;
    use crate::matrix::Matrix;
    use crate::prepare::{Missing, PrepareConfig, prepare};
    use std::collections::BTreeMap;

    fn world() -> Dataset {
        let table = |rows: &[&str], values| Table {
            columns: vec!["z1".into()],
            rows: rows.iter().map(|&row| row.into()).collect(),
            values,
        };
        let row_number = Matrix::from_fn(12, 1, |i, _| i as f32);
        let gap = |i, j| if (i, j) == (3, 0) { f32::NAN } else { ((5 * i + 3 * j) % 7) as f32 };
        Dataset {
            inputs: Matrix::from_fn(12, 2, gap),
            input_names: vec!["x1".into(), "x2".into()],
            truth: BTreeMap::from([
                ("silent".to_owned(), table(&[], row_number)),
                ("mixing".to_owned(), table(&["x1", "x2"], Matrix::from_fn(2, 1, |i, _| i as f32))),
            ]),
            ..Dataset::default()
        }
    }

    fn looking(at: &[&str]) -> PrepareConfig {
        let oracle = at.iter().map(|&name| name.to_owned()).collect();
        PrepareConfig { missing: Missing::Drop, oracle, ..PrepareConfig::default() }
    }

    #[test]
    fn the_truth_is_hidden_unless_it_is_asked_for_and_then_the_user_is_warned() {
        let blind = prepare(&world(), &looking(&[]), 0).expect("prepares");
        assert!(blind.oracle.is_empty() && blind.warnings.iter().all(|w| w.code != "ORACLE_TRUTH_USED"));
        let shown = prepare(&world(), &looking(&["silent"]), 0).expect("prepares");
        assert_eq!(shown.oracle.keys().collect::<Vec<_>>(), ["silent"]);
        let warning = shown.warnings.iter().find(|w| w.code == "ORACLE_TRUTH_USED").expect("it is told");
        assert_eq!(warning.message, "the method was shown the truth \"silent\"");
        assert_eq!((blind.inputs, blind.split), (shown.inputs, shown.split), "nothing else changes");
    }

    #[test]
    fn truth_about_rows_follows_the_kept_rows_and_other_truth_stays_whole() {
        let shown = prepare(&world(), &looking(&["silent", "mixing"]), 0).expect("prepares");
        let want: Vec<f32> = shown.kept.iter().map(|&row| row as f32).collect();
        assert_eq!((shown.oracle["silent"].values.data(), want.len()), (want.as_slice(), 11));
        assert_eq!(shown.oracle["mixing"].values.rows(), 2);
    }

    #[test]
    fn a_truth_that_is_not_there_is_refused_with_those_that_are() {
        let refused = |data: &Dataset| prepare(data, &looking(&["masks"]), 0).expect_err("there is none");
        let failure = refused(&world());
        assert_eq!((failure.code, failure.path.as_deref()), (Code::DataNeedsTruth, Some("oracle")));
        assert_eq!(failure.hint.as_deref(), Some("the data know \"mixing\", \"silent\""));
        let bare = Dataset { truth: BTreeMap::new(), ..world() };
        assert!(refused(&bare).hint.is_some_and(|hint| hint.starts_with("leave `oracle` out")));
    }
}
