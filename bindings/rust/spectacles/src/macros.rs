//! What the settings have in common.

/// A struct of C that was made by its `_init`, and whose pointers are all NULL until a call fills them in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain<T>(pub(crate) T);

// SAFETY: it has no pointers but NULL.
unsafe impl<T> Send for Plain<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Plain<T> {}

/// A struct with its defaults: `init!(spectacles_shard_config, spectacles_shard_config_init)`.
macro_rules! init {
    ($type:ident, $function:ident) => {{
        let mut raw = std::mem::MaybeUninit::<$crate::sys::$type>::zeroed();
        // SAFETY: the struct is made of numbers and pointers, for which zeros are values; the size is the struct's.
        unsafe {
            $crate::sys::$function(raw.as_mut_ptr(), std::mem::size_of::<$crate::sys::$type>());
            raw.assume_init()
        }
    }};
}
pub(crate) use init;

/// Setters of numbers: each is a field of the struct of C.
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $name(mut self, $name: $type) -> Self {
                self.raw.0.$name = $name;
                self
            }
        )*
    };
}
pub(crate) use setters;

/// Sets or clears a flag of a mask.
pub(crate) fn flag(mask: &mut u32, flag: u32, wanted: bool) {
    *mask = if wanted { *mask | flag } else { *mask & !flag };
}

/// Milliseconds, as many as C has room for.
pub(crate) fn millis(duration: std::time::Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
