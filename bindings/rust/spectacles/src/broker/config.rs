//! How a broker is made, and what it consumes.
use super::message::{headers_of, HeaderValue};
use crate::error::Result;
use crate::macros::{init, millis, setters, Plain};
use crate::text::{Hidden, Texts};
use crate::{sys, time, Format};
use std::time::Duration;

/// What a broker does about the exchange and its queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Declare {
    /// Declares them, and binds the queues.
    Active,
    /// Looks whether they exist.
    Passive,
    /// Asks for nothing.
    Nothing,
}

/// The type of the queues that a broker declares. Everybody who declares a queue names the same type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueueType {
    /// None is named.
    Default,
    /// On one node.
    Classic,
    /// On several nodes of a cluster.
    Quorum,
}

/// How a broker is made. URLs are wiped when the settings are dropped, and are never shown.
#[derive(Clone, Debug)]
pub struct BrokerConfig {
    raw: Plain<sys::spectacles_broker_config>,
    urls: Vec<Hidden>,
    group: Option<String>,
    name: Option<String>,
}

impl BrokerConfig {
    /// Settings with their defaults. `urls`: `amqp://user:password@host:port/vhost`, or `amqps://`, tried in turn.
    pub fn new<T: Into<String>>(urls: impl IntoIterator<Item = T>) -> BrokerConfig {
        BrokerConfig {
            raw: Plain(init!(spectacles_broker_config, spectacles_broker_config_init)),
            urls: urls.into_iter().map(|url| Hidden(url.into())).collect(),
            group: None,
            name: None,
        }
    }

    setters! {
        /// For the jitter of waits, and the order of the URLs. Default: random.
        seed: u64,
        /// How many publishes may be unconfirmed. Default 2000.
        window_count: u32,
        /// Unacknowledged deliveries of each subscription. Default 64.
        prefetch: u32,
        /// Bytes of bodies that may be unconfirmed. Default 1 MiB.
        window_bytes: u64,
        /// Bytes of one received body. Default 16 MiB.
        max_message: u64,
        /// Bytes that wait unread before the socket is not read any more. Default 256 KiB.
        high_water: u64,
    }

    /// The exchange. Default: `gateway`.
    #[must_use]
    pub fn group(mut self, group: &str) -> Self {
        self.group = Some(group.to_owned());
        self
    }

    /// Shown in RabbitMQ's list of connections.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Default: [`Declare::Active`].
    #[must_use]
    pub fn declare(mut self, declare: Declare) -> Self {
        self.raw.0.declare = match declare {
            Declare::Active => sys::SPECTACLES_DECLARE,
            Declare::Passive => sys::SPECTACLES_DECLARE_PASSIVE,
            Declare::Nothing => sys::SPECTACLES_DECLARE_NOTHING,
        };
        self
    }

    /// Default: [`QueueType::Default`].
    #[must_use]
    pub fn queue_type(mut self, queue_type: QueueType) -> Self {
        self.raw.0.queue_type = match queue_type {
            QueueType::Default => sys::SPECTACLES_QUEUE_DEFAULT,
            QueueType::Classic => sys::SPECTACLES_QUEUE_CLASSIC,
            QueueType::Quorum => sys::SPECTACLES_QUEUE_QUORUM,
        };
        self
    }

    /// The format in which bodies are written. Default: JSON.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.raw.0.format = format.number();
        self
    }

    /// From connecting to being ready. Default: 30 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.raw.0.connect_timeout = millis(timeout);
        self
    }

    /// For how long [`Broker::close`](crate::Broker::close) waits for confirms and replies. Default: 5 s.
    #[must_use]
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.raw.0.drain_timeout = millis(timeout);
        self
    }

    pub(crate) fn raw(&self, texts: &mut Texts) -> Result<sys::spectacles_broker_config> {
        let mut raw = self.raw.0;
        raw.urls = texts.list("a URL of the broker", &self.urls)?;
        raw.url_count = self.urls.len();
        if let Some(group) = &self.group {
            raw.group = texts.text("the group", group)?;
        }
        raw.name = texts.option("the name", self.name.as_deref())?;
        if raw.seed == 0 {
            raw.seed = time::seed();
        }
        Ok(raw)
    }
}

/// What to consume: the queue of an event.
#[derive(Clone, Debug)]
pub struct Subscription {
    raw: Plain<sys::spectacles_subscription>,
    event: String,
    subgroup: String,
    arguments: Vec<(String, HeaderValue<'static>)>,
}

impl Subscription {
    /// `event`: such as `MESSAGE_CREATE`, or [`gap_key`](crate::gap_key).
    pub fn new(event: &str) -> Subscription {
        Subscription {
            raw: Plain(init!(spectacles_subscription, spectacles_subscription_init)),
            event: event.to_owned(),
            subgroup: String::new(),
            arguments: Vec::new(),
        }
    }

    setters! {
        /// Unacknowledged deliveries. Default: that of the broker.
        prefetch: u32,
    }

    /// Workers of one subgroup share the events, and each subgroup gets all events.
    #[must_use]
    pub fn subgroup(mut self, subgroup: &str) -> Self {
        self.subgroup = subgroup.to_owned();
        self
    }

    /// The queue is declared and bound, and not consumed.
    #[must_use]
    pub fn declare_only(mut self) -> Self {
        self.raw.0.declare_only = 1;
        self
    }

    /// An argument of the queue, such as `x-message-ttl`.
    #[must_use]
    pub fn argument(mut self, key: &str, value: HeaderValue<'static>) -> Self {
        self.arguments.push((key.to_owned(), value));
        self
    }

    pub(crate) fn arguments(&self) -> Vec<sys::spectacles_header> {
        headers_of(self.arguments.iter().map(|(key, value)| (key.as_str(), value)))
    }

    pub(crate) fn raw(&self, arguments: &[sys::spectacles_header]) -> sys::spectacles_subscription {
        let mut raw = self.raw.0;
        raw.event = self.event.as_ptr().cast();
        raw.event_length = self.event.len();
        raw.subgroup = self.subgroup.as_ptr().cast();
        raw.subgroup_length = self.subgroup.len();
        raw.arguments = arguments.as_ptr();
        raw.argument_count = arguments.len();
        raw
    }
}
