//! Run-time choice of the instruction set, so that one portable binary uses AVX2 or AVX-512 where the machine has it.

/// Consumed by every vectorised body: a closure that gives a value away is callable once only, so the compiler makes no
/// separate `call_once` shim, and it is that shim that would stay behind in baseline instructions.
#[derive(Debug)]
pub struct OnlyOnce;

/// Compiles `$body` for each instruction set that pulp knows and runs the best one that the machine has.
///
/// Only code inlined into the body profits: loops over slices and `#[inline(always)]` functions.
#[macro_export]
macro_rules! vectorised {
    ($body:expr) => {{
        let only_once = $crate::simd::OnlyOnce;
        $crate::simd::Arch::new().dispatch(
            #[inline(always)]
            || {
                let _consumed: $crate::simd::OnlyOnce = only_once;
                $body
            },
        )
    }};
}
pub use pulp::Arch;
pub use vectorised;
