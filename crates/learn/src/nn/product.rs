//! Matrix products over slices: `gemm`, and two loops of our own for the narrow last layers of this field, where `gemm`
//! fills a vector register with five columns of sixteen.

use super::compute::Compute;
use super::kernels;
use super::real::Real;
use super::simd::vectorised;

/// How a matrix lies in its slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Row-major, as it is multiplied.
    Plain,
    /// Row-major, multiplied as its transpose.
    Transposed,
}

/// What happens to the destination of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    /// The product replaces it.
    Replace,
    /// The product is added to it.
    Add,
}

/// The sizes of a product: `[rows, cols] = [rows, inner] [inner, cols]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Product {
    pub rows: usize,
    pub inner: usize,
    pub cols: usize,
}

/// Columns of a product that the narrow loops are compiled for.
const NARROW: usize = 8;
/// Values that one register of the narrow loops holds at most.
const LANES: usize = 16;

/// Binds a constant to the number of columns, 1 to `NARROW`.
macro_rules! with_cols {
    ($cols:expr, $c:ident => $body:expr) => {
        match $cols {
            1 => {
                const $c: usize = 1;
                $body
            }
            2 => {
                const $c: usize = 2;
                $body
            }
            3 => {
                const $c: usize = 3;
                $body
            }
            4 => {
                const $c: usize = 4;
                $body
            }
            5 => {
                const $c: usize = 5;
                $body
            }
            6 => {
                const $c: usize = 6;
                $body
            }
            7 => {
                const $c: usize = 7;
                $body
            }
            _ => {
                const $c: usize = NARROW;
                $body
            }
        }
    };
}
/// `out = a b` or `out += a b`; an operand marked `Transposed` is stored as its transpose.
///
/// # Panics
/// When a slice has not the length that the sizes ask for.
pub(crate) fn multiply<T: Real>(
    size: Product,
    a: (&[T], Order),
    b: (&[T], Order),
    out: &mut [T],
    write: Write,
    compute: Compute,
) {
    let wide = size.cols == 0 || size.cols > NARROW || b.1 == Order::Transposed;
    match a.1 {
        _ if wide => kernels::multiply(size, a, b, out, write, compute),
        // Short sums are not worth a transposed copy of b.
        Order::Plain if size.inner < 2 * LANES => kernels::multiply(size, a, b, out, write, compute),
        Order::Transposed if size.rows < 2 * LANES => kernels::multiply(size, a, b, out, write, compute),
        Order::Plain => with_cols!(size.cols, C => rows_by_columns::<T, C>(size, a.0, b.0, out, write)),
        Order::Transposed => with_cols!(size.cols, C => sum_of_outer::<T, C>(size, a.0, b.0, out, write)),
    }
}

#[inline(always)]
fn store<T: Real>(out: &mut T, value: T, write: Write) {
    match write {
        Write::Replace => *out = value,
        Write::Add => *out += value,
    }
}

/// `[rows, inner] [inner, C]`: the products of each row with the C columns, sixteen terms at a time.
fn rows_by_columns<T: Real, const C: usize>(size: Product, a: &[T], b: &[T], out: &mut [T], write: Write) {
    let inner = size.inner;
    assert!(a.len() == size.rows * inner && b.len() == inner * C && out.len() == size.rows * C);
    let whole = inner / LANES * LANES;
    let mut columns = vec![T::ZERO; inner * C];
    for (k, row) in b.chunks_exact(C).enumerate() {
        for (j, &value) in row.iter().enumerate() {
            columns[j * inner + k] = value;
        }
    }
    let columns: [&[T]; C] = std::array::from_fn(|j| &columns[j * inner..(j + 1) * inner]);
    vectorised!({
        for (row, out) in a.chunks_exact(inner).zip(out.chunks_exact_mut(C)) {
            let mut lanes = [[T::ZERO; LANES]; C];
            for k in (0..whole).step_by(LANES) {
                let x: &[T; LANES] = row[k..k + LANES].try_into().expect("sixteen values");
                for j in 0..C {
                    let w: &[T; LANES] = columns[j][k..k + LANES].try_into().expect("sixteen values");
                    for l in 0..LANES {
                        lanes[j][l] += x[l] * w[l];
                    }
                }
            }
            for j in 0..C {
                let mut sums = lanes[j];
                for half in [8, 4, 2, 1] {
                    for l in 0..half {
                        sums[l] += sums[l + half];
                    }
                }
                let rest = row[whole..].iter().zip(&columns[j][whole..]);
                store(&mut out[j], rest.fold(sums[0], |sum, (&x, &w)| sum + x * w), write);
            }
        }
    });
}

/// `a' b` with `a [inner, rows]`, `b [inner, C]`: outer products summed in row order, 32 rows of the result at a time.
fn sum_of_outer<T: Real, const C: usize>(size: Product, a: &[T], b: &[T], out: &mut [T], write: Write) {
    const WIDTH: usize = 2 * LANES;
    let rows = size.rows;
    assert!(a.len() == size.inner * rows && b.len() == size.inner * C && out.len() == rows * C);
    vectorised!({
        let whole = rows / WIDTH * WIDTH;
        for from in (0..whole).step_by(WIDTH) {
            let mut sums = [[T::ZERO; WIDTH]; C];
            for (a, b) in a.chunks_exact(rows).zip(b.chunks_exact(C)) {
                let x: &[T; WIDTH] = a[from..from + WIDTH].try_into().expect("32 values");
                for j in 0..C {
                    for l in 0..WIDTH {
                        sums[j][l] += x[l] * b[j];
                    }
                }
            }
            for l in 0..WIDTH {
                for j in 0..C {
                    store(&mut out[(from + l) * C + j], sums[j][l], write);
                }
            }
        }
        for row in whole..rows {
            let mut sums = [T::ZERO; C];
            for (a, b) in a.chunks_exact(rows).zip(b.chunks_exact(C)) {
                for j in 0..C {
                    sums[j] += a[row] * b[j];
                }
            }
            for j in 0..C {
                store(&mut out[row * C + j], sums[j], write);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::Stream;

    #[test]
    fn every_shape_and_order_agrees_with_the_definition_in_double_precision() {
        for (rows, inner, cols) in [(1, 1, 1), (3, 40, 5), (33, 70, 1), (70, 33, 8), (64, 32, 7), (5, 3, 9), (40, 1, 2)]
        {
            for (a_order, b_order) in
                [(Order::Plain, Order::Plain), (Order::Transposed, Order::Plain), (Order::Plain, Order::Transposed)]
            {
                let mut stream = Stream::new(5, "factors");
                let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| stream.normal() as f32).collect() };
                let (a, b) = (draw(rows * inner), draw(inner * cols));
                let at = |m: &[f32], order, height: usize, width: usize, i: usize, j: usize| match order {
                    Order::Plain => f64::from(m[i * width + j]),
                    Order::Transposed => f64::from(m[j * height + i]),
                };
                let size = Product { rows, inner, cols };
                let mut out = vec![1f32; rows * cols];
                multiply(size, (&a, a_order), (&b, b_order), &mut out, Write::Add, Compute::SINGLE);
                for i in 0..rows {
                    for j in 0..cols {
                        let term = |k| at(&a, a_order, rows, inner, i, k) * at(&b, b_order, inner, cols, k, j);
                        let want = 1.0 + (0..inner).map(term).sum::<f64>();
                        let got = f64::from(out[i * cols + j]);
                        // 2^-24 times the sum of up to 70 products of normals.
                        assert!((got - want).abs() < 1e-4, "{size:?} {a_order:?} {b_order:?}: {got} is not {want}");
                    }
                }
                let mut again = vec![f32::NAN; rows * cols];
                multiply(size, (&a, a_order), (&b, b_order), &mut again, Write::Replace, Compute::SINGLE);
                assert!(again.iter().zip(&out).all(|(r, o)| (r + 1.0 - o).abs() < 1e-4), "{size:?}");
            }
        }
    }
}
