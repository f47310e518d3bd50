//! How an operation is computed: on the processor as one pass over slices, elsewhere as an expression of candle's operations. Both give
//! the same within rounding, and a test of every method holds them to it, without a GPU.

use candle_core::Device;
use std::cell::Cell;

thread_local! {
    static EXPRESSIONS_ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Whether operations on this device are fused.
pub(crate) fn fused(device: &Device) -> bool {
    device.is_cpu() && !EXPRESSIONS_ALONE.get()
}

/// Does `work` as a GPU would be asked to do it, on whatever device it is: no operation of this thread is fused.
pub fn by_expressions<T>(work: impl FnOnce() -> T) -> T {
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            EXPRESSIONS_ALONE.set(self.0);
        }
    }
    let _before = Before(EXPRESSIONS_ALONE.replace(true));
    work()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_fused_again_after_expressions_whatever_happened() {
        assert!(fused(&Device::Cpu));
        by_expressions(|| {
            assert!(!fused(&Device::Cpu));
            by_expressions(|| ());
            assert!(!fused(&Device::Cpu));
        });
        assert!(std::panic::catch_unwind(|| by_expressions(|| panic!("on purpose"))).is_err());
        assert!(fused(&Device::Cpu));
    }
}
