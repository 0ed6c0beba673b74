//! The declarations of libspectacles, as its headers have them.
//!
//! This crate has no documentation of its own: the headers say what each function does, what it may be given, and for
//! how long its results are valid. The crate `spectacles` is the safe interface.
//!
//! `src/bindings.rs` is written by `bindings/rust/generate.sh`.
//!
#![allow(non_camel_case_types, non_upper_case_globals)]

include!("bindings.rs");

/// The deadline of something that never happens: `SPECTACLES_NEVER` of the headers, which no enum can hold.
pub const SPECTACLES_NEVER: u64 = u64::MAX;
