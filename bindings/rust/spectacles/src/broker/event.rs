//! What a broker tells.
use crate::event::sealed::Raw;
use crate::event::{numbers, Kept};
use crate::text::{bytes_of, text_of, text_with, valid, word_of};
use crate::{sys, Broker, ErrorKind, Format, Loss, Time};
use std::fmt;

/// An event of a broker.
pub type Event<'a> = crate::Event<'a, Broker>;

numbers! {
    /// The states of a broker.
    BrokerState (spectacles_broker_state_name):
    /// New.
    Idle = SPECTACLES_BROKER_IDLE,
    /// A connection is wanted.
    Connecting = SPECTACLES_BROKER_CONNECTING,
    /// connection.start, tune and open are under way.
    Handshake = SPECTACLES_BROKER_HANDSHAKE,
    /// Channels, exchange, queues and consumers are asked for.
    Setup = SPECTACLES_BROKER_SETUP,
    /// Publishes go out, and deliveries come.
    Ready = SPECTACLES_BROKER_READY,
    /// Confirms and replies are awaited before the end.
    Draining = SPECTACLES_BROKER_DRAINING,
    /// connection.close is on its way.
    Closing = SPECTACLES_BROKER_CLOSING,
    /// No connection is wanted before the deadline.
    Backoff = SPECTACLES_BROKER_BACKOFF,
    /// Final: the owner closed it.
    Closed = SPECTACLES_BROKER_CLOSED,
}

numbers! {
    /// Why a call has no reply.
    CallFailure (spectacles_call_failure_name):
    /// No reply came in time. The request may still be worked on.
    Timeout = SPECTACLES_CALL_TIMEOUT,
    /// No queue takes the request: it reached nobody.
    Unroutable = SPECTACLES_CALL_UNROUTABLE,
    /// The broker does not take the request.
    Refused = SPECTACLES_CALL_REFUSED,
    /// The request was sent, and then its connection was lost. Whether it was carried out is unknown.
    Lost = SPECTACLES_CALL_LOST,
    /// The broker was closed.
    Closed = SPECTACLES_CALL_CLOSED,
    /// The reply is too large.
    BadReply = SPECTACLES_CALL_BAD_REPLY,
}

/// What has happened to a broker.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
#[allow(missing_docs)] // the fields are those of the comments
pub enum Kind<'a> {
    /// A connection is wanted. `host`: with its port.
    Connecting { host: &'a str },
    /// Connected, and everything that was subscribed to has been tried. `product`: RabbitMQ and its version.
    Ready { product: &'a str },
    /// A delivery: acknowledge it, or reject it.
    Message(Delivery<'a>),
    /// The broker has a message that was published.
    Confirmed { tag: u64 },
    /// No queue takes a message that is mandatory.
    Returned { tag: u64, code: u32, key: &'a [u8], text: &'a str },
    /// A message will never be delivered.
    Failed { tag: u64, code: u32, text: &'a str },
    /// After [`ErrorKind::Again`]: half of the window is free.
    Room,
    /// A subscription stands. `messages`, `consumers`: of its queue, when it was declared.
    Subscribed { subscription: u32, queue: &'a str, messages: u32, consumers: u32 },
    /// A subscription does not stand any more.
    Unsubscribed { subscription: u32, queue: &'a str, loss: Loss<'a> },
    /// The broker takes no publishes for now.
    Blocked { text: &'a str },
    /// The broker takes publishes again.
    Unblocked,
    /// The library rejected a delivery that is too large or malformed.
    Refused { subscription: u32, key: &'a [u8], text: &'a str },
    /// The connection ended, or could not be made. The broker connects again by itself.
    Disconnected(Loss<'a>),
    /// Final. `unconfirmed`: publishes of which nobody knows whether they arrived.
    Closed { unconfirmed: u64 },
    /// The reply to a call.
    Reply { call: u64, reply: Delivery<'a> },
    /// A call has no reply.
    CallFailed { call: u64, reason: CallFailure, code: u32, text: &'a str },
    /// An event of a later version of the library.
    Unknown(u32),
}

/// A message that came: a delivery, or the reply to a call.
///
/// Keys and properties are bytes, because a publisher may write anything there: see [`printable`](crate::printable).
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    pub(crate) raw: &'a sys::spectacles_broker_event,
}

impl<'a> Delivery<'a> {
    /// For [`Broker::ack`], [`Broker::reject`] and [`Broker::holds`]. 0 for a reply.
    pub fn delivery(&self) -> u64 {
        self.raw.delivery
    }

    /// What [`Broker::subscribe`] returned.
    pub fn subscription(&self) -> u32 {
        self.raw.subscription
    }

    /// The message may have been delivered before.
    pub fn redelivered(&self) -> bool {
        self.raw.redelivered != 0
    }

    /// The routing key: the name of the event.
    pub fn key(&self) -> &'a [u8] {
        // SAFETY: what the event points to is valid for 'a.
        unsafe { bytes_of(self.raw.key.cast(), self.raw.key_length) }
    }

    /// The body.
    pub fn body(&self) -> &'a [u8] {
        // SAFETY: as above.
        unsafe { bytes_of(self.raw.body, self.raw.body_length) }
    }

    /// What the body seems to be in.
    pub fn format(&self) -> Format {
        Format::of(self.raw.format)
    }

    /// 0 when the message has none.
    pub fn priority(&self) -> u8 {
        self.raw.priority.min(255) as u8
    }

    /// A property of the message.
    pub fn content_type(&self) -> Option<&'a [u8]> {
        // SAFETY: what the event points to is valid for 'a.
        unsafe { word_of(self.raw.content_type) }
    }

    /// The same when the message comes again: [`Copies`](crate::Copies) knows all copies.
    pub fn message_id(&self) -> Option<&'a [u8]> {
        // SAFETY: as above.
        unsafe { word_of(self.raw.message_id) }
    }

    /// A property of the message.
    pub fn correlation_id(&self) -> Option<&'a [u8]> {
        // SAFETY: as above.
        unsafe { word_of(self.raw.correlation_id) }
    }

    /// `None`: no reply is asked for.
    pub fn reply_to(&self) -> Option<&'a [u8]> {
        // SAFETY: as above.
        unsafe { word_of(self.raw.reply_to) }
    }

    /// Milliseconds in decimal, where the sender keeps to the rules.
    pub fn expiration(&self) -> Option<&'a [u8]> {
        // SAFETY: as above.
        unsafe { word_of(self.raw.expiration) }
    }

    /// The headers of the message.
    pub fn headers(&self) -> Headers<'a> {
        let (start, count) = (self.raw.headers, self.raw.header_count);
        // SAFETY: as above.
        Headers(if start.is_null() { &[] } else { unsafe { std::slice::from_raw_parts(start, count) } })
    }
}

impl fmt::Debug for Delivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.message_id().map(crate::printable);
        write!(f, "{} {:?}, {} bytes", crate::printable(self.key()), id, self.raw.body_length)
    }
}

/// The headers of a message.
#[derive(Clone, Copy)]
pub struct Headers<'a>(&'a [sys::spectacles_header]);

impl<'a> Headers<'a> {
    /// All headers, in their order.
    pub fn iter(self) -> impl Iterator<Item = Header<'a>> {
        // SAFETY: the headers of an event are valid as long as the event.
        self.0.iter().map(|raw| unsafe { Header::of(*raw) })
    }

    /// The first header with a key.
    pub fn find(self, key: &str) -> Option<Header<'a>> {
        self.iter().find(|each| each.key == key.as_bytes())
    }
}

/// One header, or an entry of a table or an array.
#[derive(Clone, Copy)]
pub struct Header<'a> {
    /// The name; empty for the items of an array.
    pub key: &'a [u8],
    raw: sys::spectacles_header,
}

/// The value of a header.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// No value.
    Nothing,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// UTF-8 by convention.
    Text(&'a [u8]),
    /// Bytes.
    Binary(&'a [u8]),
    /// Seconds since 1970.
    Timestamp(i64),
    /// A number.
    Real(f64),
    /// See [`Header::entries`].
    Table,
    /// See [`Header::entries`].
    Array,
    /// A decimal, or an integer of more than 63 bits, as it stands on the wire.
    Other(&'a [u8]),
}

impl<'a> Header<'a> {
    /// # Safety
    ///
    /// What the header points to is valid for `'a`.
    unsafe fn of(raw: sys::spectacles_header) -> Header<'a> {
        Header { key: bytes_of(raw.key.cast(), raw.key_length), raw }
    }

    /// The value.
    pub fn value(self) -> Value<'a> {
        // SAFETY: what the header points to is valid for 'a.
        let bytes = unsafe { bytes_of(self.raw.bytes, self.raw.bytes_length) };
        match self.raw.type_ {
            sys::SPECTACLES_HEADER_NOTHING => Value::Nothing,
            sys::SPECTACLES_HEADER_BOOLEAN => Value::Boolean(self.raw.integer != 0),
            sys::SPECTACLES_HEADER_INTEGER => Value::Integer(self.raw.integer),
            sys::SPECTACLES_HEADER_TEXT => Value::Text(bytes),
            sys::SPECTACLES_HEADER_BINARY => Value::Binary(bytes),
            sys::SPECTACLES_HEADER_TIMESTAMP => Value::Timestamp(self.raw.integer),
            sys::SPECTACLES_HEADER_REAL => Value::Real(self.raw.real),
            sys::SPECTACLES_HEADER_TABLE => Value::Table,
            sys::SPECTACLES_HEADER_ARRAY => Value::Array,
            _ => Value::Other(bytes),
        }
    }

    /// The entries of a table or an array; none for other values.
    pub fn entries(self) -> impl Iterator<Item = Header<'a>> {
        let mut position = 0;
        let mut entry = self.raw;
        // SAFETY: the header is alive, and its entries point into the bytes that it points to.
        std::iter::from_fn(move || unsafe {
            (sys::spectacles_header_next(&self.raw, &mut position, &mut entry) == 1).then(|| Header::of(entry))
        })
    }
}

impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", crate::printable(self.key), self.value())
    }
}

impl Raw for sys::spectacles_broker_event {
    unsafe fn keep(&mut self, in_: &mut Kept) {
        self.key = in_.bytes(self.key, self.key_length);
        self.body = in_.bytes(self.body, self.body_length);
        self.content_type = in_.text(self.content_type);
        self.message_id = in_.text(self.message_id);
        self.correlation_id = in_.text(self.correlation_id);
        self.reply_to = in_.text(self.reply_to);
        self.expiration = in_.text(self.expiration);
        self.text = in_.bytes(self.text, self.text_length);
        self.queue = in_.bytes(self.queue, self.queue_length);
        self.headers = in_.headers(self.headers, self.header_count);
    }
}

impl<'a> Event<'a> {
    /// What has happened.
    pub fn kind(self) -> Kind<'a> {
        let raw = self.raw;
        match raw.type_ {
            sys::SPECTACLES_BROKER_EVENT_MESSAGE => Kind::Message(Delivery { raw }),
            sys::SPECTACLES_BROKER_EVENT_CONFIRMED => Kind::Confirmed { tag: raw.tag },
            sys::SPECTACLES_BROKER_EVENT_RETURNED => {
                Kind::Returned { tag: raw.tag, code: raw.code, key: Delivery { raw }.key(), text: self.text() }
            }
            sys::SPECTACLES_BROKER_EVENT_FAILED => Kind::Failed { tag: raw.tag, code: raw.code, text: self.text() },
            sys::SPECTACLES_BROKER_EVENT_REPLY => Kind::Reply { call: raw.tag, reply: Delivery { raw } },
            sys::SPECTACLES_BROKER_EVENT_CALL_FAILED => {
                let reason = CallFailure::of(raw.reason);
                Kind::CallFailed { call: raw.tag, reason, code: raw.code, text: self.text() }
            }
            _ => self.of_connection(),
        }
    }

    /// What is told of the connection and of subscriptions.
    fn of_connection(self) -> Kind<'a> {
        let raw = self.raw;
        let (subscription, queue) = (raw.subscription, self.queue());
        match raw.type_ {
            sys::SPECTACLES_BROKER_EVENT_CONNECTING => Kind::Connecting { host: self.text() },
            sys::SPECTACLES_BROKER_EVENT_READY => Kind::Ready { product: self.text() },
            sys::SPECTACLES_BROKER_EVENT_ROOM => Kind::Room,
            sys::SPECTACLES_BROKER_EVENT_SUBSCRIBED => {
                Kind::Subscribed { subscription, queue, messages: raw.message_count, consumers: raw.consumer_count }
            }
            sys::SPECTACLES_BROKER_EVENT_UNSUBSCRIBED => Kind::Unsubscribed { subscription, queue, loss: self.loss() },
            sys::SPECTACLES_BROKER_EVENT_BLOCKED => Kind::Blocked { text: self.text() },
            sys::SPECTACLES_BROKER_EVENT_UNBLOCKED => Kind::Unblocked,
            sys::SPECTACLES_BROKER_EVENT_REFUSED => {
                Kind::Refused { subscription, key: Delivery { raw }.key(), text: self.text() }
            }
            sys::SPECTACLES_BROKER_EVENT_DISCONNECTED => Kind::Disconnected(self.loss()),
            sys::SPECTACLES_BROKER_EVENT_CLOSED => Kind::Closed { unconfirmed: raw.unconfirmed_count },
            other => Kind::Unknown(other),
        }
    }

    fn loss(self) -> Loss<'a> {
        Loss {
            code: self.raw.code,
            error: ErrorKind::of(self.raw.error),
            text: self.text(),
            until: Time::from_millis(self.raw.until),
            hold_until: Time::from_millis(0),
        }
    }

    fn text(self) -> &'a str {
        // SAFETY: what the event points to is valid for 'a.
        unsafe { text_with(self.raw.text, self.raw.text_length) }
    }

    fn queue(self) -> &'a str {
        // SAFETY: as above.
        valid(unsafe { bytes_of(self.raw.queue.cast(), self.raw.queue_length) })
    }
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind().fmt(f)
    }
}

impl fmt::Display for Event<'_> {
    /// The name of the event, and what it says, for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the name is static.
        let name = unsafe { text_of(sys::spectacles_broker_event_type_name(self.raw.type_)) };
        write!(f, "{} {}", name.unwrap_or(""), self.text())
    }
}
