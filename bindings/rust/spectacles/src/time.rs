//! The clock of all handles.
use crate::sys;
use std::time::Duration;

/// A point in time, in milliseconds on the library's monotonic clock.
///
/// Engines read no clock: each call that depends on time is given a `Time`, which never runs backwards on one handle.
/// [`Time::now`] is the clock that links and gateways need. A test may invent one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The deadline of something that never happens.
    pub const NEVER: Time = Time(sys::SPECTACLES_NEVER);

    /// Now. Where the system has such a clock, it goes on while the machine is suspended.
    pub fn now() -> Time {
        // SAFETY: has no conditions.
        Time(unsafe { sys::spectacles_now() })
    }

    /// So many milliseconds after the beginning of the clock.
    pub const fn from_millis(milliseconds: u64) -> Time {
        Time(milliseconds)
    }

    /// Milliseconds since the beginning of the clock.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// How long it is from `now` until this time: zero when it has passed, `None` for [`Time::NEVER`].
    pub fn left(self, now: Time) -> Option<Duration> {
        (self != Time::NEVER).then(|| Duration::from_millis(self.0.saturating_sub(now.0)))
    }
}

/// Milliseconds since 1970, for the times in states and gap records.
pub fn unix_time() -> u64 {
    // SAFETY: has no conditions.
    unsafe { sys::spectacles_unix_time() }
}

pub(crate) fn seed() -> u64 {
    // SAFETY: has no conditions.
    unsafe { sys::spectacles_random_seed() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_passed_is_due_at_once() {
        let now = Time::from_millis(1000);
        assert_eq!(Time::from_millis(1500).left(now), Some(Duration::from_millis(500)));
        assert_eq!(Time::from_millis(10).left(now), Some(Duration::from_millis(0)));
        assert_eq!(Time::NEVER.left(now), None);
    }
}
