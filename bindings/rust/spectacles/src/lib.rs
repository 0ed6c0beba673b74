//! Discord gateway shards and the Spectacles protocol over AMQP: a safe interface to libspectacles.
//!
//! | type | what it is |
//! |---|---|
//! | [`Gateway`] | a whole gateway: shards, and RabbitMQ behind them or the bot in the same process |
//! | [`Connection<Broker>`](Connection) | a worker: it consumes, publishes and calls |
//! | [`Connection<Shard>`](Connection) | one connection to Discord |
//! | [`Async`] | a gateway or a connection that tokio drives (feature `tokio`) |
//! | [`Shard`], [`Broker`], [`Relay`], [`Stream`], [`Link`], [`Poller`] | the parts, for transports and loops of your own |
//! | [`Copies`] | what a worker has worked on, so that it leaves copies out |
//! | [`State`] | what has to be stored to resume elsewhere |
//!
//! **Events** are pulled, and borrow from the handle that gave them. Each comes with a reference to its handle, whose calls
//! may be made while the event is read: `while let Some((event, gateway)) = gateway.next()?`. [`Event::to_owned`] copies
//! one.
//!
//! **Errors** are [`Error`]: one sentence that says what is wrong and what to do.
//!
//! **Threads**: a handle may be sent to another thread, and belongs to one thread at a time. An event stays where it is.
//!
//! The library's headers say what each call does in full (`man spectacles_gateway_new`).
#![warn(missing_docs)]

pub use spectacles_sys as sys;

#[cfg(feature = "tokio")]
mod aio;
mod bot;
pub mod broker;
mod codec;
mod copies;
mod error;
mod event;
mod gateway;
mod link;
mod macros;
mod poller;
mod presence;
pub mod relay;
mod resolver;
mod session;
pub mod shard;
mod state;
mod stream;
mod text;
mod time;

#[cfg(feature = "tokio")]
pub use aio::{Async, Driven};
pub use bot::{GatewayBot, Verdict};
pub use broker::{Broker, BrokerConfig, BrokerStats, Message, Subscription};
pub use codec::{gap_key, json_check, packet_check, route_shard, send_body, send_key, transcode, Format, Intents};
pub use copies::{Copies, Mark};
pub use error::{Error, ErrorKind, Result};
pub use event::{Engine, Event, Loss, OwnedEvent, Streamed};
pub use gateway::{Gateway, GatewayConfig, GatewayShardStats, GatewayStats};
pub use link::{proxy_describe, Io, Link, LinkConfig, TlsConfig};
pub use poller::{Connection, Key, Poller};
pub use presence::{MembersRequest, Presence};
pub use relay::{Relay, RelayConfig};
pub use resolver::{Answer, Resolver};
pub use session::{Gap, Session};
pub use shard::{token_bot, token_check, Compression, Shard, ShardConfig, ShardStats};
pub use state::State;
pub use stream::{Endpoint, Stream};
pub use text::printable;
pub use time::{unix_time, Time};

/// The version of the library that is linked: major, minor, patch.
pub fn version() -> (u8, u8, u8) {
    // SAFETY: has no conditions.
    let number = unsafe { sys::spectacles_version() };
    ((number >> 16) as u8, (number >> 8) as u8, number as u8)
}

/// The TLS library that the library was built with.
pub fn tls_library() -> &'static str {
    // SAFETY: the text is static.
    unsafe { text::text_of(sys::spectacles_tls_library()) }.unwrap_or("")
}

/// Whether this build of the library has a feature: `tls`, `json`, `etf`, `msgpack`, `zlib-stream`, `zstd-stream`.
pub fn feature_supported(name: &str) -> bool {
    let mut texts = text::Texts::default();
    // SAFETY: the text is alive during the call.
    texts.text("the name", name).map_or(false, |name| unsafe { sys::spectacles_feature_supported(name) != 0 })
}

/// Raises the limit of this process on open files, for a gateway with many shards.
pub fn raise_descriptors(needed: usize) -> Result<()> {
    // SAFETY: has no conditions.
    error::explain(|problem| unsafe { sys::spectacles_raise_descriptors(needed, problem) }).map(drop)
}
