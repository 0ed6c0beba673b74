//! Which messages a worker has worked on, so that it leaves their copies out.
use crate::broker::Delivery;
use crate::error::{explain, Result};
use crate::macros::init;
use crate::time::seed;
use crate::{sys, Time};
use std::fmt;
use std::ptr::NonNull;

/// What a worker has worked on. An event can reach it more than once: the same message again, after a connection was lost,
/// and the same event by another number of shards, while a fleet is resharded.
///
/// ```no_run
/// use spectacles::broker::Kind;
/// use spectacles::{Broker, BrokerConfig, Copies, LinkConfig, Subscription, Time};
///
/// let broker = Broker::new(&BrokerConfig::new(["amqp://guest:guest@localhost"]))?;
/// broker.subscribe(&Subscription::new("MESSAGE_CREATE"))?;
/// let mut connection = broker.connect(&LinkConfig::new())?;
/// let mut copies = Copies::new()?;
/// while let Some((event, broker)) = connection.next()? {
///     if let Kind::Message(message) = event.kind() {
///         let mark = copies.mark(&message);
///         if !copies.leave_out(&mark, Time::now()) {
///             println!("{}", String::from_utf8_lossy(message.body()));
///             copies.add(&mark);
///         }
///         broker.ack(message.delivery())?;
///     }
/// }
/// # Ok::<(), spectacles::Error>(())
/// ```
///
/// It remembers what its own process has worked on. Where several processes share a queue, a copy may reach another one.
pub struct Copies {
    raw: NonNull<sys::spectacles_copies>,
}

/// What a message is known by: a small value, which can be kept. It means something to the [`Copies`] alone that have made
/// it.
#[derive(Clone, Copy)]
pub struct Mark {
    raw: sys::spectacles_copy_mark,
}

// SAFETY: it refers to no other handle.
unsafe impl Send for Copies {}

impl Copies {
    /// Remembers as many messages as the library proposes: 32,768 at least.
    pub fn new() -> Result<Copies> {
        Copies::with(init!(spectacles_copies_config, spectacles_copies_config_init))
    }

    /// Remembers so many messages at least.
    pub fn remembering(count: u32) -> Result<Copies> {
        let mut config = init!(spectacles_copies_config, spectacles_copies_config_init);
        config.remembered = count;
        Copies::with(config)
    }

    fn with(mut config: sys::spectacles_copies_config) -> Result<Copies> {
        config.seed = seed();
        let mut raw = std::ptr::null_mut();
        // SAFETY: the configuration is alive during the call.
        explain(|problem| unsafe { sys::spectacles_copies_new(&mut raw, &config, problem) })?;
        Ok(Copies { raw: NonNull::new(raw).expect("copies were made") })
    }

    /// The mark of a message.
    pub fn mark(&self, message: &Delivery<'_>) -> Mark {
        let (id, event) = (message.message_id().unwrap_or(b""), message.raw);
        let mut raw = sys::spectacles_copy_mark { id: [0; 2], digest: [0; 2], shards: 0 };
        // SAFETY: the handle is alive, and so is what the event points to, which is as long as is said.
        unsafe {
            sys::spectacles_copies_mark(
                self.raw.as_ptr(),
                id.as_ptr().cast(),
                id.len(),
                event.headers,
                event.header_count,
                &mut raw,
            );
        }
        Mark { raw }
    }

    /// Asked when the work is about to begin. `true`: the message is a copy. Acknowledge it, and do nothing else.
    #[must_use]
    pub fn leave_out(&mut self, mark: &Mark, now: Time) -> bool {
        // SAFETY: the handle and the mark are alive.
        unsafe { sys::spectacles_copies_leave_out(self.raw.as_ptr(), &mark.raw, now.as_millis()) == 1 }
    }

    /// The work is done: what comes with the message's id from now on is a copy. Not earlier: a message whose work was cut
    /// off comes again.
    pub fn add(&mut self, mark: &Mark) {
        // SAFETY: the handle and the mark are alive.
        unsafe { sys::spectacles_copies_add(self.raw.as_ptr(), &mark.raw) }
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        // SAFETY: made by the library, and freed once.
        unsafe { sys::spectacles_copies_free(self.raw.as_ptr()) }
    }
}

impl fmt::Debug for Copies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Copies")
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mark")
    }
}

#[cfg(test)]
#[cfg(not(miri))] // calls the library
mod tests {
    use super::*;
    use crate::ErrorKind;
    use std::ffi::CStr;
    use std::mem::MaybeUninit;

    fn header(kind: u32, key: &'static [u8], integer: i64, text: &'static [u8]) -> sys::spectacles_header {
        // SAFETY: the struct is made of numbers and pointers, for which zeros are values.
        let mut made: sys::spectacles_header = unsafe { MaybeUninit::zeroed().assume_init() };
        (made.type_, made.integer) = (kind, integer);
        (made.key, made.key_length) = (key.as_ptr().cast(), key.len());
        (made.bytes, made.bytes_length) = (text.as_ptr(), text.len());
        made
    }

    /// The mark of a delivery. `shards`: with the headers by which the copies of a resharding are known.
    fn mark_of(copies: &Copies, id: Option<&'static [u8]>, shards: Option<i64>) -> Mark {
        let headers = [
            header(sys::SPECTACLES_HEADER_INTEGER, b"shards", shards.unwrap_or(0), b""),
            header(sys::SPECTACLES_HEADER_TEXT, b"digest", 0, b"0123456789abcdef0123456789abcdef"),
        ];
        // SAFETY: as above.
        let mut event: sys::spectacles_broker_event = unsafe { MaybeUninit::zeroed().assume_init() };
        event.message_id = id.map_or(std::ptr::null(), |id| CStr::from_bytes_with_nul(id).unwrap().as_ptr());
        event.headers = headers.as_ptr();
        event.header_count = if shards.is_some() { headers.len() } else { 0 };
        copies.mark(&Delivery { raw: &event })
    }

    fn at(milliseconds: u64) -> Time {
        Time::from_millis(milliseconds)
    }

    #[test]
    fn a_message_that_comes_again_is_left_out() {
        let mut copies = Copies::new().unwrap();
        let mark = mark_of(&copies, Some(b"a:1\0"), None);
        assert!(!copies.leave_out(&mark, at(1)));
        assert!(!copies.leave_out(&mark, at(2)), "its work was cut off");
        copies.add(&mark);
        let (again, other) = (mark_of(&copies, Some(b"a:1\0"), None), mark_of(&copies, Some(b"a:2\0"), None));
        assert!(copies.leave_out(&again, at(3)) && !copies.leave_out(&other, at(3)));
    }

    #[test]
    fn a_message_without_an_id_is_no_copy() {
        let mut copies = Copies::new().unwrap();
        let (one, other) = (mark_of(&copies, None, None), mark_of(&copies, None, None));
        copies.add(&one);
        assert!(!copies.leave_out(&one, at(1)) && !copies.leave_out(&other, at(2)));
    }

    #[test]
    fn the_copy_of_another_number_of_shards_is_left_out() {
        let mut copies = Copies::new().unwrap();
        let mut is_copy = |id, shards, time| {
            let mark = mark_of(&copies, Some(id), Some(shards));
            copies.leave_out(&mark, at(time))
        };
        assert!(!is_copy(b"a:1\0", 2, 1));
        assert!(!is_copy(b"a:2\0", 2, 2), "another event that is equal");
        assert!(is_copy(b"b:1\0", 4, 3) && is_copy(b"b:2\0", 4, 4));
        assert!(!is_copy(b"b:3\0", 4, 5), "each event has one copy");
        assert!(!is_copy(b"a:3\0", 2, 40_000), "an event long after");
    }

    #[test]
    fn as_many_are_remembered_as_was_asked_for() {
        let mut copies = Copies::remembering(1).unwrap();
        let marks = [&b"a:1\0"[..], b"a:2\0", b"a:3\0"].map(|id| mark_of(&copies, Some(id), None));
        marks.iter().for_each(|mark| copies.add(mark));
        assert!(copies.leave_out(&marks[2], at(1)) && !copies.leave_out(&marks[0], at(1)));
        let error = Copies::remembering(0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("remembered"), "{error}");
    }

    #[test]
    fn it_goes_to_another_thread() {
        let mut copies = Copies::new().unwrap();
        let mark = mark_of(&copies, Some(b"a:1\0"), None);
        copies.add(&mark);
        assert!(std::thread::spawn(move || copies.leave_out(&mark, at(1))).join().unwrap());
    }
}
