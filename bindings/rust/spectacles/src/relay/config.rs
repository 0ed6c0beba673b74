//! How a relay is made.
use crate::error::Result;
use crate::macros::{flag, init, millis, setters, Plain};
use crate::text::Texts;
use crate::{sys, Format, Gap};
use std::time::Duration;

/// How a relay is made, or the relay of a [`Gateway`](crate::Gateway).
#[derive(Clone, Debug)]
pub struct RelayConfig {
    raw: Plain<sys::spectacles_relay_config>,
    allow: Vec<String>,
    more_ops: Vec<u32>,
    gaps: Vec<Gap>,
}

impl RelayConfig {
    /// Settings with their defaults: nothing is published.
    pub fn new() -> RelayConfig {
        let raw = Plain(init!(spectacles_relay_config, spectacles_relay_config_init));
        RelayConfig { raw, allow: Vec::new(), more_ops: Vec::new(), gaps: Vec::new() }
    }

    setters! {
        /// Shards of the whole bot. A gateway sets it by itself.
        shard_count: u32,
        /// How many shards may identify in 5 seconds. Default 1.
        max_concurrency: u32,
        /// Packets of one shard that may be unacknowledged. Default 16.
        command_prefetch: u32,
        /// SENDs that may be unacknowledged. Default 2000.
        send_prefetch: u32,
        /// [`unix_time`](crate::unix_time()) minus [`Time::now`](crate::Time::now), for the times of gaps.
        unix_offset: u64,
        /// Without brokers: messages that may wait to be acknowledged. Default 2000.
        window_count: u32,
        /// Without brokers: bytes that may wait to be acknowledged. Default 1 MiB.
        window_bytes: u64,
    }

    /// The names of the events that are published, or handed out, besides those that were allowed before.
    #[must_use]
    pub fn allow<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.allow.extend(names.into_iter().map(Into::into));
        self
    }

    /// Every event is published, or handed out.
    #[must_use]
    pub fn allow_all(mut self) -> Self {
        self.raw.0.allow_all = 1;
        self
    }

    /// Ops that workers may send besides 3, 4, 8, 31 and 43.
    #[must_use]
    pub fn more_ops(mut self, ops: &[u32]) -> Self {
        self.more_ops.extend_from_slice(ops);
        self
    }

    /// Gaps that a former process could not declare any more. A gateway takes them from its state.
    #[must_use]
    pub fn undeclared(mut self, gaps: Vec<Gap>) -> Self {
        self.gaps = gaps;
        self
    }

    /// Without brokers: the format of the bodies. Default: JSON.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.raw.0.format = format.number();
        self
    }

    /// The owner grants identifies, because several processes share those of a bot.
    #[must_use]
    pub fn granted_identifies(mut self, wanted: bool) -> Self {
        flag(&mut self.raw.0.flags, sys::SPECTACLES_RELAY_GRANTED_IDENTIFIES, wanted);
        self
    }

    /// Nothing of a new session is published before the owner says that it is stored.
    #[must_use]
    pub fn holds_new_sessions(mut self, wanted: bool) -> Self {
        flag(&mut self.raw.0.flags, sys::SPECTACLES_RELAY_HOLDS_NEW_SESSIONS, wanted);
        self
    }

    /// No identify is granted before the brokers have been ready.
    #[must_use]
    pub fn brokers_first(mut self, wanted: bool) -> Self {
        flag(&mut self.raw.0.flags, sys::SPECTACLES_RELAY_BROKERS_FIRST, wanted);
        self
    }

    /// Between two identifies of a bucket. Default: 5 s.
    #[must_use]
    pub fn identify_interval(mut self, interval: Duration) -> Self {
        self.raw.0.identify_interval = millis(interval);
        self
    }

    /// An event that no queue takes is not published for so long. Default: zero, the allow list says what is published.
    #[must_use]
    pub fn unroutable_hold(mut self, hold: Duration) -> Self {
        self.raw.0.unroutable_hold = millis(hold);
        self
    }

    /// Without brokers: for how long a stop waits for acknowledgements. Default: 5 s.
    #[must_use]
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.raw.0.drain_timeout = millis(timeout);
        self
    }

    /// For how long the packet of a SEND waits in the queue of a shard that is not served here. Default: for ever.
    #[must_use]
    pub fn command_timeout(mut self, timeout: Duration) -> Self {
        self.raw.0.command_timeout = millis(timeout);
        self
    }

    pub(crate) fn gaps(&self, texts: &mut Texts) -> Result<Vec<sys::spectacles_gap>> {
        Gap::all(&self.gaps, texts)
    }

    /// Valid as long as the configuration, the texts and the gaps are.
    pub(crate) fn raw(&self, texts: &mut Texts, gaps: &[sys::spectacles_gap]) -> Result<sys::spectacles_relay_config> {
        let mut raw = self.raw.0;
        raw.allow = texts.list("the allow list", &self.allow)?;
        raw.allow_count = self.allow.len();
        if !self.more_ops.is_empty() {
            raw.more_ops = self.more_ops.as_ptr();
            raw.more_op_count = self.more_ops.len();
        }
        if !gaps.is_empty() {
            raw.gaps = gaps.as_ptr();
            raw.gap_count = gaps.len();
        }
        Ok(raw)
    }
}

impl Default for RelayConfig {
    fn default() -> RelayConfig {
        RelayConfig::new()
    }
}
