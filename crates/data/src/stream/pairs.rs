//! Pairs of standard normal numbers from blocks of random bits (Box-Muller), many blocks side by side.
//!
//! Logarithm, sine and cosine are polynomials without branches and without fused multiply-add: loops over them vectorise, and the bits
//! are the same on every machine, whatever its C library. Coefficients and reductions are those of fdlibm, whose error is below one unit
//! in the last place: <https://www.netlib.org/fdlibm/>.

const M0: u32 = 0xD251_1F53;
const M1: u32 = 0xCD9E_8D57;
const W0: u32 = 0x9E37_79B9;
const W1: u32 = 0xBB67_AE85;

/// Blocks that are taken at once.
pub(super) const LANES: usize = 16;

/// 2^52: the bits of a small whole number below it are those of its fraction.
const SHIFT: f64 = 4_503_599_627_370_496.0;

/// The words of the blocks `element`, `element + 1`, ..., each as [`super::philox`] gives them.
#[inline(always)]
pub(super) fn blocks(element: u64, step: u32, name: u32, key: [u32; 2]) -> [[u64; LANES]; 4] {
    let counter = std::array::from_fn(|i| element.wrapping_add(i as u64));
    rounds([counter.map(|e| e & LOW), counter.map(|e| e >> 32), [step.into(); LANES], [name.into(); LANES]], key)
}

/// The low half of a word of 64 bits. All words here are halves, and said to be: their products are then one instruction for all lanes.
const LOW: u64 = 0xffff_ffff;

/// Ten rounds of Philox4x32 for counters side by side, under one key.
#[inline(always)]
pub(super) fn rounds<const N: usize>([mut c0, mut c1, mut c2, mut c3]: [[u64; N]; 4], key: [u32; 2]) -> [[u64; N]; 4] {
    let [mut k0, mut k1] = key;
    for _ in 0..10 {
        for i in 0..N {
            let (p0, p1) = ((c0[i] & LOW) * u64::from(M0), (c2[i] & LOW) * u64::from(M1));
            c0[i] = (p1 >> 32) ^ c1[i] ^ u64::from(k0);
            c2[i] = (p0 >> 32) ^ c3[i] ^ u64::from(k1);
            c1[i] = p1 & LOW;
            c3[i] = p0 & LOW;
        }
        (k0, k1) = (k0.wrapping_add(W0), k1.wrapping_add(W1));
    }
    [c0, c1, c2, c3]
}

/// A whole number below 2^52, which no vector instruction before AVX-512 converts.
#[inline(always)]
fn whole(number: u64) -> f64 {
    f64::from_bits(SHIFT.to_bits() | number) - SHIFT
}

/// Uniform on [0, 1) with 53 random bits, from two words.
#[inline(always)]
pub(super) fn uniform(high: u64, low: u64) -> f64 {
    (whole(high) * (1u64 << 21) as f64 + whole(low >> 11)) * (1.0 / (1u64 << 53) as f64)
}

/// Two independent standard normal numbers from two uniform ones.
#[inline(always)]
pub(super) fn normals(u: f64, v: f64) -> [f64; 2] {
    // 1 - u lies in (0, 1]: the logarithm is finite.
    let radius = (-2.0 * ln(1.0 - u)).sqrt();
    let (sin, cos) = sin_cos_of_turns(v);
    [radius * cos, radius * sin]
}

/// Natural logarithm of a positive normal number.
#[inline(always)]
#[allow(clippy::excessive_precision, clippy::approx_constant)] // The published digits; ln 2 in two parts.
fn ln(x: f64) -> f64 {
    /// The bits of the square root of 1/2, cut short: x = 2^k (1 + f) with 1 + f between it and its double.
    const LEAST: u64 = 0x3fe6_a09e_0000_0000;
    const FRACTION: u64 = (1 << 52) - 1;
    let bits = x.to_bits() + (1f64.to_bits() - LEAST);
    let k = f64::from_bits(SHIFT.to_bits() | (bits >> 52)) - (SHIFT + 1023.0);
    let f = f64::from_bits((bits & FRACTION) + LEAST) - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1));
    let odd = z
        * (6.666666666666735130e-1
            + w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)));
    let half_square = 0.5 * f * f;
    let rest = s * (half_square + (even + odd)) + k * 1.90821492927058770002e-10;
    k * 6.93147180369123816490e-1 - ((half_square - rest) - f)
}

/// Sine and cosine of an angle in turns, 0 to 1.
#[inline(always)]
#[allow(clippy::excessive_precision)] // The published digits.
fn sin_cos_of_turns(turns: f64) -> (f64, f64) {
    /// 1.5 * 2^52: adding it rounds to a whole number, held in the low bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let shifted = 4.0 * turns + ROUND;
    let quarter = shifted.to_bits();
    // What is left of the quarter is exact, at most an eighth of a turn.
    let t = (turns - 0.25 * (shifted - ROUND)) * std::f64::consts::TAU;
    let z = t * t;
    let mut p = 1.58969099521155010221e-10;
    for c in [
        -2.50507602534068634195e-8,
        2.75573137070700676789e-6,
        -1.98412698298579493134e-4,
        8.33333333332248946124e-3,
        -1.66666666666666324348e-1,
    ] {
        p = p * z + c;
    }
    let sin = t + t * z * p;
    let mut p = -1.13596475577881948265e-11;
    for c in [
        2.08757232129817482790e-9,
        -2.75573143513906633035e-7,
        2.48015872894767294178e-5,
        -1.38888888888741095749e-3,
        4.16666666666666019037e-2,
    ] {
        p = p * z + c;
    }
    let cos = 1.0 - 0.5 * z + z * z * p;
    // Odd quarters exchange the two, the second and third turn the sign of the cosine, the third and fourth that of the sine.
    let exchanged = 0u64.wrapping_sub(quarter & 1);
    let choose = |a: f64, b: f64| (a.to_bits() & !exchanged) | (b.to_bits() & exchanged);
    let negative = |quarter: u64| (quarter & 2) << 62;
    (f64::from_bits(choose(sin, cos) ^ negative(quarter)), f64::from_bits(choose(cos, sin) ^ negative(quarter + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_side_by_side_are_the_blocks_one_by_one() {
        // Across the place where the counter needs its second word.
        for element in [0, 5, u64::from(u32::MAX) - 3] {
            let side_by_side = blocks(element, 7, 77, [1, 2]);
            for i in 0..LANES {
                let e = element + i as u64;
                let one = super::super::philox([e as u32, (e >> 32) as u32, 7, 77], [1, 2]);
                assert_eq!(side_by_side.map(|words| words[i]), one.map(u64::from));
            }
        }
    }

    #[test]
    fn the_functions_are_within_two_units_in_the_last_place_of_the_libraries() {
        for i in 1..=200_000u64 {
            let x = i as f64 / 200_000.0;
            for x in [x, x * x * x, x * 2f64.powi(-40)] {
                assert!((ln(x) - x.ln()).abs() <= 2.0 * f64::EPSILON * x.ln().abs(), "{x}: {}, {}", ln(x), x.ln());
            }
            let (sin, cos) = sin_cos_of_turns(x);
            let angle = std::f64::consts::TAU * x;
            // The library is given an angle that is rounded: half a unit in the last place of up to 2 pi.
            let allowed = 0.5 * f64::EPSILON * angle + 2.0 * f64::EPSILON;
            assert!((sin - angle.sin()).abs() <= allowed && (cos - angle.cos()).abs() <= allowed, "{x}: {sin}, {cos}");
        }
        assert_eq!((ln(1.0), sin_cos_of_turns(0.0), sin_cos_of_turns(0.25)), (0.0, (0.0, 1.0), (1.0, 0.0)));
        // The least that there is: 53 zeros.
        let least = 2f64.powi(-53);
        assert!((ln(least) - least.ln()).abs() < 1e-14);
    }

    #[test]
    fn a_uniform_number_has_53_bits() {
        assert_eq!(uniform(0, 0), 0.0);
        assert_eq!(uniform(u64::from(u32::MAX), u64::from(u32::MAX)), 1.0 - 2f64.powi(-53));
        assert_eq!(uniform(1, 1 << 11), ((1u64 << 21) + 1) as f64 / (1u64 << 53) as f64);
    }
}
