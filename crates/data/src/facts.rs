//! What stands in columns of numbers, for one who looks at data before learning from them: gaps, infinities, constants, words
//! for "no value" that look like numbers, and columns that say what another one says.

use serde::Serialize;

/// A column in facts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ColumnFacts {
    /// Cells without a value.
    pub missing: usize,
    /// Infinite cells.
    pub infinite: usize,
    /// Whether all cells that have a value have the same.
    pub constant: bool,
    /// The smallest finite value; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The largest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Values that look like words for "no value", frequent and far outside of the others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sentinels: Vec<Sentinel>,
    /// An earlier column of which this one is a copy, up to scale, offset and rounding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy_of: Option<usize>,
}

/// A value that looks like a word for "no value".
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sentinel {
    /// The value.
    pub value: f32,
    /// How often it stands there.
    pub count: usize,
}

/// Facts of each column of a row-major matrix.
pub fn column_facts(values: &[f32], cols: usize) -> Vec<ColumnFacts> {
    let columns = seen(values, cols);
    let mut copies = copies(values, &columns);
    let facts = columns.iter().enumerate().map(|(column, seen)| ColumnFacts {
        missing: seen.missing,
        infinite: seen.infinite,
        constant: seen.is_constant(),
        min: end(&seen.low),
        max: end(&seen.high),
        sentinels: seen.sentinels(),
        copy_of: copies[column].take(),
    });
    facts.collect()
}

/// Columns that are walked together: what is known of them stays in the cache.
const TOGETHER: usize = 256;
/// Neighbors that are looked at in one go.
const LANES: usize = 16;

fn seen(values: &[f32], cols: usize) -> Vec<Seen> {
    let mut columns = vec![Seen::default(); cols];
    // Between the ends of a column that are kept lies nearly all of it.
    let (mut low, mut high) = (vec![f32::NAN; cols], vec![f32::NAN; cols]);
    for first in (0..cols).step_by(TOGETHER) {
        let last = cols.min(first + TOGETHER);
        for row in values.chunks_exact(cols) {
            for from in (first..last).step_by(LANES) {
                let lanes = from..last.min(from + LANES);
                let (values, low, high) = (&row[lanes.clone()], &mut low[lanes.clone()], &mut high[lanes.clone()]);
                let ends = low.iter().zip(&*high);
                if values.iter().zip(ends).fold(true, |all, (value, (low, high))| all & (value > low) & (value < high))
                {
                    continue;
                }
                for (lane, (seen, &value)) in columns[lanes].iter_mut().zip(values).enumerate() {
                    seen.add(value);
                    (low[lane], high[lane]) = seen.inside();
                }
            }
        }
    }
    columns
}

/// Different values at each end of a column that are kept: two sentinels, and the first value that is none.
const ENDS: usize = 3;

#[derive(Clone, Copy, Default)]
struct Seen {
    missing: usize,
    infinite: usize,
    /// The smallest different values, ascending, and the largest, descending, with their counts.
    low: [(f32, usize); ENDS],
    high: [(f32, usize); ENDS],
}

impl Seen {
    #[inline]
    fn add(&mut self, value: f32) {
        if !value.is_finite() {
            let count = if value.is_nan() { &mut self.missing } else { &mut self.infinite };
            *count += 1;
            return;
        }
        insert(&mut self.low, value, |a, b| a < b);
        insert(&mut self.high, value, |a, b| a > b);
    }

    /// Finite values between these change nothing; NaN where there are none yet.
    fn inside(&self) -> (f32, f32) {
        let (low, high) = (self.low[ENDS - 1], self.high[ENDS - 1]);
        if low.1 > 0 && high.1 > 0 { (low.0, high.0) } else { (f32::NAN, f32::NAN) }
    }

    fn is_constant(&self) -> bool {
        self.low[1].1 == 0
    }

    /// Values at the ends of the column, each with the gap to its neighbor, which is much wider than all others lie apart.
    fn sentinels(&self) -> Vec<Sentinel> {
        let ends = [(&self.low, &self.high), (&self.high, &self.low)];
        let found = ends.map(|(own, other)| {
            (1..ENDS).rev().find_map(|many| {
                let outside = &own[..many];
                let (inner, far) = (own[many], other[0]);
                let told = outside.iter().all(|&(value, count)| count > 1 && looks_like_a_word(value));
                let spread = (far.0 - inner.0).abs();
                let gap = (inner.0 - outside[many - 1].0).abs();
                (inner.1 > 0 && told && gap > 2.0 * spread).then(|| outside.to_vec())
            })
        });
        let values = found.into_iter().flatten().flatten();
        values.map(|(value, count)| Sentinel { value, count }).collect()
    }
}

fn end(values: &[(f32, usize); ENDS]) -> Option<f64> {
    (values[0].1 > 0).then(|| f64::from(values[0].0))
}

#[inline]
fn insert(ends: &mut [(f32, usize); ENDS], value: f32, before: impl Fn(f32, f32) -> bool) {
    // Most values lie inside: they are behind the last one.
    let (last, count) = ends[ENDS - 1];
    if count > 0 && before(last, value) {
        return;
    }
    for place in 0..ENDS {
        let (known, count) = ends[place];
        if count > 0 && known == value {
            ends[place].1 += 1;
            return;
        }
        if count == 0 || before(value, known) {
            ends.copy_within(place..ENDS - 1, place + 1);
            ends[place] = (value, 1);
            return;
        }
    }
}

/// Nines, eights or sevens throughout, at least two of them, and the ends of integer types.
fn looks_like_a_word(value: f32) -> bool {
    const LIMITS: [f32; 6] = [-32_768.0, 32_767.0, -2_147_483_648.0, 2_147_483_647.0, -9.223_372e18, 9.223_372e18];
    let text = value.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let same = |digit: char| whole.len() > 1 && whole.chars().chain(fraction.chars()).all(|c| c == digit);
    // -1e20, 1e30: fill values of climate data.
    let power = whole.len() > 15 && value.abs().log10().fract().abs() < 1e-6;
    LIMITS.contains(&value) || power || ['9', '8', '7'].into_iter().any(same)
}

/// Rows in which columns are compared.
const SAMPLE: usize = 256;
/// Columns that correlate by more than this are one measurement.
const ALIKE: f64 = 1.0 - 1e-6;

/// For each column an earlier one that it copies. Columns that are alike lie beside each other in a random direction, so each is
/// compared with few others.
fn copies(values: &[f32], seen: &[Seen]) -> Vec<Option<usize>> {
    let d = seen.len();
    let n = values.len().checked_div(d).unwrap_or(0);
    let mut found = vec![None; d];
    let step = n.div_ceil(SAMPLE).max(1);
    let rows: Vec<usize> = (0..n).step_by(step).collect();
    // Two points always lie on a line, and a few easily do.
    if rows.len() < 8 {
        return found;
    }
    let mut columns: Vec<(f64, usize, Vec<f32>)> = Vec::new();
    for column in (0..d).filter(|&column| !seen[column].is_constant() && seen[column].infinite == 0) {
        let Some(unit) = unit(rows.iter().map(|&row| values[row * d + column])) else { continue };
        let along = unit.iter().enumerate().map(|(i, v)| f64::from(*v) * direction(i)).sum();
        columns.push((along, column, unit));
    }
    columns.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    // Twice as far apart as two such columns can lie along the direction, whose length is about the root of the rows.
    let window = 4.0 * (2.0 * (1.0 - ALIKE) * rows.len() as f64).sqrt();
    for (place, (along, column, unit)) in columns.iter().enumerate() {
        let near = columns[place + 1..].iter().take_while(|other| other.0 - along < window).take(NEIGHBOURS);
        for (_, other, theirs) in near {
            let alike: f64 = unit.iter().zip(theirs).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            if alike > ALIKE {
                let (first, second) = (*column.min(other), *column.max(other));
                found[second] = Some(found[second].map_or(first, |known: usize| known.min(first)));
            }
        }
    }
    found
}

/// Columns of which very many are alike are not compared with all of them.
const NEIGHBOURS: usize = 64;

/// The values with mean 0 and length 1, the largest of them positive; `None` where they do not vary. Gaps count as the mean.
fn unit(values: impl Iterator<Item = f32>) -> Option<Vec<f32>> {
    let values: Vec<f32> = values.collect();
    let known = values.iter().filter(|value| value.is_finite());
    let mean = known.clone().map(|&value| f64::from(value)).sum::<f64>() / known.count().max(1) as f64;
    let centred: Vec<f64> = values.iter().map(|&v| if v.is_finite() { f64::from(v) - mean } else { 0.0 }).collect();
    let length = centred.iter().map(|v| v * v).sum::<f64>().sqrt();
    let largest = centred.iter().copied().fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
    (length > 1e-30).then(|| centred.iter().map(|v| (v / length * largest.signum()) as f32).collect())
}

/// A fixed direction without a pattern: the fractions of multiples of the golden ratio, about 0.
fn direction(i: usize) -> f64 {
    ((i as f64 + 1.0) * 0.618_033_988_749_894_9).fract() * 3.464 - 1.732
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Matrix;

    fn facts(columns: &[&dyn Fn(usize) -> f32]) -> Vec<ColumnFacts> {
        column_facts(Matrix::from_fn(200, columns.len(), |i, j| columns[j](i)).data(), columns.len())
    }

    fn noise(i: usize) -> f32 {
        ((i * 7919 + 13) % 1009) as f32 / 100.0
    }

    #[test]
    fn gaps_infinities_and_constants_are_counted() {
        let found = facts(&[
            &|i| if i < 3 { f32::NAN } else { noise(i) },
            &|i| if i == 7 { f32::NEG_INFINITY } else { noise(i * i) },
            &|i| if i % 2 == 0 { 0.25 } else { f32::NAN },
        ]);
        assert_eq!((found[0].missing, found[0].infinite, found[0].constant), (3, 0, false));
        assert_eq!((found[1].missing, found[1].infinite), (0, 1));
        assert_eq!((found[2].missing, found[2].constant), (100, true));
    }

    #[test]
    fn values_that_look_like_words_are_told_where_they_are_frequent_and_far_outside() {
        let with = |word: f32, every: usize| move |i: usize| if i.is_multiple_of(every) { word } else { noise(i) };
        let told = |column: &dyn Fn(usize) -> f32| -> Vec<f32> {
            facts(&[column])[0].sentinels.iter().map(|sentinel| sentinel.value).collect()
        };
        assert_eq!(told(&with(-999.0, 10)), [-999.0]);
        assert_eq!(told(&with(77_777.0, 50)), [77_777.0]);
        assert_eq!(told(&with(-99.99, 20)), [-99.99]);
        assert_eq!(told(&with(1e20, 20)), [1e20]);
        assert_eq!(told(&|i| [-999.0, -888.0, noise(i)][(i % 7).min(2)]), [-999.0, -888.0]);
        // Beside one that is farther out, the nearer does not stand out.
        assert_eq!(told(&|i| [-99.0, 9999.0, noise(i)][(i % 7).min(2)]), [9999.0]);
        // Once is an outlier; 99 among numbers up to 90 is a number; -500 is no word.
        assert_eq!(told(&with(-999.0, 200)), [] as [f32; 0]);
        assert_eq!(told(&|i| if i % 10 == 0 { 99.0 } else { noise(i) * 9.0 }), [] as [f32; 0]);
        assert_eq!(told(&with(-500.0, 10)), [] as [f32; 0]);
    }

    #[test]
    fn copies_are_found_whatever_their_scale_and_offset() {
        let found = facts(&[
            &noise,
            &|i| noise(i * 31 + 5),
            &|i| -2.5 * noise(i) + 7.0,
            &|i| noise(i) + 0.2 * noise(i * 17 + 3),
            &|i| (noise(i * 31 + 5) * 1000.0).round() / 1000.0,
        ]);
        let copies: Vec<Option<usize>> = found.iter().map(|facts| facts.copy_of).collect();
        assert_eq!(copies, [None, None, Some(0), None, Some(1)]);
    }
}
