//! Formats, intents, and the bodies that workers write.
use crate::error::{explain, plain, Result};
use crate::sys;
use crate::text::{bytes_of, text_of};
use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// What a payload or a body is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Sent: the bytes go out as they are. Received: the format is not known.
    Raw,
    /// JSON text.
    Json,
    /// Erlang's external term format.
    Etf,
    /// MessagePack.
    Msgpack,
    /// A MessagePack string or binary that holds JSON text.
    MsgpackJson,
}

impl Format {
    pub(crate) fn of(number: u32) -> Format {
        match number {
            sys::SPECTACLES_FORMAT_JSON => Format::Json,
            sys::SPECTACLES_FORMAT_ETF => Format::Etf,
            sys::SPECTACLES_FORMAT_MSGPACK => Format::Msgpack,
            sys::SPECTACLES_FORMAT_MSGPACK_JSON => Format::MsgpackJson,
            _ => Format::Raw,
        }
    }

    pub(crate) fn number(self) -> u32 {
        match self {
            Format::Raw => sys::SPECTACLES_FORMAT_RAW,
            Format::Json => sys::SPECTACLES_FORMAT_JSON,
            Format::Etf => sys::SPECTACLES_FORMAT_ETF,
            Format::Msgpack => sys::SPECTACLES_FORMAT_MSGPACK,
            Format::MsgpackJson => sys::SPECTACLES_FORMAT_MSGPACK_JSON,
        }
    }

    /// Guesses the format of bytes by the first of them.
    pub fn guess(bytes: &[u8]) -> Format {
        // SAFETY: the slice is as long as is said.
        Format::of(unsafe { sys::spectacles_format_of(bytes.as_ptr(), bytes.len()) })
    }

    /// Reads the name of a format, as settings have it: `json`, `etf`, `msgpack`, `msgpack-json`.
    pub fn from_name(name: &str) -> Result<Format> {
        let mut number = 0;
        // SAFETY: the slice is as long as is said.
        plain(unsafe { sys::spectacles_format_parse(&mut number, name.as_ptr().cast(), name.len()) })?;
        Ok(Format::of(number))
    }

    /// The content type of the format: `application/json`.
    pub fn content_type(self) -> &'static str {
        // SAFETY: the text is static.
        unsafe { text_of(sys::spectacles_format_content_type(self.number())) }.unwrap_or("")
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the text is static.
        f.write_str(unsafe { text_of(sys::spectacles_format_name(self.number())) }.unwrap_or(""))
    }
}

/// Bytes that the library writes.
pub(crate) struct Bytes(*mut sys::spectacles_bytes);

impl Bytes {
    /// What a call writes to fresh bytes.
    pub(crate) fn written(call: impl FnOnce(*mut sys::spectacles_bytes) -> Result<u32>) -> Result<Vec<u8>> {
        let mut raw = std::ptr::null_mut();
        // SAFETY: `raw` is written to on success.
        plain(unsafe { sys::spectacles_bytes_new(&mut raw) })?;
        let bytes = Bytes(raw);
        call(bytes.0)?;
        // SAFETY: the content is valid until the next call that writes to the bytes.
        Ok(unsafe { bytes_of(sys::spectacles_bytes_data(bytes.0), sys::spectacles_bytes_length(bytes.0)) }.to_vec())
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        // SAFETY: made by spectacles_bytes_new(), and freed once.
        unsafe { sys::spectacles_bytes_free(self.0) };
    }
}

/// Rewrites one whole document from one format into another. [`Format::Raw`] as `from`: the format is guessed.
///
/// ```
/// use spectacles::{transcode, Format};
/// let term = transcode(Format::Etf, Format::Json, br#"{"id":"7"}"#)?;
/// assert_eq!(transcode(Format::Json, Format::Raw, &term)?, br#"{"id":"7"}"#);
/// # Ok::<(), spectacles::Error>(())
/// ```
pub fn transcode(to: Format, from: Format, bytes: &[u8]) -> Result<Vec<u8>> {
    Bytes::written(|out| {
        // SAFETY: `out` is alive, and the slice is as long as is said.
        explain(|problem| unsafe {
            sys::spectacles_transcode(out, to.number(), from.number(), 0, bytes.as_ptr(), bytes.len(), problem)
        })
    })
}

/// Checks that bytes are one JSON value, strictly.
pub fn json_check(bytes: &[u8]) -> Result<()> {
    // SAFETY: the slice is as long as is said.
    explain(|problem| unsafe { sys::spectacles_json_check(bytes.as_ptr(), bytes.len(), problem) }).map(drop)
}

/// The shard that serves a guild.
///
/// ```
/// assert_eq!(spectacles::route_shard(613425648685547541, 3), 2);
/// ```
pub fn route_shard(guild_id: u64, shard_count: u32) -> u32 {
    // SAFETY: has no conditions.
    unsafe { sys::spectacles_route_shard(guild_id, shard_count) }
}

/// The routing key of a packet whose sender does not know the shard: `SEND`.
pub fn send_key() -> &'static str {
    // SAFETY: the text is static.
    unsafe { text_of(sys::spectacles_route_send_key()) }.unwrap_or("")
}

/// The routing key of gap records: `SPECTACLES_GAP`.
pub fn gap_key() -> &'static str {
    // SAFETY: the text is static.
    unsafe { text_of(sys::spectacles_route_gap_key()) }.unwrap_or("")
}

/// Writes the body of a SEND: a packet for the shard that serves a guild.
///
/// ```
/// let body = spectacles::send_body(41, br#"{"op":8,"d":{"guild_id":"41","query":"","limit":0}}"#)?;
/// assert_eq!(body, br#"{"guild_id":"41","packet":{"op":8,"d":{"guild_id":"41","query":"","limit":0}}}"#);
/// # Ok::<(), spectacles::Error>(())
/// ```
pub fn send_body(guild_id: u64, packet: &[u8]) -> Result<Vec<u8>> {
    let mut out = vec![0; packet.len() + 48];
    // SAFETY: both slices are as long as is said.
    let length = explain(|problem| unsafe {
        sys::spectacles_send_build(out.as_mut_ptr(), out.len(), guild_id, packet.as_ptr(), packet.len(), problem)
    })?;
    out.truncate(length as usize);
    Ok(out)
}

/// Checks a packet as the gateway does before it sends it: `{"op": n, "d": {...}}`.
pub fn packet_check(packet: &[u8]) -> Result<()> {
    let mut out = sys::spectacles_packet { op: 0, d: std::ptr::null(), d_length: 0 };
    // SAFETY: the slice is as long as is said; what `out` points to is not looked at.
    explain(|problem| unsafe { sys::spectacles_packet_parse(&mut out, packet.as_ptr(), packet.len(), problem) })
        .map(drop)
}

/// A mask of gateway intents: `Intents::GUILDS | Intents::GUILD_MESSAGES`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Intents(pub u64);

macro_rules! intents {
    ($($name:ident = $value:ident,)*) => {
        #[allow(missing_docs)]
        impl Intents { $(pub const $name: Intents = Intents(sys::$value as u64);)* }
    };
}

intents! {
    GUILDS = SPECTACLES_INTENT_GUILDS,
    GUILD_MEMBERS = SPECTACLES_INTENT_GUILD_MEMBERS,
    GUILD_MODERATION = SPECTACLES_INTENT_GUILD_MODERATION,
    GUILD_EXPRESSIONS = SPECTACLES_INTENT_GUILD_EXPRESSIONS,
    GUILD_INTEGRATIONS = SPECTACLES_INTENT_GUILD_INTEGRATIONS,
    GUILD_WEBHOOKS = SPECTACLES_INTENT_GUILD_WEBHOOKS,
    GUILD_INVITES = SPECTACLES_INTENT_GUILD_INVITES,
    GUILD_VOICE_STATES = SPECTACLES_INTENT_GUILD_VOICE_STATES,
    GUILD_PRESENCES = SPECTACLES_INTENT_GUILD_PRESENCES,
    GUILD_MESSAGES = SPECTACLES_INTENT_GUILD_MESSAGES,
    GUILD_MESSAGE_REACTIONS = SPECTACLES_INTENT_GUILD_MESSAGE_REACTIONS,
    GUILD_MESSAGE_TYPING = SPECTACLES_INTENT_GUILD_MESSAGE_TYPING,
    DIRECT_MESSAGES = SPECTACLES_INTENT_DIRECT_MESSAGES,
    DIRECT_MESSAGE_REACTIONS = SPECTACLES_INTENT_DIRECT_MESSAGE_REACTIONS,
    DIRECT_MESSAGE_TYPING = SPECTACLES_INTENT_DIRECT_MESSAGE_TYPING,
    MESSAGE_CONTENT = SPECTACLES_INTENT_MESSAGE_CONTENT,
    GUILD_SCHEDULED_EVENTS = SPECTACLES_INTENT_GUILD_SCHEDULED_EVENTS,
    AUTO_MODERATION_CONFIGURATION = SPECTACLES_INTENT_AUTO_MODERATION_CONFIGURATION,
    AUTO_MODERATION_EXECUTION = SPECTACLES_INTENT_AUTO_MODERATION_EXECUTION,
    GUILD_MESSAGE_POLLS = SPECTACLES_INTENT_GUILD_MESSAGE_POLLS,
    DIRECT_MESSAGE_POLLS = SPECTACLES_INTENT_DIRECT_MESSAGE_POLLS,
}

impl Intents {
    /// The intents that bring an event, any one of them. None: the event needs no intent, or is not known.
    pub fn for_event(event: &str) -> Intents {
        // SAFETY: the slice is as long as is said.
        Intents(unsafe { sys::spectacles_intents_for_event(event.as_ptr().cast(), event.len()) })
    }

    /// Reads the name of an intent: `guild_messages`.
    pub fn from_name(name: &str) -> Result<Intents> {
        let mut mask = 0;
        // SAFETY: the slice is as long as is said.
        plain(unsafe { sys::spectacles_intent_parse(&mut mask, name.as_ptr().cast(), name.len()) })?;
        Ok(Intents(mask))
    }

    /// Those that have to be switched on in Discord's developer portal.
    pub fn privileged(self) -> Intents {
        // SAFETY: has no conditions.
        Intents(unsafe { sys::spectacles_intents_privileged(self.0) })
    }
}

impl BitOr for Intents {
    type Output = Intents;

    fn bitor(self, other: Intents) -> Intents {
        Intents(self.0 | other.0)
    }
}

impl BitOrAssign for Intents {
    fn bitor_assign(&mut self, other: Intents) {
        self.0 |= other.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore)] // calls the library
    fn formats_have_names() {
        for format in [Format::Json, Format::Etf, Format::Msgpack, Format::MsgpackJson] {
            assert_eq!(Format::of(format.number()), format);
            assert_eq!(Format::from_name(&format.to_string()).unwrap(), format);
        }
        assert!(Format::from_name("xml").is_err());
    }

    #[test]
    #[cfg_attr(miri, ignore)] // calls the library
    fn what_cannot_be_rewritten_says_where() {
        let error = transcode(Format::Etf, Format::Json, b"[1, nonsense]").unwrap_err();
        assert_eq!(error.position(), 4);
    }

    #[test]
    #[cfg_attr(miri, ignore)] // calls the library
    fn intents_are_masks() {
        assert_eq!(Intents::for_event("MESSAGE_CREATE"), Intents::GUILD_MESSAGES | Intents::DIRECT_MESSAGES);
        assert_eq!(Intents::from_name("guild_members").unwrap().privileged(), Intents::GUILD_MEMBERS);
    }

    #[test]
    #[cfg_attr(miri, ignore)] // calls the library
    fn a_packet_that_discord_would_refuse_is_refused() {
        assert!(packet_check(br#"{"op":2,"d":{}}"#).is_err());
        assert!(packet_check(br#"{"op":43,"d":{"guild_id":"1","fields":["status"]}}"#).is_ok());
    }
}
