//! What a relay or a gateway tells.
use super::Relay;
use crate::event::sealed::Raw;
use crate::event::{numbers, Kept};
use crate::text::{bytes_of, some_text, text_of, text_with};
use crate::{sys, ErrorKind, Format, Loss, Time};
use std::fmt;
use std::time::Duration;

/// An event of a relay or a gateway. It is shown as a line for a log.
pub type Event<'a> = crate::Event<'a, Relay>;
/// A copy of an event of a relay or a gateway.
pub type OwnedEvent = crate::OwnedEvent<Relay>;

/// One of the two brokers of a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The broker that publishes.
    Events,
    /// The broker that consumes.
    Commands,
}

impl Side {
    pub(crate) fn number(self) -> u32 {
        match self {
            Side::Events => sys::SPECTACLES_RELAY_EVENTS,
            Side::Commands => sys::SPECTACLES_RELAY_COMMANDS,
        }
    }
}

numbers! {
    /// The types of events, and their names.
    EventType (spectacles_relay_event_type_name):
    /// A shard wants a connection.
    ShardConnecting = SPECTACLES_RELAY_EVENT_SHARD_CONNECTING,
    /// The identify of a shard was granted.
    ShardIdentifying = SPECTACLES_RELAY_EVENT_SHARD_IDENTIFYING,
    /// A new session begins.
    ShardReady = SPECTACLES_RELAY_EVENT_SHARD_READY,
    /// A session goes on.
    ShardResumed = SPECTACLES_RELAY_EVENT_SHARD_RESUMED,
    /// The connection of a shard is lost.
    ShardDisconnected = SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED,
    /// A gap is declared.
    ShardGap = SPECTACLES_RELAY_EVENT_SHARD_GAP,
    /// A shard is closed.
    ShardClosed = SPECTACLES_RELAY_EVENT_SHARD_CLOSED,
    /// Discord will never accept a shard.
    ShardFatal = SPECTACLES_RELAY_EVENT_SHARD_FATAL,
    /// A heartbeat was acknowledged.
    ShardLatency = SPECTACLES_RELAY_EVENT_SHARD_LATENCY,
    /// A heartbeat went out late.
    ShardLate = SPECTACLES_RELAY_EVENT_SHARD_LATE,
    /// The gateway answers without the compression or the ETF that was asked for.
    ShardPlain = SPECTACLES_RELAY_EVENT_SHARD_PLAIN,
    /// A shard waits for a grant.
    ShardWantsIdentify = SPECTACLES_RELAY_EVENT_SHARD_WANTS_IDENTIFY,
    /// A shard was removed.
    ShardRemoved = SPECTACLES_RELAY_EVENT_SHARD_REMOVED,
    /// A broker wants a connection.
    BrokerConnecting = SPECTACLES_RELAY_EVENT_BROKER_CONNECTING,
    /// Queues, consumers and confirms stand.
    BrokerReady = SPECTACLES_RELAY_EVENT_BROKER_READY,
    /// The connection of a broker is lost.
    BrokerDisconnected = SPECTACLES_RELAY_EVENT_BROKER_DISCONNECTED,
    /// A broker takes no publishes for now.
    BrokerBlocked = SPECTACLES_RELAY_EVENT_BROKER_BLOCKED,
    /// A broker takes publishes again.
    BrokerUnblocked = SPECTACLES_RELAY_EVENT_BROKER_UNBLOCKED,
    /// A broker is closed.
    BrokerClosed = SPECTACLES_RELAY_EVENT_BROKER_CLOSED,
    /// A queue stands and is consumed.
    Subscribed = SPECTACLES_RELAY_EVENT_SUBSCRIBED,
    /// A queue is lost or was refused.
    Unsubscribed = SPECTACLES_RELAY_EVENT_UNSUBSCRIBED,
    /// A message was not published, or no queue took it.
    PublishFailed = SPECTACLES_RELAY_EVENT_PUBLISH_FAILED,
    /// No queue takes an event.
    Unroutable = SPECTACLES_RELAY_EVENT_UNROUTABLE,
    /// The packet of a SEND is confirmed under the key of its shard.
    CommandRouted = SPECTACLES_RELAY_EVENT_COMMAND_ROUTED,
    /// The bytes of a packet were handed to the socket.
    CommandSent = SPECTACLES_RELAY_EVENT_COMMAND_SENT,
    /// A command was rejected, or a packet was not sent.
    CommandRejected = SPECTACLES_RELAY_EVENT_COMMAND_REJECTED,
    /// None of the day's identifies is left.
    IdentifyLimit = SPECTACLES_RELAY_EVENT_IDENTIFY_LIMIT,
    /// Discord makes the whole bot wait.
    RateLimited = SPECTACLES_RELAY_EVENT_RATE_LIMITED,
    /// Discord refused a request of a worker that came too early.
    CommandLimited = SPECTACLES_RELAY_EVENT_COMMAND_LIMITED,
    /// Without brokers: what would be published.
    Message = SPECTACLES_RELAY_EVENT_MESSAGE,
}

/// What a gateway without brokers hands to its owner: an event of Discord, or a gap record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message<'a> {
    /// The shard that the event came from.
    pub shard_id: u32,
    /// The sequence of Discord; 0 for a gap record.
    pub seq: u64,
    /// The name of the event, such as `MESSAGE_CREATE`; or `SPECTACLES_GAP`.
    pub name: &'a str,
    /// The `d` of the event, or a gap record.
    pub body: &'a [u8],
    /// The format of the body.
    pub format: Format,
    /// The same for each copy.
    pub message_id: &'a str,
    /// For [`Gateway::acknowledge`](crate::Gateway::acknowledge).
    pub ticket: u64,
}

/// A gap that is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Declared<'a> {
    /// The session that was lost; `None`: not known.
    pub old_session_id: Option<&'a str>,
    /// The session that begins behind the gap.
    pub session_id: &'a str,
    /// The last sequence of the old session that was committed.
    pub seq: u64,
    /// When the loss was noticed: milliseconds since 1970; 0: not known.
    pub unix_time: u64,
    /// One sentence.
    pub text: &'a str,
}

/// What has happened to a relay or a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)] // the fields are those of the comments
pub enum Kind<'a> {
    /// A shard wants a connection. `host`: with its port.
    ShardConnecting { shard_id: u32, host: &'a str },
    /// The identify of the shard was granted.
    ShardIdentifying { shard_id: u32 },
    /// A new session begins.
    ShardReady { shard_id: u32, session_id: &'a str },
    /// The session goes on.
    ShardResumed { shard_id: u32, session_id: &'a str },
    /// The connection is lost, and made again.
    ShardDisconnected { shard_id: u32, loss: Loss<'a> },
    /// A gap is declared.
    ShardGap { shard_id: u32, gap: Declared<'a> },
    /// The shard is closed.
    ShardClosed { shard_id: u32 },
    /// Discord will never accept this shard: a person has to change something.
    ShardFatal { shard_id: u32, loss: Loss<'a> },
    /// A heartbeat was acknowledged. `duration`: how long that took.
    ShardLatency { shard_id: u32, duration: Duration },
    /// A heartbeat went out late. `duration`: how late.
    ShardLate { shard_id: u32, duration: Duration, text: &'a str },
    /// The gateway answers without the compression or the ETF that was asked for.
    ShardPlain { shard_id: u32, text: &'a str },
    /// The shard waits for [`Gateway::grant_identify`](crate::Gateway::grant_identify).
    ShardWantsIdentify { shard_id: u32 },
    /// The shard was removed. `session_id`, `seq`: where its session can be resumed.
    ShardRemoved { shard_id: u32, session_id: Option<&'a str>, seq: u64 },
    /// A broker wants a connection. `host`: with its port.
    BrokerConnecting { broker: Side, host: &'a str },
    /// Queues, consumers and confirms stand. `product`: RabbitMQ and its version.
    BrokerReady { broker: Side, product: &'a str },
    /// The connection is lost, and made again.
    BrokerDisconnected { broker: Side, loss: Loss<'a> },
    /// The broker takes no publishes for now.
    BrokerBlocked { broker: Side, text: &'a str },
    /// The broker takes publishes again.
    BrokerUnblocked { broker: Side },
    /// The broker is closed.
    BrokerClosed { broker: Side },
    /// A queue stands and is consumed. `name`: SEND or the number of a shard.
    Subscribed { broker: Side, name: &'a str, queue: &'a str },
    /// A queue is lost or was refused.
    Unsubscribed { broker: Side, name: &'a str, loss: Loss<'a> },
    /// A message was not published, or no queue took it. `seq`: not 0 when a gap declares it.
    PublishFailed { broker: Side, name: &'a str, seq: u64, loss: Loss<'a> },
    /// No queue takes an event. `until`: it is not published before.
    Unroutable { name: &'a str, until: Time, text: &'a str },
    /// The packet of a SEND is confirmed under the key of its shard.
    CommandRouted { shard_id: u32, op: u32 },
    /// The bytes of a packet were handed to the socket. `ticket`: of [`Gateway::send`](crate::Gateway::send); 0: a
    /// worker's.
    CommandSent { shard_id: u32, op: u32, ticket: u64 },
    /// A command was rejected (`name`: its routing key), or a packet of the owner was not sent (`ticket`).
    CommandRejected { shard_id: u32, op: u32, ticket: u64, name: &'a str, loss: Loss<'a> },
    /// None of the day's identifies is left. `until`: when there are new ones.
    IdentifyLimit { shard_id: u32, until: Time, text: &'a str },
    /// Discord makes the whole bot wait.
    RateLimited { shard_id: u32, loss: Loss<'a> },
    /// Discord refused a request of a worker that came too early.
    CommandLimited { shard_id: u32, op: u32, duration: Duration, nonce: &'a str, text: &'a str },
    /// Without brokers: an event of Discord, or a gap record.
    Message(Message<'a>),
    /// An event of a later version of the library.
    Unknown(u32),
}

impl Raw for sys::spectacles_relay_event {
    unsafe fn keep(&mut self, in_: &mut Kept) {
        self.name = in_.bytes(self.name, self.name_length);
        self.text = in_.bytes(self.text, self.text_length);
        self.session_id = in_.bytes(self.session_id, self.session_id_length);
        self.old_session_id = in_.bytes(self.old_session_id, self.old_session_id_length);
        self.body = in_.bytes(self.body, self.body_length);
        self.message_id = in_.bytes(self.message_id, self.message_id_length);
    }
}

impl<'a> Event<'a> {
    /// The type of the event, whose name is for logs.
    pub fn event_type(self) -> EventType {
        EventType::of(self.raw.type_)
    }

    /// The shard that the event is about; 0 when it is about none.
    pub fn shard_id(self) -> u32 {
        self.raw.shard_id
    }

    /// Shards of the whole bot.
    pub fn shard_count(self) -> u32 {
        self.raw.shard_count
    }

    /// The broker that the event is about. It means nothing when the event is about none.
    pub fn broker(self) -> Side {
        match self.raw.broker {
            sys::SPECTACLES_RELAY_COMMANDS => Side::Commands,
            _ => Side::Events,
        }
    }

    /// What has happened.
    pub fn kind(self) -> Kind<'a> {
        match self.raw.type_ {
            sys::SPECTACLES_RELAY_EVENT_MESSAGE => Kind::Message(self.message()),
            number if number < sys::SPECTACLES_RELAY_EVENT_BROKER_CONNECTING => self.of_shard(),
            number if number < sys::SPECTACLES_RELAY_EVENT_COMMAND_ROUTED => self.of_broker(),
            _ => self.of_relay(),
        }
    }

    fn of_shard(self) -> Kind<'a> {
        let (raw, shard_id, session_id) = (self.raw, self.raw.shard_id, self.session_id());
        match self.event_type() {
            EventType::ShardConnecting => Kind::ShardConnecting { shard_id, host: self.text() },
            EventType::ShardIdentifying => Kind::ShardIdentifying { shard_id },
            EventType::ShardReady => Kind::ShardReady { shard_id, session_id: session_id.unwrap_or("") },
            EventType::ShardResumed => Kind::ShardResumed { shard_id, session_id: session_id.unwrap_or("") },
            EventType::ShardDisconnected => Kind::ShardDisconnected { shard_id, loss: self.loss() },
            EventType::ShardGap => Kind::ShardGap { shard_id, gap: self.gap() },
            EventType::ShardClosed => Kind::ShardClosed { shard_id },
            EventType::ShardFatal => Kind::ShardFatal { shard_id, loss: self.loss() },
            EventType::ShardLatency => Kind::ShardLatency { shard_id, duration: self.duration() },
            EventType::ShardLate => Kind::ShardLate { shard_id, duration: self.duration(), text: self.text() },
            EventType::ShardPlain => Kind::ShardPlain { shard_id, text: self.text() },
            EventType::ShardWantsIdentify => Kind::ShardWantsIdentify { shard_id },
            EventType::ShardRemoved => Kind::ShardRemoved { shard_id, session_id, seq: raw.seq },
            other => Kind::Unknown(other.number()),
        }
    }

    fn of_broker(self) -> Kind<'a> {
        let (broker, name) = (self.broker(), self.name());
        match self.event_type() {
            EventType::BrokerConnecting => Kind::BrokerConnecting { broker, host: self.text() },
            EventType::BrokerReady => Kind::BrokerReady { broker, product: self.text() },
            EventType::BrokerDisconnected => Kind::BrokerDisconnected { broker, loss: self.loss() },
            EventType::BrokerBlocked => Kind::BrokerBlocked { broker, text: self.text() },
            EventType::BrokerUnblocked => Kind::BrokerUnblocked { broker },
            EventType::BrokerClosed => Kind::BrokerClosed { broker },
            EventType::Subscribed => Kind::Subscribed { broker, name, queue: self.text() },
            EventType::Unsubscribed => Kind::Unsubscribed { broker, name, loss: self.loss() },
            EventType::PublishFailed => Kind::PublishFailed { broker, name, seq: self.raw.seq, loss: self.loss() },
            EventType::Unroutable => Kind::Unroutable { name, until: self.until(), text: self.text() },
            other => Kind::Unknown(other.number()),
        }
    }

    fn of_relay(self) -> Kind<'a> {
        let (shard_id, op, ticket) = (self.raw.shard_id, self.raw.op, self.raw.ticket);
        match self.event_type() {
            EventType::CommandRouted => Kind::CommandRouted { shard_id, op },
            EventType::CommandSent => Kind::CommandSent { shard_id, op, ticket },
            EventType::CommandRejected => {
                Kind::CommandRejected { shard_id, op, ticket, name: self.name(), loss: self.loss() }
            }
            EventType::IdentifyLimit => Kind::IdentifyLimit { shard_id, until: self.until(), text: self.text() },
            EventType::RateLimited => Kind::RateLimited { shard_id, loss: self.loss() },
            EventType::CommandLimited => {
                let (duration, nonce) = (self.duration(), self.name());
                Kind::CommandLimited { shard_id, op, duration, nonce, text: self.text() }
            }
            other => Kind::Unknown(other.number()),
        }
    }

    fn message(self) -> Message<'a> {
        let raw = self.raw;
        // SAFETY: what the event points to is valid for 'a.
        let (body, message_id) =
            unsafe { (bytes_of(raw.body, raw.body_length), text_with(raw.message_id, raw.message_id_length)) };
        let (shard_id, seq, ticket) = (raw.shard_id, raw.seq, raw.ticket);
        Message { shard_id, seq, name: self.name(), body, format: Format::of(raw.format), message_id, ticket }
    }

    fn gap(self) -> Declared<'a> {
        let raw = self.raw;
        // SAFETY: as above.
        let old_session_id = unsafe { some_text(raw.old_session_id, raw.old_session_id_length) };
        let session_id = self.session_id().unwrap_or("");
        Declared { old_session_id, session_id, seq: raw.seq, unix_time: raw.unix_time, text: self.text() }
    }

    fn loss(self) -> Loss<'a> {
        Loss {
            code: self.raw.code,
            error: ErrorKind::of(self.raw.error),
            text: self.text(),
            until: self.until(),
            hold_until: Time::from_millis(self.raw.hold_until),
        }
    }

    fn until(self) -> Time {
        Time::from_millis(self.raw.until)
    }

    fn duration(self) -> Duration {
        Duration::from_millis(self.raw.duration)
    }

    fn name(self) -> &'a str {
        // SAFETY: what the event points to is valid for 'a.
        unsafe { text_with(self.raw.name, self.raw.name_length) }
    }

    fn text(self) -> &'a str {
        // SAFETY: as above.
        unsafe { text_with(self.raw.text, self.raw.text_length) }
    }

    fn session_id(self) -> Option<&'a str> {
        // SAFETY: as above.
        unsafe { some_text(self.raw.session_id, self.raw.session_id_length) }
    }
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind().fmt(f)
    }
}

impl fmt::Display for Event<'_> {
    /// A line of text about the event, for logs: no secret is in it, and nothing of the body of a message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = [0_u8; sys::SPECTACLES_RELAY_LINE_SIZE as usize];
        // SAFETY: the event is alive, and the line has the room that is said. It ends with a NUL.
        let text = unsafe {
            let now = Time::now().as_millis();
            sys::spectacles_relay_event_describe(line.as_mut_ptr().cast(), line.len(), self.raw, now);
            text_of(line.as_ptr().cast())
        };
        f.write_str(text.unwrap_or(""))
    }
}
