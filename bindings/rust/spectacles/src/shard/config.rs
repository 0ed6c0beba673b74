//! How a shard is made.
use crate::error::Result;
use crate::event::numbers;
use crate::macros::{flag, init, setters, Plain};
use crate::text::{Hidden, Texts};
use crate::{sys, time, Format, Intents, Session};

numbers! {
    /// How the gateway's messages are compressed.
    Compression (spectacles_compression_name):
    /// Not at all.
    None = SPECTACLES_COMPRESSION_NONE,
    /// One zlib stream for the whole connection.
    ZlibStream = SPECTACLES_COMPRESSION_ZLIB_STREAM,
    /// One zstd stream for the whole connection.
    ZstdStream = SPECTACLES_COMPRESSION_ZSTD_STREAM,
    /// Large payloads alone, each by itself. In JSON only.
    Payload = SPECTACLES_COMPRESSION_PAYLOAD,
}

/// How a shard is made, or all shards of a [`Gateway`](crate::Gateway).
///
/// The token is wiped when the settings are dropped, and is never shown.
#[derive(Clone, Debug)]
pub struct ShardConfig {
    raw: Plain<sys::spectacles_shard_config>,
    token: Hidden,
    gateway_url: String,
    presence: Option<String>,
    user_agent: Option<String>,
    session: Option<Session>,
}

impl ShardConfig {
    /// Settings with their defaults. `token`: without `Bot ` in front. `gateway_url`: `wss://gateway.discord.gg`, or what
    /// [`GatewayBot`](crate::GatewayBot) says.
    pub fn new(token: &str, gateway_url: &str) -> ShardConfig {
        ShardConfig {
            raw: Plain(init!(spectacles_shard_config, spectacles_shard_config_init)),
            token: Hidden(token.to_owned()),
            gateway_url: gateway_url.to_owned(),
            presence: None,
            user_agent: None,
            session: None,
        }
    }

    setters! {
        /// Which shard of the bot it is. Default 0. A gateway numbers its shards by itself.
        shard_id: u32,
        /// The shards of the whole bot. Default 1.
        shard_count: u32,
        /// Default 10.
        gateway_version: u32,
        /// 50 to 250 members. Default 50.
        large_threshold: u32,
        /// For the jitter of waits, and the masks of frames. The same seed gives the same run in a test. Default: random.
        seed: u64,
        /// Bytes of one received message. Default 32 MiB.
        max_message: u64,
        /// Bytes that wait unread before the socket is not read any more. Default 256 KiB.
        high_water: u64,
        /// Bytes of one payload once inflated. Default 64 MiB.
        max_inflated: u64,
        /// Inflated to compressed bytes of a payload above 64 KiB. Default 256.
        max_ratio: u64,
        /// What the client says of itself: Discord's "Gateway Capabilities". Default 0.
        capabilities: u64,
    }

    /// Which events come. Default: those that need no intent.
    #[must_use]
    pub fn intents(mut self, intents: Intents) -> Self {
        self.raw.0.intents = intents.0;
        self
    }

    /// The owner says with [`Shard::commit`](crate::Shard::commit) which dispatches are safe, so that Discord replays the
    /// others after a loss. A gateway always does so.
    #[must_use]
    pub fn commits(mut self, wanted: bool) -> Self {
        flag(&mut self.raw.0.flags, sys::SPECTACLES_SHARD_COMMITS, wanted);
        self
    }

    /// The owner says with which sequence the session is stored, and heartbeats carry no other.
    #[must_use]
    pub fn stored_heartbeats(mut self, wanted: bool) -> Self {
        flag(&mut self.raw.0.flags, sys::SPECTACLES_SHARD_STORED_HEARTBEATS, wanted);
        self
    }

    /// [`Format::Json`] (default) or [`Format::Etf`]: what the gateway is asked for.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.raw.0.format = format.number();
        self
    }

    /// Default: zstd, or zlib in a build without zstd.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.raw.0.compression = compression.number();
        self
    }

    /// Sent with identify: JSON, the d of op 3.
    #[must_use]
    pub fn presence(mut self, presence: &str) -> Self {
        self.presence = Some(presence.to_owned());
        self
    }

    /// Of the HTTP upgrade. Default: the library's own.
    #[must_use]
    pub fn user_agent(mut self, user_agent: &str) -> Self {
        self.user_agent = Some(user_agent.to_owned());
        self
    }

    /// The session to resume.
    #[must_use]
    pub fn session(mut self, session: Session) -> Self {
        self.session = Some(session);
        self
    }

    pub(crate) fn raw(&self, texts: &mut Texts) -> Result<Settings> {
        let mut raw = self.raw.0;
        raw.token = texts.text("the token", &self.token.0)?;
        raw.gateway_url = texts.text("the gateway's URL", &self.gateway_url)?;
        raw.presence = texts.option("the presence", self.presence.as_deref())?;
        raw.user_agent = texts.option("the user agent", self.user_agent.as_deref())?;
        if raw.seed == 0 {
            raw.seed = time::seed();
        }
        let session = self.session.as_ref().map(|session| session.raw(texts)).transpose()?;
        Ok(Settings { raw, session })
    }
}

/// The settings as C wants them.
pub(crate) struct Settings {
    raw: sys::spectacles_shard_config,
    session: Option<sys::spectacles_session>,
}

impl Settings {
    /// Valid as long as the settings and the texts are.
    pub(crate) fn shard(&self) -> sys::spectacles_shard_config {
        let mut raw = self.raw;
        raw.session = self.session.as_ref().map_or(std::ptr::null(), |session| session as *const _);
        raw
    }
}
