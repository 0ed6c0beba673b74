//! One connection to RabbitMQ, as a state machine without I/O.
mod config;
mod event;
mod message;

pub use config::{BrokerConfig, Declare, QueueType, Subscription};
pub use event::{BrokerState, CallFailure, Delivery, Event, Header, Headers, Kind, Value};
pub use message::{HeaderValue, Message};

use crate::error::{check, explain, Error, ErrorKind, Result};
use crate::event::sealed::{HasStream, Pull};
use crate::macros::{init, millis};
use crate::text::Texts;
use crate::{sys, Engine, Stream, Streamed, Time};
use std::ptr::NonNull;
use std::time::Duration;

pub use sys::spectacles_broker_stats as BrokerStats;

/// One connection to RabbitMQ, which publishes the events of a group and consumes them, as a state machine without I/O.
///
/// A [`Connection`](crate::Connection) moves its bytes over TCP and TLS, and a [`Stream`] is for a transport of your own.
///
/// ```
/// use spectacles::{Broker, BrokerConfig, Subscription};
///
/// let broker = Broker::new(&BrokerConfig::new(["amqp://guest:guest@localhost"]))?;
/// broker.subscribe(&Subscription::new("MESSAGE_CREATE"))?;
///
/// let wrong = Broker::new(&BrokerConfig::new(["http://localhost"])).unwrap_err();
/// assert_eq!(wrong.kind(), spectacles::ErrorKind::Invalid);
/// println!("{wrong}");
/// # Ok::<(), spectacles::Error>(())
/// ```
///
/// A broker may be sent to another thread, and belongs to one thread at a time:
///
/// ```compile_fail,E0277
/// fn is_sync<T: Sync>() {}
/// is_sync::<spectacles::Broker>();
/// ```
pub struct Broker {
    raw: NonNull<sys::spectacles_broker>,
}

// SAFETY: a broker shares nothing with other handles, and no function of the library depends on the thread. What could
// share a broker (a link, a relay) owns it here.
unsafe impl Send for Broker {}

impl Pull for Broker {
    type Raw = sys::spectacles_broker_event;

    fn pull(&self, now: Time) -> *const Self::Raw {
        // SAFETY: the broker is alive.
        unsafe { sys::spectacles_broker_next_event(self.raw(), now.as_millis()) }
    }
}

impl HasStream for Broker {
    fn stream_handle(&self) -> *mut sys::spectacles_stream {
        // SAFETY: the broker is alive.
        unsafe { sys::spectacles_broker_stream(self.raw()) }
    }

    fn is_over(&self) -> bool {
        self.state() == BrokerState::Closed
    }
}

impl Engine for Broker {}
impl Streamed for Broker {}

impl Broker {
    /// Makes a broker. Nothing is connected yet.
    pub fn new(config: &BrokerConfig) -> Result<Broker> {
        let mut texts = Texts::default();
        let settings = config.raw(&mut texts)?;
        let mut raw = std::ptr::null_mut();
        // SAFETY: everything that the configuration points to is alive during the call.
        explain(|problem| unsafe { sys::spectacles_broker_new(&mut raw, &settings, problem) })?;
        Ok(Broker { raw: NonNull::new(raw).expect("a broker was made") })
    }

    pub(crate) fn raw(&self) -> *mut sys::spectacles_broker {
        self.raw.as_ptr()
    }

    /// The next event, and the broker, whose calls may be made while the event is read. Pull until there is none, after
    /// every call on the stream, and after subscribing, unsubscribing and closing.
    pub fn next_event(&mut self, now: Time) -> Option<(Event<'_>, &Broker)> {
        let this = &*self;
        // SAFETY: the event is valid until the next pull or bytes for the stream, which need the broker exclusively.
        unsafe { Event::of(this.pull(now)) }.map(|event| (event, this))
    }

    /// The bytes of the broker, for a transport of your own.
    pub fn stream(&mut self) -> Stream<'_> {
        // SAFETY: the broker is borrowed exclusively. A broker that has a link is not borrowed so.
        unsafe { Stream::of(self.stream_handle()) }
    }

    /// Asks for a queue: declared, bound and consumed, now or as soon as there is a connection, and again after every
    /// loss. [`Kind::Subscribed`] tells when it stands. Returns the number of the subscription.
    pub fn subscribe(&self, subscription: &Subscription) -> Result<u32> {
        let arguments = subscription.arguments();
        let raw = subscription.raw(&arguments);
        // SAFETY: the broker and all that the subscription points to are alive.
        unsafe { self.number(sys::spectacles_broker_subscribe(self.raw(), &raw)) }
    }

    /// Ends a subscription. What was told before can still be acknowledged and rejected.
    pub fn unsubscribe(&self, subscription: u32) -> Result<()> {
        // SAFETY: the broker is alive.
        unsafe { self.number(sys::spectacles_broker_unsubscribe(self.raw(), subscription)) }.map(drop)
    }

    /// Publishes, now or as soon as there is a connection. Exactly one later event names the number that is returned:
    /// [`Kind::Confirmed`], [`Kind::Returned`] or [`Kind::Failed`]. [`ErrorKind::Again`]: the window is full, and
    /// [`Kind::Room`] follows.
    pub fn publish(&self, message: &Message<'_>) -> Result<u64> {
        let mut tag = 0;
        // SAFETY: the broker and all that the message points to are alive.
        message.with(|raw| unsafe { self.number(sys::spectacles_broker_publish(self.raw(), raw, &mut tag)) })?;
        Ok(tag)
    }

    /// Whether [`Broker::publish`] would take a message now.
    pub fn room(&self) -> bool {
        // SAFETY: the broker is alive.
        unsafe { sys::spectacles_broker_room(self.raw()) != 0 }
    }

    /// Asks a question. [`Kind::Reply`] or [`Kind::CallFailed`] with the number that is returned is the answer.
    pub fn call(&self, message: &Message<'_>, timeout: Duration, now: Time) -> Result<u64> {
        let (mut call, timeout) = (0, millis(timeout));
        // SAFETY: the broker and all that the message points to are alive.
        message.with(|raw| unsafe {
            self.number(sys::spectacles_broker_call(self.raw(), raw, timeout, now.as_millis(), &mut call))
        })?;
        Ok(call)
    }

    /// Answers a question: a delivery that has `reply_to`. Acknowledge the delivery as well.
    pub fn reply(&self, question: &Delivery<'_>, answer: &Message<'_>) -> Result<u64> {
        let nobody = || Error::new(ErrorKind::Invalid, "the message asks for no reply: it has no reply-to");
        let mut texts = Texts::default();
        let reply_to = texts.word("reply-to", question.reply_to().ok_or_else(nobody)?)?;
        let correlation_id =
            question.correlation_id().map_or(Ok(std::ptr::null()), |id| texts.word("correlation-id", id))?;
        let mut tag = 0;
        // SAFETY: the broker, the texts and all that the message points to are alive.
        answer.with(|raw| unsafe {
            self.number(sys::spectacles_broker_reply(self.raw(), reply_to, correlation_id, raw, &mut tag))
        })?;
        Ok(tag)
    }

    /// Acknowledges a delivery: its work is done. `false`: there was nothing to do, because it was acknowledged before, or
    /// its connection is lost and it comes again.
    pub fn ack(&self, delivery: u64) -> Result<bool> {
        // SAFETY: the broker is alive.
        unsafe { self.number(sys::spectacles_broker_ack(self.raw(), delivery)) }.map(|done| done != 0)
    }

    /// Acknowledges a delivery and all that were told before it. Returns how many.
    pub fn ack_all(&self, delivery: u64) -> Result<u32> {
        // SAFETY: the broker is alive.
        unsafe { self.number(sys::spectacles_broker_ack_all(self.raw(), delivery)) }
    }

    /// Rejects a delivery. `requeue`: it is delivered again; else it is dropped, or goes to the dead-letter exchange.
    pub fn reject(&self, delivery: u64, requeue: bool) -> Result<bool> {
        // SAFETY: the broker is alive.
        unsafe { self.number(sys::spectacles_broker_reject(self.raw(), delivery, requeue.into())) }
            .map(|done| done != 0)
    }

    /// Whether a delivery is still ours: not acknowledged, and on a channel that stands.
    pub fn holds(&self, delivery: u64) -> bool {
        // SAFETY: the broker is alive.
        unsafe { sys::spectacles_broker_holds(self.raw(), delivery) != 0 }
    }

    /// Replaces the URLs: the next connection is made with them.
    pub fn set_urls<T: AsRef<str>>(&self, urls: &[T], now: Time) -> Result<()> {
        let mut texts = Texts::default();
        let list = texts.list("a URL of the broker", urls)?;
        // SAFETY: the broker and the texts are alive.
        unsafe { self.number(sys::spectacles_broker_set_urls(self.raw(), list, urls.len(), now.as_millis())) }.map(drop)
    }

    /// Closes for good, after confirms and replies have come. [`Kind::Closed`] is the last event.
    pub fn close(&self, now: Time) {
        // SAFETY: the broker is alive. The call cannot fail.
        unsafe { sys::spectacles_broker_close(self.raw(), now.as_millis()) };
    }

    /// The addresses or the routes of this machine have changed.
    pub fn network_changed(&self, now: Time) {
        // SAFETY: the broker is alive.
        unsafe { sys::spectacles_broker_network_changed(self.raw(), now.as_millis()) }
    }

    /// The state of the broker.
    pub fn state(&self) -> BrokerState {
        // SAFETY: the broker is alive.
        BrokerState::of(unsafe { sys::spectacles_broker_state(self.raw()) })
    }

    /// What the broker has counted since it was made.
    pub fn stats(&self) -> BrokerStats {
        let mut stats = init!(spectacles_broker_stats, spectacles_broker_stats_init);
        // SAFETY: the broker is alive, and `stats` has its size. The call cannot fail then.
        unsafe { sys::spectacles_broker_get_stats(self.raw(), &mut stats) };
        stats
    }

    /// # Safety
    ///
    /// `result` is of a call on this broker, the last one.
    unsafe fn number(&self, result: std::os::raw::c_int) -> Result<u32> {
        check(result, || sys::spectacles_broker_last_error(self.raw()))
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // SAFETY: made by spectacles_broker_new(), and freed once.
        unsafe { sys::spectacles_broker_free(self.raw()) }
    }
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Broker {}", self.state())
    }
}
