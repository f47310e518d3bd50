//! Rows that lack whole views, as subjects do that were not measured in every way: what they have can be learnt from.

use super::columns::fill_gaps;
use super::scale::Inputs;
use super::{Split, View, Warning};
use crate::dataset::Dataset;
use crate::failure::Result;
use crate::matrix::Matrix;

/// The rows of a data set that have some views and lack others.
pub(super) struct IncompleteRows {
    /// By row, where it is incomplete: which views it lacks.
    lacks: Vec<Option<Vec<bool>>>,
    /// Rows that have none, which nothing can be learnt from.
    empty: Vec<usize>,
    /// By column: the view.
    view_of: Vec<usize>,
}

impl IncompleteRows {
    /// Looks for them; none are found unless they are `wanted`.
    pub(super) fn of(dataset: &Dataset, wanted: bool) -> Self {
        let views = dataset.views();
        if !wanted || views.len() < 2 {
            return Self { lacks: Vec::new(), empty: Vec::new(), view_of: Vec::new() };
        }
        let view_of = views.iter().enumerate().flat_map(|(at, view)| view.columns().map(move |_| at)).collect();
        let mut found = Self { lacks: Vec::with_capacity(dataset.rows()), empty: Vec::new(), view_of };
        for row in 0..dataset.rows() {
            let lacks: Vec<bool> = views.iter().map(|view| view.is_missing_in(dataset.inputs.row(row))).collect();
            let count = lacks.iter().filter(|&&lacks| lacks).count();
            if count == views.len() {
                found.empty.push(row);
            }
            found.lacks.push((0 < count && count < views.len()).then_some(lacks));
        }
        found
    }

    /// Rows without any view.
    pub(super) fn empty(&self) -> &[usize] {
        &self.empty
    }

    /// Whether a row has some views and lacks others.
    pub(super) fn contains(&self, row: usize) -> bool {
        self.lacks.get(row).is_some_and(Option::is_some)
    }

    /// Whether an incomplete row lacks the view of a column.
    pub(super) fn lacks(&self, row: usize, column: usize) -> bool {
        self.lacks.get(row).and_then(Option::as_ref).is_some_and(|lacks| lacks[self.view_of[column]])
    }
}

/// Takes incomplete rows out of those that are kept, with their parts of the split. Gives the ones to train on: all of them, since none is judged
/// by, but for those of environments that are kept `apart` from training.
pub(super) fn take_out(
    found: &IncompleteRows,
    (kept, split): (&mut Vec<usize>, &mut Vec<Split>),
    apart: bool,
) -> Vec<usize> {
    let parts = std::mem::take(split);
    let mut train = Vec::new();
    let mut complete = Vec::with_capacity(kept.len());
    for (&row, part) in kept.iter().zip(parts) {
        match (found.contains(row), part) {
            (false, part) => {
                complete.push(row);
                split.push(part);
            }
            (true, part) if part == Split::Train || !apart => train.push(row),
            (true, _) => {}
        }
    }
    *kept = complete;
    train
}

/// Rows that lack views on the scale of the complete ones, gaps inside of their views filled; NaN where they lack the view.
pub(super) fn scaled(mut values: Matrix, views: &[View], inputs: &Inputs) -> Result<Matrix> {
    let absent: Vec<(usize, &View)> = (0..values.rows())
        .flat_map(|row| views.iter().map(move |view| (row, view)))
        .filter(|&(row, view)| view.is_missing_in(values.row(row)))
        .collect();
    for &(row, view) in &absent {
        values.row_mut(row)[view.columns()].fill(0.0);
    }
    if let Some(fill) = &inputs.fill {
        fill_gaps(&mut values, fill);
    }
    let mut scaled = inputs.standardiser.apply_in_place(values)?;
    for (row, view) in absent {
        scaled.row_mut(row)[view.columns()].fill(f32::NAN);
    }
    Ok(scaled)
}

/// What to tell of them: how many there are, and how many of those to train on have each view.
pub(super) fn told(count: usize, train: &Matrix, views: &[View]) -> Option<Warning> {
    if count == 0 {
        return None;
    }
    let has = |view: &View| (0..train.rows()).filter(|&row| !train[(row, view.start)].is_nan()).count();
    let each: Vec<String> = views.iter().map(|view| format!("{} in {:?}", has(view), view.name)).collect();
    let (rows, verb) = if count == 1 { ("row", "lacks") } else { ("rows", "lack") };
    let left_out = count - train.rows();
    let held = if left_out > 0 {
        format!("; {left_out} of environments that are kept apart are left out")
    } else {
        String::new()
    };
    let message = format!(
        "{count} {rows} {verb} a modality: learned from where there is one ({}), not in the results{held}",
        each.join(", ")
    );
    Some(Warning::new("ROWS_INCOMPLETE", message).hint("`transform` gives their latents of the modalities they have"))
}

#[cfg(test)]
mod tests {
    use super::super::{Missing, PrepareConfig, Prepared, prepare, prepare_incomplete};
    use super::*;
    use crate::Code;
    use crate::dataset::{Labels, Role};
    use crate::split::SplitConfig;
    use std::collections::BTreeMap;

    const GAP: f32 = f32::NAN;

    /// 40 rows of two views of two columns; rows 3 and 7 lack the first, row 11 the second.
    fn dataset() -> Dataset {
        let mut inputs = Matrix::from_fn(40, 4, |i, j| ((7 * i + 5 * j) % 11) as f32 * (j + 1) as f32 + 100.0);
        for (row, columns) in [(3, 0..2), (7, 0..2), (11, 2..4)] {
            inputs.row_mut(row)[columns].fill(GAP);
        }
        let view = |name: &str, start: usize| View { name: name.into(), start, end: start + 2, image: None };
        Dataset {
            name: "example".into(),
            inputs,
            input_names: ["a1", "a2", "b1", "b2"].map(str::to_owned).to_vec(),
            views: vec![view("a", 0), view("b", 2)],
            ..Dataset::default()
        }
    }

    fn prepared(data: &Dataset, missing: Missing) -> Prepared {
        let config = PrepareConfig { missing, ..PrepareConfig::default() };
        prepare_incomplete(data, &config, 5).expect("prepares")
    }

    #[test]
    fn rows_that_lack_a_view_are_set_apart_on_the_same_scale() {
        let data = dataset();
        let found = prepared(&data, Missing::Error);
        assert_eq!(found.rows(), 37);
        assert!([3, 7, 11].iter().all(|row| !found.kept.contains(row)));
        assert!(found.inputs.data().iter().all(|v| v.is_finite()));
        assert_eq!(found.incomplete.rows(), 3);
        for (at, row) in [3, 7, 11].into_iter().enumerate() {
            for j in 0..4 {
                let value = f64::from(data.inputs[(row, j)]);
                let want = ((value - found.standardiser.mean[j]) / found.standardiser.sd[j]) as f32;
                let got = found.incomplete[(at, j)];
                assert!(if value.is_nan() { got.is_nan() } else { (got - want).abs() < 1e-5 }, "{row} {j}: {got}");
            }
        }
        let told: Vec<&str> = found.warnings.iter().map(|warning| warning.code.as_str()).collect();
        assert_eq!(told, ["ROWS_INCOMPLETE"]);
        let want =
            "3 rows lack a modality: learned from where there is one (1 in \"a\", 2 in \"b\"), not in the results";
        assert_eq!(found.warnings[0].message, want);
        // Whole environments that are kept apart stay so.
        let labels: Vec<&str> = (0..40).map(|row| if row < 8 { "held" } else { ["u", "v"][row % 2] }).collect();
        let labels = BTreeMap::from([(Role::Environment, Labels::encode("site", &labels))]);
        let split = SplitConfig { holdout: vec!["held".into()], ..SplitConfig::default() };
        let config = PrepareConfig { split, ..PrepareConfig::default() };
        let apart = prepare_incomplete(&Dataset { labels, ..dataset() }, &config, 5).expect("prepares");
        assert!(apart.incomplete.rows() < 2, "row 11 alone may be trained on");
        let lost = apart.warnings.iter().find(|warning| warning.code == "ROWS_INCOMPLETE").expect("told");
        assert!(lost.message.contains("environments that are kept apart"), "{}", lost.message);
    }

    #[test]
    fn gaps_inside_of_a_view_follow_the_policy_also_there() {
        let mut data = dataset();
        data.inputs[(3, 2)] = GAP;
        let refused = prepare_incomplete(&data, &PrepareConfig::default(), 5).expect_err("a gap");
        assert_eq!((refused.code, refused.context["count"].clone()), (Code::DataNotFinite, 1.into()));
        assert!(refused.message.contains("\"b1\", row 4"), "{}", refused.message);
        assert_eq!(prepared(&data, Missing::Drop).rows(), 37);
        let filled = prepared(&data, Missing::Mean);
        assert!((0..filled.incomplete.rows()).all(|row| {
            let row = filled.incomplete.row(row);
            [&row[..2], &row[2..]]
                .iter()
                .all(|view| view.iter().all(|v| v.is_nan()) || view.iter().all(|v| v.is_finite()))
        }));
        // A row without any view is no row that lacks one, and nothing to be filled.
        data.inputs.row_mut(20).fill(GAP);
        assert_eq!((prepared(&data, Missing::Drop).rows(), prepared(&data, Missing::Mean).rows()), (36, 36));
        assert!(prepared(&data, Missing::Mean).warnings.iter().any(|warning| warning.code == "ROWS_DROPPED"));
    }

    #[test]
    fn nothing_changes_where_every_row_is_complete_and_methods_that_need_all_views_refuse_the_others() {
        let mut data = dataset();
        let failure = prepare(&data, &PrepareConfig::default(), 5).expect_err("gaps");
        assert_eq!(failure.code, Code::DataNotFinite);
        data.inputs.data_mut().iter_mut().filter(|v| v.is_nan()).for_each(|v| *v = 103.0);
        let config = PrepareConfig::default();
        let (one, other) = (prepare(&data, &config, 5), prepare_incomplete(&data, &config, 5));
        assert_eq!(one.expect("prepares"), other.expect("prepares"));
    }
}
