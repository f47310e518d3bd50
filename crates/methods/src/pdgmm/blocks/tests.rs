use super::*;
use disentangle_engine::observe::Silent;

/// Standard deviation of silent values.
const STILL: f64 = 0.05;

/// White rows whose blocks of `size` are silent in a share of the rows, seen through a rotation, which is given too. The latents of a block
/// covary where it is silent beside the middle: they are made white within the block.
fn world(blocks: usize, size: usize, n: usize, share: f64, at: f64) -> (Matrix, Matrix<f64>) {
    let k = blocks * size;
    let mut stream = Stream::new(4, "blocks-world");
    let turn = orthonormal_rows(&Matrix::from_fn(k, k, |_, _| stream.normal()));
    let (middle, q) = (share * at, size as f64);
    let (own, common) = (share * STILL * STILL + 1.0 - share, share * (1.0 - share) * at * at);
    let (apart, along_all) = (own.sqrt().recip(), (own + q * common).sqrt().recip());
    let mut data = Vec::with_capacity(n * k);
    for _ in 0..n {
        let mut z = vec![0.0; k];
        for block in z.chunks_mut(size) {
            let silent = stream.uniform() < share;
            block.iter_mut().for_each(|z| *z = if silent { at + STILL * stream.normal() } else { stream.normal() });
            let mean = block.iter().sum::<f64>() / q - middle;
            block.iter_mut().for_each(|z| *z = apart * (*z - middle) + (along_all - apart) * mean);
        }
        data.extend((0..k).map(|j| (0..k).map(|i| z[i] * turn[(i, j)]).sum::<f64>() as f32));
    }
    (Matrix::new(n, k, data).expect("n x k"), turn)
}

#[test]
fn the_gradient_is_that_of_central_differences_in_double_precision() {
    let (rows, _) = world(2, 2, 300, 0.3, 0.2);
    let mut stream = Stream::new(2, "blocks-start");
    let w = orthonormal_rows(&Matrix::from_fn(2, 4, |_, _| stream.normal()));
    let spot = Spot { weight: 0.2, place: vec![0.1, -0.3], width: 0.4 };
    // The formula itself in double precision, from the model and not from its code.
    let value = |w: &Matrix<f64>| {
        let density = |row: &[f32]| {
            let y: Vec<f64> = (0..2).map(|i| row.iter().zip(w.row(i)).map(|(x, w)| f64::from(*x) * w).sum()).collect();
            let near: f64 = y.iter().zip(&spot.place).map(|(y, t)| (y - t).powi(2)).sum();
            let far: f64 = y.iter().map(|y| y * y).sum();
            (0.2 / 0.16 * (-near / 0.32).exp() + 0.8 * (-far / 2.0).exp()).ln()
        };
        -(0..300).map(|i| density(rows.row(i))).sum::<f64>() / 300.0
    };
    let (got, gradient) = objective(rows.data(), &w, &spot);
    // Values of rows are rounded to single precision.
    assert!((got - value(&w)).abs() < 1e-6, "{got}");
    for i in 0..2 {
        for j in 0..4 {
            let moved = |by: f64| Matrix::from_fn(2, 4, |a, b| w[(a, b)] + if (a, b) == (i, j) { by } else { 0.0 });
            let difference = (value(&moved(1e-5)) - value(&moved(-1e-5))) / 2e-5;
            assert!((gradient[(i, j)] - difference).abs() < 1e-5, "{i} {j}: {} {difference}", gradient[(i, j)]);
        }
    }
}

#[test]
fn a_step_of_expectation_maximisation_does_not_lower_the_density() {
    let (rows, turn) = world(1, 2, 2000, 0.3, 0.0);
    let mut y = along(rows.data(), &turn);
    let mut spot = Spot { weight: 0.1, place: vec![0.2, 0.2], width: 0.06 };
    let mut before = spot.look(&mut y, false).value;
    for _ in 0..20 {
        spot.follow(&mut y);
        let now = spot.look(&mut y, false).value;
        assert!(now <= before + 1e-12, "{now} after {before}");
        before = now;
    }
    assert!((spot.weight - 0.3).abs() < 0.05 && spot.place.iter().all(|t| t.abs() < 0.05), "{spot:?}");
}

/// Smallest part of the true rows of each block that lies within the block found that holds most of it, in \[0, 1].
fn held(found: &Matrix<f64>, turn: &Matrix<f64>, size: usize) -> f64 {
    let blocks = found.rows() / size;
    let part = |truth: usize, block: usize| {
        let rows = stacked(&[Matrix::from_fn(size, found.cols(), |i, j| found[(block * size + i, j)])], found.cols());
        let inner = product(&rows, &turn.transposed());
        (0..size)
            .flat_map(|j| (0..size).map(move |i| (i, j)))
            .map(|(i, j)| inner[(i, truth * size + j)].powi(2))
            .sum::<f64>()
            / size as f64
    };
    (0..blocks).map(|truth| (0..blocks).map(|block| part(truth, block)).fold(0.0, f64::max)).fold(1.0, f64::min)
}

#[test]
fn blocks_are_found_through_any_rotation_wherever_they_are_silent() {
    // Single latents that are silent in one row of ten are too close to a normal distribution: two of four came out mixed (0.70). The page of
    // the method says so.
    for (count, size, share, at) in [(3, 2, 0.1, 0.0), (2, 3, 0.3, 0.5), (4, 1, 0.3, 0.0), (1, 2, 0.2, 0.0)] {
        let (rows, turn) = world(count, size, 6000, share, at);
        let mut observer = Silent;
        let mut solving = Solving::new("planes".into(), 1, &mut observer);
        let found = blocks(&rows, size, &mut solving).expect("it solves").expect("nobody cancels");
        let least = held(&found, &turn, size);
        assert!(least > 0.98, "{count} blocks of {size}: {least}");
    }
}

#[test]
fn what_is_left_is_orthogonal_to_what_is_taken() {
    let mut stream = Stream::new(6, "blocks-left");
    let taken = orthonormal_rows(&Matrix::from_fn(2, 5, |_, _| stream.normal()));
    let free = left(std::slice::from_ref(&taken), 5);
    assert_eq!((free.rows(), free.cols()), (3, 5));
    for i in 0..3 {
        for j in 0..3 {
            assert!((dot(free.row(i), free.row(j)) - f64::from(u8::from(i == j))).abs() < 1e-12);
        }
        assert!((0..2).all(|t| dot(free.row(i), taken.row(t)).abs() < 1e-12));
    }
}
