//! Events: borrowed from the handle that gave them, or copied.
use crate::sys;
use crate::Time;
use std::fmt;

/// What gives events: [`Shard`](crate::Shard), [`Broker`](crate::Broker), [`Relay`](crate::Relay) and
/// [`Gateway`](crate::Gateway). Nobody else can implement it.
pub trait Engine: sealed::Pull {}

/// An engine whose bytes a transport moves: a [`Shard`](crate::Shard) or a [`Broker`](crate::Broker).
pub trait Streamed: Engine + sealed::HasStream {}

pub(crate) mod sealed {
    use super::*;

    pub trait Pull {
        /// The event as C has it.
        type Raw: Raw;

        /// The next event, or NULL. It is valid until the next pull and until the handle is given bytes or time.
        fn pull(&self, now: Time) -> *const Self::Raw;
    }

    pub trait HasStream {
        fn stream_handle(&self) -> *mut sys::spectacles_stream;

        /// It has come to a final state.
        fn is_over(&self) -> bool;
    }

    /// An event of C: a struct of numbers, and of pointers to texts and bytes.
    pub trait Raw: Copy + 'static {
        /// Copies everything that the event points to, and lets it point to the copies.
        ///
        /// # Safety
        ///
        /// Everything that the event points to is valid.
        unsafe fn keep(&mut self, in_: &mut super::Kept);
    }
}

use sealed::{Pull, Raw};

/// An event, borrowed from the handle that gave it: the handle cannot give the next one while this one is read.
///
/// `kind()` tells what has happened, with everything that belongs to it.
pub struct Event<'a, E: Pull + ?Sized> {
    pub(crate) raw: &'a E::Raw,
}

impl<E: Pull> Clone for Event<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: Pull> Copy for Event<'_, E> {}

impl<'a, E: Pull> Event<'a, E> {
    /// # Safety
    ///
    /// The event and all that it points to are valid for `'a`.
    pub(crate) unsafe fn of(raw: *const E::Raw) -> Option<Event<'a, E>> {
        raw.as_ref().map(|raw| Event { raw })
    }

    /// Copies the event, with everything that it points to.
    pub fn to_owned(self) -> OwnedEvent<E> {
        let mut raw = *self.raw;
        let mut kept = Kept::default();
        // SAFETY: all of it is valid for 'a, which has not ended.
        unsafe { raw.keep(&mut kept) };
        OwnedEvent { raw, _kept: kept }
    }
}

/// An event that was copied: it outlives the next pull, and may be sent to another thread.
pub struct OwnedEvent<E: Pull> {
    raw: E::Raw,
    _kept: Kept,
}

impl<E: Pull> OwnedEvent<E> {
    /// The event, borrowed from its copy.
    pub fn get(&self) -> Event<'_, E> {
        Event { raw: &self.raw }
    }
}

// SAFETY: it points to what it owns, and nobody changes that.
unsafe impl<E: Pull> Send for OwnedEvent<E> {}
// SAFETY: as above; everything that can be reached by a shared reference is read-only.
unsafe impl<E: Pull> Sync for OwnedEvent<E> {}

impl<E: Pull> fmt::Debug for OwnedEvent<E>
where
    for<'a> Event<'a, E>: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// What an event that was copied points to.
#[derive(Default)]
pub struct Kept {
    bytes: Vec<Box<[u8]>>,
    headers: Option<Box<[sys::spectacles_header]>>,
}

impl Kept {
    /// Copies bytes, with a NUL behind them; NULL stays NULL.
    ///
    /// # Safety
    ///
    /// `start` is NULL, or points to `length` valid bytes.
    pub(crate) unsafe fn bytes<T>(&mut self, start: *const T, length: usize) -> *const T {
        if start.is_null() {
            return start;
        }
        let mut copy = Vec::with_capacity(length + 1);
        copy.extend_from_slice(std::slice::from_raw_parts(start.cast::<u8>(), length));
        copy.push(0);
        self.bytes.push(copy.into_boxed_slice());
        self.bytes[self.bytes.len() - 1].as_ptr().cast()
    }

    /// Copies a NUL-terminated text.
    ///
    /// # Safety
    ///
    /// `start` is NULL, or points to a NUL-terminated text.
    pub(crate) unsafe fn text(&mut self, start: *const std::os::raw::c_char) -> *const std::os::raw::c_char {
        let length = if start.is_null() { 0 } else { std::ffi::CStr::from_ptr(start).to_bytes().len() };
        self.bytes(start, length)
    }

    /// # Safety
    ///
    /// `start` is NULL, or points to `count` headers, and all that they point to is valid.
    pub(crate) unsafe fn headers(
        &mut self,
        start: *const sys::spectacles_header,
        count: usize,
    ) -> *const sys::spectacles_header {
        if start.is_null() {
            return start;
        }
        let mut copies = std::slice::from_raw_parts(start, count).to_vec();
        for each in &mut copies {
            each.key = self.bytes(each.key, each.key_length);
            each.bytes = self.bytes(each.bytes, each.bytes_length);
        }
        self.headers = Some(copies.into_boxed_slice());
        self.headers.as_ref().map_or(std::ptr::null(), |headers| headers.as_ptr())
    }
}

/// How a connection was lost, could not be made, or was refused for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss<'a> {
    /// A close code of the WebSocket, a status of HTTP, or a reply code of AMQP. 0: there was none.
    pub code: u32,
    /// What it is about; `None` when the end was an orderly one.
    pub error: Option<crate::ErrorKind>,
    /// One sentence. It holds no secret.
    pub text: &'a str,
    /// When it is tried again. [`Time::NEVER`] or 0: it is not.
    pub until: Time,
    /// Not 0: a refusal of every shard of the bot, which ends then.
    pub hold_until: Time,
}

/// Makes an enum of the numbers of one of C's enums. A number of a later version is `Unknown`.
macro_rules! numbers {
    ($(#[$doc:meta])* $name:ident ($function:ident): $($(#[$each:meta])* $variant:ident = $value:ident,)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$each])* $variant,)*
            /// A value of a later version of the library.
            Unknown(u32),
        }

        #[allow(dead_code)] // not every enum goes both ways
        impl $name {
            pub(crate) fn of(number: u32) -> $name {
                match number {
                    $($crate::sys::$value => $name::$variant,)*
                    other => $name::Unknown(other),
                }
            }

            pub(crate) fn number(self) -> u32 {
                match self {
                    $($name::$variant => $crate::sys::$value,)*
                    $name::Unknown(number) => number,
                }
            }
        }

        impl std::fmt::Display for $name {
            /// The library's name of it, for logs.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                // SAFETY: the text is static.
                f.write_str(unsafe { $crate::text::text_of($crate::sys::$function(self.number())) }.unwrap_or(""))
            }
        }
    };
}
pub(crate) use numbers;

#[cfg(test)]
mod tests {
    use crate::relay::{Event, Kind};
    use crate::sys;
    use std::thread;

    fn message<'a>(name: &'a str, body: &'a [u8]) -> sys::spectacles_relay_event {
        // SAFETY: an event of zeros is one that names nothing.
        let mut raw: sys::spectacles_relay_event = unsafe { std::mem::zeroed() };
        raw.type_ = sys::SPECTACLES_RELAY_EVENT_MESSAGE;
        raw.shard_id = 3;
        raw.ticket = 17;
        raw.name = name.as_ptr().cast();
        raw.name_length = name.len();
        raw.body = body.as_ptr();
        raw.body_length = body.len();
        raw
    }

    #[test]
    fn an_event_that_names_nothing_is_empty() {
        let raw = message("", b"");
        let told = match (Event { raw: &raw }).kind() {
            Kind::Message(told) => told,
            other => panic!("{other:?}"),
        };
        assert_eq!((told.name, told.body, told.message_id), ("", &b""[..], ""));
    }

    #[test]
    fn a_copy_outlives_what_it_was_copied_from() {
        let (name, body) = ("MESSAGE_CREATE".to_owned(), b"{}".to_vec());
        let copy = Event { raw: &message(&name, &body) }.to_owned();
        drop((name, body));
        let told = thread::spawn(move || {
            let told = match copy.get().kind() {
                Kind::Message(told) => told,
                other => panic!("{other:?}"),
            };
            (told.name.to_owned(), told.body.to_vec(), told.shard_id, told.ticket)
        });
        assert_eq!(told.join().unwrap(), ("MESSAGE_CREATE".to_owned(), b"{}".to_vec(), 3, 17));
    }

    #[test]
    fn the_headers_of_a_message_are_copied_too() {
        let (key, value) = ("x-first-death-queue".to_owned(), b"work".to_vec());
        // SAFETY: both structs are made of numbers and pointers, for which zeros are values.
        let (mut header, mut raw) = unsafe {
            (std::mem::zeroed::<sys::spectacles_header>(), std::mem::zeroed::<sys::spectacles_broker_event>())
        };
        header.type_ = sys::SPECTACLES_HEADER_TEXT;
        (header.key, header.key_length) = (key.as_ptr().cast(), key.len());
        (header.bytes, header.bytes_length) = (value.as_ptr(), value.len());
        raw.type_ = sys::SPECTACLES_BROKER_EVENT_MESSAGE;
        (raw.headers, raw.header_count) = (&header, 1);
        let copy = crate::broker::Event { raw: &raw }.to_owned();
        drop((key, value));
        let told = match copy.get().kind() {
            crate::broker::Kind::Message(told) => told,
            other => panic!("{other:?}"),
        };
        let found = told.headers().find("x-first-death-queue").expect("the header");
        assert_eq!(found.value(), crate::broker::Value::Text(b"work"));
        assert!(told.headers().find("x-death").is_none());
    }

    #[test]
    fn what_is_not_known_is_told_by_its_number() {
        let mut raw = message("", b"");
        raw.type_ = 999;
        assert_eq!(Event { raw: &raw }.kind(), Kind::Unknown(999));
    }
}
