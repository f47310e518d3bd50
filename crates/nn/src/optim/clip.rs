//! Clipping by global norm.

/// The factor that brings a gradient of this norm down to `max_norm`; 1 for a smaller one, NaN for a NaN norm.
pub fn clip_factor(norm: f64, max_norm: f64) -> f64 {
    if norm <= max_norm { 1.0 } else { max_norm / norm }
}

#[cfg(test)]
mod tests {
    use super::clip_factor;

    #[test]
    fn only_long_gradients_are_shortened_and_nan_stays_visible() {
        assert_eq!((clip_factor(0.5, 1.0), clip_factor(1.0, 1.0), clip_factor(4.0, 1.0)), (1.0, 1.0, 0.25));
        assert!(clip_factor(f64::NAN, 1.0).is_nan());
    }
}
