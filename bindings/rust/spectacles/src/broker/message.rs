//! What is published.
use crate::error::Result;
use crate::macros::{flag, init, Plain};
use crate::text::Texts;
use crate::{sys, Format};

/// The value of a header, or of an argument of a queue.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum HeaderValue<'a> {
    /// No value.
    Nothing,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// UTF-8.
    Text(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
    /// Seconds since 1970.
    Timestamp(i64),
    /// A finite number.
    Real(f64),
}

fn header(key: &str, value: &HeaderValue<'_>) -> sys::spectacles_header {
    let (type_, integer, real, bytes): (_, i64, f64, &[u8]) = match value {
        HeaderValue::Nothing => (sys::SPECTACLES_HEADER_NOTHING, 0, 0.0, &[]),
        HeaderValue::Boolean(truth) => (sys::SPECTACLES_HEADER_BOOLEAN, (*truth).into(), 0.0, &[]),
        HeaderValue::Integer(number) => (sys::SPECTACLES_HEADER_INTEGER, *number, 0.0, &[]),
        HeaderValue::Text(text) => (sys::SPECTACLES_HEADER_TEXT, 0, 0.0, text.as_bytes()),
        HeaderValue::Binary(bytes) => (sys::SPECTACLES_HEADER_BINARY, 0, 0.0, bytes),
        HeaderValue::Timestamp(seconds) => (sys::SPECTACLES_HEADER_TIMESTAMP, *seconds, 0.0, &[]),
        HeaderValue::Real(number) => (sys::SPECTACLES_HEADER_REAL, 0, *number, &[]),
    };
    sys::spectacles_header {
        type_,
        reserved: 0,
        key: key.as_ptr().cast(),
        key_length: key.len(),
        integer,
        real,
        bytes: bytes.as_ptr(),
        bytes_length: bytes.len(),
    }
}

/// The headers as C wants them. They point into what they were made of.
pub(crate) fn headers_of<'a>(
    entries: impl Iterator<Item = (&'a str, &'a HeaderValue<'a>)>,
) -> Vec<sys::spectacles_header> {
    entries.map(|(key, value)| header(key, value)).collect()
}

/// What to publish.
///
/// ```
/// use spectacles::{Format, Message};
/// let message = Message::new("SEND", b"{}").format(Format::Json).message_id("1").mandatory();
/// ```
#[derive(Clone, Debug)]
pub struct Message<'a> {
    raw: Plain<sys::spectacles_message>,
    key: &'a str,
    body: &'a [u8],
    exchange: Option<&'a str>,
    content_type: Option<&'a str>,
    message_id: Option<&'a str>,
    correlation_id: Option<&'a str>,
    reply_to: Option<&'a str>,
    expiration: Option<&'a str>,
    headers: Vec<(&'a str, HeaderValue<'a>)>,
}

macro_rules! properties {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $name(mut self, $name: &'a str) -> Self {
                self.$name = Some($name);
                self
            }
        )*
    };
}

impl<'a> Message<'a> {
    /// `key`: the routing key.
    pub fn new(key: &'a str, body: &'a [u8]) -> Message<'a> {
        Message {
            raw: Plain(init!(spectacles_message, spectacles_message_init)),
            key,
            body,
            exchange: None,
            content_type: None,
            message_id: None,
            correlation_id: None,
            reply_to: None,
            expiration: None,
            headers: Vec::new(),
        }
    }

    /// An answer to a question: it has no key.
    pub fn answer(body: &'a [u8]) -> Message<'a> {
        Message::new("", body)
    }

    properties! {
        /// Default: that of the group. Empty: RabbitMQ's default exchange.
        exchange,
        /// Default: that of the format.
        content_type,
        /// The same for all copies of a message.
        message_id,
        /// Passed on as it is.
        correlation_id,
        /// A queue that answers go to.
        reply_to,
        /// Milliseconds in decimal.
        expiration,
    }

    /// The format of the body. [`Format::Raw`] (default): it goes out as it is. Any other: it is rewritten where the
    /// broker's format is another one.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.raw.0.format = format.number();
        self
    }

    /// 1 to 255, for queues with x-max-priority.
    #[must_use]
    pub fn priority(mut self, priority: u8) -> Self {
        self.raw.0.priority = priority.into();
        self
    }

    /// The message is lost when RabbitMQ restarts.
    #[must_use]
    pub fn transient(mut self) -> Self {
        flag(&mut self.raw.0.flags, sys::SPECTACLES_MESSAGE_TRANSIENT, true);
        self
    }

    /// When no queue takes the message, [`Kind::Returned`](super::Kind::Returned) comes in the place of a confirm.
    #[must_use]
    pub fn mandatory(mut self) -> Self {
        flag(&mut self.raw.0.flags, sys::SPECTACLES_MESSAGE_MANDATORY, true);
        self
    }

    /// When JSON is rewritten, half of a surrogate pair becomes U+FFFD. Default: the message is refused.
    #[must_use]
    pub fn replace_surrogates(mut self) -> Self {
        flag(&mut self.raw.0.flags, sys::SPECTACLES_MESSAGE_REPLACE_SURROGATES, true);
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, key: &'a str, value: HeaderValue<'a>) -> Self {
        self.headers.push((key, value));
        self
    }

    /// Calls with the message as C wants it.
    pub(crate) fn with<T>(&self, call: impl FnOnce(&sys::spectacles_message) -> Result<T>) -> Result<T> {
        let mut texts = Texts::default();
        let headers = headers_of(self.headers.iter().map(|(key, value)| (*key, value)));
        let mut raw = self.raw.0;
        if !self.key.is_empty() {
            raw.key = self.key.as_ptr().cast();
            raw.key_length = self.key.len();
        }
        raw.body = self.body.as_ptr();
        raw.body_length = self.body.len();
        raw.exchange = texts.option("the exchange", self.exchange)?;
        raw.content_type = texts.option("the content type", self.content_type)?;
        raw.message_id = texts.option("the message id", self.message_id)?;
        raw.correlation_id = texts.option("the correlation id", self.correlation_id)?;
        raw.reply_to = texts.option("reply-to", self.reply_to)?;
        raw.expiration = texts.option("the expiration", self.expiration)?;
        if !headers.is_empty() {
            raw.headers = headers.as_ptr();
            raw.header_count = headers.len();
        }
        call(&raw)
    }
}
