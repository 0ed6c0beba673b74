//! Host names, looked up on threads of the library.
use crate::error::{explain, plain, Result};
use crate::macros::init;
use crate::text::{text_of, Texts};
use crate::{sys, Time};
use std::os::unix::io::BorrowedFd;
use std::ptr::NonNull;

/// Looks host names up beside the loop, with the resolver of the system. A [`Connection`](crate::Connection) and a
/// [`Gateway`](crate::Gateway) have one of their own; this is for the owner of a [`Link`](crate::Link).
pub struct Resolver {
    raw: NonNull<sys::spectacles_resolver>,
}

/// What became of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The name as it was asked for.
    pub host: String,
    /// Its addresses, with spaces between them; or why there are none.
    pub result: std::result::Result<String, String>,
}

// SAFETY: a resolver shares nothing with other handles; its threads and it are synchronized by the library.
unsafe impl Send for Resolver {}

impl Resolver {
    /// Makes a resolver. No thread is started before a name is asked for.
    pub fn new() -> Result<Resolver> {
        let config = init!(spectacles_resolver_config, spectacles_resolver_config_init);
        let mut raw = std::ptr::null_mut();
        // SAFETY: the configuration is alive during the call.
        explain(|problem| unsafe { sys::spectacles_resolver_new(&mut raw, &config, problem) })?;
        Ok(Resolver { raw: NonNull::new(raw).expect("a resolver was made") })
    }

    /// The descriptor to watch for reading.
    pub fn fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the resolver is alive, and its descriptor never changes.
        unsafe { BorrowedFd::borrow_raw(sys::spectacles_resolver_fd(self.raw.as_ptr())) }
    }

    /// When [`Resolver::next_answer`] is to be called at the latest.
    pub fn deadline(&self) -> Time {
        // SAFETY: the resolver is alive.
        Time::from_millis(unsafe { sys::spectacles_resolver_deadline(self.raw.as_ptr()) })
    }

    /// Asks for the addresses of a name. One answer comes for it.
    pub fn ask(&mut self, host: &str, now: Time) -> Result<()> {
        let mut texts = Texts::default();
        let host = texts.text("the host", host)?;
        // SAFETY: the resolver and the name are alive.
        plain(unsafe { sys::spectacles_resolver_ask(self.raw.as_ptr(), host, 1, now.as_millis()) }).map(drop)
    }

    /// The next answer. Pull until there is none.
    pub fn next_answer(&mut self, now: Time) -> Option<Answer> {
        // SAFETY: the resolver is alive, and its answer is valid until the next call on it.
        unsafe {
            let raw = sys::spectacles_resolver_next_answer(self.raw.as_ptr(), now.as_millis()).as_ref()?;
            let owned = |text| text_of(text).unwrap_or("").to_owned();
            let result = if raw.addresses.is_null() { Err(owned(raw.why)) } else { Ok(owned(raw.addresses)) };
            Some(Answer { host: owned(raw.host), result })
        }
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        // SAFETY: made by spectacles_resolver_new(), and freed once.
        unsafe { sys::spectacles_resolver_free(self.raw.as_ptr()) }
    }
}
