//! What a score may cost.

/// How much to compute around a score, and from which random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Seed of every random stream.
    pub seed: u64,
    /// Resamples of the bootstrap; 0 leaves the interval out.
    pub resamples: u32,
    /// Draws of each null; 0 leaves the nulls out.
    pub draws: u32,
}

impl Default for Effort {
    fn default() -> Self {
        Self { seed: 0, resamples: 200, draws: 100 }
    }
}
