//! Named, seeded random streams: Philox4x32-10, counter based.
//!
//! Every random number of the product is a pure function of (seed, stream name, step, element), so threads, batch order
//! and resuming cannot change it. Source: *Parallel random numbers: as easy as 1, 2, 3* (Salmon et al., 2011),
//! <https://doi.org/10.1145/2063384.2063405>.

mod pairs;

use crate::simd::vectorised;
use pairs::LANES;

/// Ten rounds of Philox4x32: 128 random bits for a counter under a key.
#[inline]
pub fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    pairs::rounds(counter.map(|word| [word.into()]), key).map(|[word]| word as u32)
}

/// A random stream, identified by seed and name; `at(step)` moves it to a step (an epoch, a restart, a row).
///
/// Drawing is sequential in `element`; two streams with the same identity give the same numbers.
#[derive(Debug, Clone)]
pub struct Stream {
    key: [u32; 2],
    name: u32,
    step: u32,
    element: u64,
    buffer: [u32; 4],
    left: usize,
    spare: Option<f64>,
}

impl Stream {
    /// The stream `name` of a run with this seed.
    pub fn new(seed: u64, name: &str) -> Self {
        let digest = blake3::hash(name.as_bytes());
        let word = u32::from_le_bytes(digest.as_bytes()[..4].try_into().expect("a digest has 32 bytes"));
        Self {
            key: [seed as u32, (seed >> 32) as u32],
            name: word,
            step: 0,
            element: 0,
            buffer: [0; 4],
            left: 0,
            spare: None,
        }
    }

    /// The same stream at the beginning of another step.
    pub fn at(&self, step: u32) -> Self {
        Self { step, element: 0, left: 0, spare: None, ..self.clone() }
    }

    /// 32 random bits.
    #[inline]
    pub fn bits(&mut self) -> u32 {
        if self.left == 0 {
            let e = self.element;
            self.buffer = philox([e as u32, (e >> 32) as u32, self.step, self.name], self.key);
            self.element += 1;
            self.left = 4;
        }
        self.left -= 1;
        self.buffer[3 - self.left]
    }

    /// Uniform on [0, 1) with 53 random bits.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        pairs::uniform(self.bits().into(), self.bits().into())
    }

    /// Uniform on 0..n without bias (Lemire's multiply and reject).
    ///
    /// # Panics
    /// When `n` is zero or does not fit 32 bits: the callers draw indices of things that exist.
    pub fn below(&mut self, n: usize) -> usize {
        let n = u32::try_from(n).expect("an index range fits 32 bits");
        assert!(n > 0, "an index range is not empty");
        let threshold = n.wrapping_neg() % n;
        loop {
            let product = u64::from(self.bits()) * u64::from(n);
            if product as u32 >= threshold {
                return (product >> 32) as usize;
            }
        }
    }

    /// Standard normal (Box-Muller in double precision).
    #[inline]
    pub fn normal(&mut self) -> f64 {
        if let Some(value) = self.spare.take() {
            return value;
        }
        let [first, second] = pairs::normals(self.uniform(), self.uniform());
        self.spare = Some(second);
        first
    }

    /// The next normal numbers, each as `of` has it: the same as one by one, and many at once.
    pub fn fill_normals<T>(&mut self, out: &mut [T], of: impl Fn(f64) -> T) {
        // What is left of a pair comes first; where single bits were drawn before, no block begins at a pair.
        let mut singly = 0;
        while singly < out.len() && (self.spare.is_some() || self.left > 0) {
            out[singly] = of(self.normal());
            singly += 1;
        }
        let (blocks, rest) = out[singly..].as_chunks_mut::<{ 2 * LANES }>();
        let (Self { key, name, step, .. }, mut element) = (&*self, self.element);
        vectorised!(for block in &mut *blocks {
            let words = pairs::blocks(element, *step, *name, *key);
            let pair = |i: usize| {
                pairs::normals(pairs::uniform(words[0][i], words[1][i]), pairs::uniform(words[2][i], words[3][i]))
            };
            let drawn: [[f64; 2]; LANES] = std::array::from_fn(pair);
            block.iter_mut().zip(drawn.as_flattened()).for_each(|(place, value)| *place = of(*value));
            element += LANES as u64;
        });
        self.element = element;
        rest.iter_mut().for_each(|place| *place = of(self.normal()));
    }

    /// A random order of 0..n (Fisher-Yates).
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i + 1));
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_published_known_answers() {
        // Random123, kat_vectors: philox4x32 10.
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn streams_differ_by_seed_name_and_step_and_repeat_otherwise() {
        let draw = |seed, name: &str, step| {
            let mut s = Stream::new(seed, name).at(step);
            (0..9).map(|_| s.bits()).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, "a", 0), draw(1, "a", 0));
        for other in [draw(2, "a", 0), draw(1, "b", 0), draw(1, "a", 1)] {
            assert_ne!(draw(1, "a", 0), other);
        }
    }

    #[test]
    fn many_normals_at_once_are_those_drawn_one_by_one() {
        // Before and after single bits, half a pair and nothing; fewer and more than are taken at once.
        let before: [fn(&mut Stream); 4] = [
            |_| (),
            |stream| _ = stream.normal(),
            |stream| _ = stream.bits(),
            |stream| _ = (stream.normal(), stream.below(7)),
        ];
        for draw in before {
            for count in [0, 1, 2, 31, 32, 33, 200] {
                let (mut one_by_one, mut at_once) = (Stream::new(3, "at once").at(9), Stream::new(3, "at once").at(9));
                draw(&mut one_by_one);
                draw(&mut at_once);
                let wanted: Vec<f64> = (0..count).map(|_| one_by_one.normal()).collect();
                let mut got = vec![0.0; count];
                at_once.fill_normals(&mut got, |v| v);
                assert_eq!(got, wanted);
                assert_eq!((at_once.normal(), at_once.bits()), (one_by_one.normal(), one_by_one.bits()));
            }
        }
    }

    #[test]
    fn normals_are_those_of_an_independent_implementation() {
        #[derive(serde::Deserialize)]
        struct Golden {
            seed: u64,
            stream: String,
            step: u32,
            normals: Vec<f64>,
        }
        let golden: Vec<Golden> =
            serde_json::from_str(include_str!("../../../golden/normals.json")).expect("its own JSON");
        for Golden { seed, stream, step, normals } in golden {
            let mut own = Stream::new(seed, &stream).at(step);
            for (i, wanted) in normals.into_iter().enumerate() {
                let got = own.normal();
                // The functions have an error of a unit in the last place each, normals are below 9.
                assert!((got - wanted).abs() <= 4e-15, "{seed}, {stream}, {step}, number {i}: {got}, {wanted}");
            }
        }
    }

    #[test]
    fn the_bits_of_normals_are_those_of_this_definition() {
        let mut all = vec![0u64; 4096];
        Stream::new(1, "definition").fill_normals(&mut all, f64::to_bits);
        let bytes: Vec<u8> = all.iter().flat_map(|bits| bits.to_le_bytes()).collect();
        assert_eq!(
            blake3::hash(&bytes).to_hex().as_str(),
            "8da0879ad7a30ff9e901e17a349080fdb7eed8c263a1ce42be2ddf8d01e27b8e"
        );
    }

    #[test]
    fn normals_have_the_moments_of_a_normal() {
        let mut s = Stream::new(7, "moments");
        let n = 200_000;
        let x: Vec<f64> = (0..n).map(|_| s.normal()).collect();
        let moment = |k: i32| x.iter().map(|v| v.powi(k)).sum::<f64>() / f64::from(n);
        // Standard errors at n = 200,000: .0022, .0032, .0087, .022; five of each.
        assert!(moment(1).abs() < 0.011);
        assert!((moment(2) - 1.0).abs() < 0.016);
        assert!(moment(3).abs() < 0.044);
        assert!((moment(4) - 3.0).abs() < 0.11);
    }

    #[test]
    fn permutations_are_uniform_over_all_orders_of_three() {
        let mut counts = std::collections::BTreeMap::new();
        let mut s = Stream::new(3, "orders");
        for _ in 0..60_000 {
            *counts.entry(s.permutation(3)).or_insert(0u32) += 1;
        }
        assert_eq!(counts.len(), 6);
        // Each count is binomial(60000, 1/6): standard deviation 91; five of them.
        assert!(counts.values().all(|&c| c.abs_diff(10_000) < 456), "{counts:?}");
    }
}
