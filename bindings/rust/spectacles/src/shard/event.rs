//! What a shard tells.
use crate::event::sealed::Raw;
use crate::event::{numbers, Kept};
use crate::text::{bytes_of, some_text, text_of, text_with};
use crate::{sys, ErrorKind, Format, Loss, Shard, Time};
use std::fmt;
use std::time::Duration;

/// An event of a shard.
pub type Event<'a> = crate::Event<'a, Shard>;

numbers! {
    /// The states of a shard.
    ShardState (spectacles_shard_state_name):
    /// New.
    Idle = SPECTACLES_SHARD_IDLE,
    /// A connection is wanted.
    Connecting = SPECTACLES_SHARD_CONNECTING,
    /// The HTTP upgrade was sent.
    Upgrading = SPECTACLES_SHARD_UPGRADING,
    /// The WebSocket stands.
    Hello = SPECTACLES_SHARD_HELLO,
    /// [`Shard::identify`](crate::Shard::identify) is awaited.
    IdentifyWait = SPECTACLES_SHARD_IDENTIFY_WAIT,
    /// Identify was sent.
    Identifying = SPECTACLES_SHARD_IDENTIFYING,
    /// Resume was sent.
    Resuming = SPECTACLES_SHARD_RESUMING,
    /// The session stands.
    Ready = SPECTACLES_SHARD_READY,
    /// Our close frame is on its way.
    Closing = SPECTACLES_SHARD_CLOSING,
    /// No connection is wanted before the deadline.
    Backoff = SPECTACLES_SHARD_BACKOFF,
    /// Final: the owner closed it.
    Closed = SPECTACLES_SHARD_CLOSED,
    /// Final: Discord will not accept the configuration.
    Fatal = SPECTACLES_SHARD_FATAL,
}

/// An event of Discord.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dispatch<'a> {
    /// The sequence, higher than that of the event before.
    pub seq: u64,
    /// The name, such as `MESSAGE_CREATE`.
    pub name: &'a str,
    /// The `d` of the payload, as it came.
    pub data: &'a [u8],
    /// The format of `data`: JSON, or a bare ETF term.
    pub format: Format,
}

/// What has happened to a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)] // the fields are those of the comments
pub enum Kind<'a> {
    /// A connection is wanted. `host`: with its port.
    Connecting { host: &'a str },
    /// The shard wants to identify: call [`Shard::identify`](crate::Shard::identify) when its turn has come.
    Identify,
    /// A new session stands. `data`: the d of READY. A [`Kind::Dispatch`] of READY follows.
    Ready { session_id: &'a str, data: &'a [u8], format: Format, warning: Option<&'a str> },
    /// The old session goes on. A [`Kind::Dispatch`] of RESUMED follows.
    Resumed { session_id: &'a str },
    /// An event of Discord.
    Dispatch(Dispatch<'a>),
    /// A heartbeat was acknowledged. `duration`: what that took.
    Latency { duration: Duration },
    /// The last byte of a packet was handed to the transport.
    Sent { ticket: u64 },
    /// The connection ended before a packet was handed over whole.
    Unsent { ticket: u64 },
    /// The connection ended, or could not be made. The shard connects again by itself.
    Disconnected(Loss<'a>),
    /// The session is lost, and events behind `seq` may be missing.
    Gap { session_id: &'a str, seq: u64, text: &'a str },
    /// Final, after [`Shard::close`](crate::Shard::close).
    Closed,
    /// Final: a person has to change the token, the intents or the number of shards.
    Fatal(Loss<'a>),
    /// A heartbeat went out late, because something blocks the loop of the owner. `duration`: how late.
    Late { duration: Duration, text: &'a str },
    /// The shard has come to a state that no other event tells of.
    State { state: ShardState, seq: u64, code: u32, text: &'a str },
    /// The gateway answers without the compression or the ETF that was asked for.
    Plain { text: &'a str },
    /// An event of a later version of the library.
    Unknown(u32),
}

impl Raw for sys::spectacles_shard_event {
    unsafe fn keep(&mut self, in_: &mut Kept) {
        self.name = in_.bytes(self.name, self.name_length);
        self.data = in_.bytes(self.data, self.data_length);
        self.text = in_.bytes(self.text, self.text_length);
        self.session_id = in_.bytes(self.session_id, self.session_id_length);
    }
}

impl<'a> Event<'a> {
    /// What has happened.
    pub fn kind(self) -> Kind<'a> {
        let raw = self.raw;
        match raw.type_ {
            sys::SPECTACLES_SHARD_EVENT_DISPATCH => Kind::Dispatch(self.dispatch()),
            sys::SPECTACLES_SHARD_EVENT_CONNECTING => Kind::Connecting { host: self.text() },
            sys::SPECTACLES_SHARD_EVENT_IDENTIFY => Kind::Identify,
            sys::SPECTACLES_SHARD_EVENT_READY => self.ready(),
            sys::SPECTACLES_SHARD_EVENT_RESUMED => Kind::Resumed { session_id: self.session_id() },
            sys::SPECTACLES_SHARD_EVENT_LATENCY => Kind::Latency { duration: self.duration() },
            sys::SPECTACLES_SHARD_EVENT_SENT => Kind::Sent { ticket: raw.ticket },
            sys::SPECTACLES_SHARD_EVENT_UNSENT => Kind::Unsent { ticket: raw.ticket },
            sys::SPECTACLES_SHARD_EVENT_DISCONNECTED => Kind::Disconnected(self.loss()),
            sys::SPECTACLES_SHARD_EVENT_GAP => {
                Kind::Gap { session_id: self.session_id(), seq: raw.seq, text: self.text() }
            }
            sys::SPECTACLES_SHARD_EVENT_CLOSED => Kind::Closed,
            sys::SPECTACLES_SHARD_EVENT_FATAL => Kind::Fatal(self.loss()),
            sys::SPECTACLES_SHARD_EVENT_LATE => Kind::Late { duration: self.duration(), text: self.text() },
            sys::SPECTACLES_SHARD_EVENT_STATE => {
                Kind::State { state: ShardState::of(raw.state), seq: raw.seq, code: raw.code, text: self.text() }
            }
            sys::SPECTACLES_SHARD_EVENT_PLAIN => Kind::Plain { text: self.text() },
            other => Kind::Unknown(other),
        }
    }

    /// The state of the shard after what the event tells.
    pub fn state(self) -> ShardState {
        ShardState::of(self.raw.state)
    }

    fn dispatch(self) -> Dispatch<'a> {
        let raw = self.raw;
        // SAFETY: what the event points to is valid for 'a.
        let (name, data) = unsafe { (text_with(raw.name, raw.name_length), bytes_of(raw.data, raw.data_length)) };
        Dispatch { seq: raw.seq, name, data, format: Format::of(raw.format) }
    }

    fn ready(self) -> Kind<'a> {
        let raw = self.raw;
        // SAFETY: as above.
        let (data, warning) = unsafe { (bytes_of(raw.data, raw.data_length), some_text(raw.text, raw.text_length)) };
        Kind::Ready { session_id: self.session_id(), data, format: Format::of(raw.format), warning }
    }

    fn loss(self) -> Loss<'a> {
        Loss {
            code: self.raw.code,
            error: ErrorKind::of(self.raw.error),
            text: self.text(),
            until: Time::from_millis(self.raw.until),
            hold_until: Time::from_millis(self.raw.hold_until),
        }
    }

    fn text(self) -> &'a str {
        // SAFETY: what the event points to is valid for 'a.
        unsafe { text_with(self.raw.text, self.raw.text_length) }
    }

    fn session_id(self) -> &'a str {
        // SAFETY: as above.
        unsafe { text_with(self.raw.session_id, self.raw.session_id_length) }
    }

    fn duration(self) -> Duration {
        Duration::from_millis(self.raw.duration)
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
        let name = unsafe { text_of(sys::spectacles_shard_event_type_name(self.raw.type_)) };
        write!(f, "{} {}", name.unwrap_or(""), self.text())
    }
}
