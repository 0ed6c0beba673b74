//! How a gateway is made.
use crate::error::Result;
use crate::macros::{flag, init, millis, Plain};
use crate::text::Texts;
use crate::{sys, BrokerConfig, LinkConfig, RelayConfig, ShardConfig, State};
use std::time::Duration;

/// How a gateway is made: the settings of its parts.
#[derive(Clone, Debug)]
pub struct GatewayConfig<'a> {
    raw: Plain<sys::spectacles_gateway_config>,
    shard: ShardConfig,
    shard_ids: Vec<u32>,
    broker: Option<BrokerConfig>,
    relay: RelayConfig,
    link: LinkConfig,
    broker_link: Option<LinkConfig>,
    latency_budget: Duration,
    state: Option<&'a State>,
}

impl<'a> GatewayConfig<'a> {
    /// Settings with their defaults. `shard`: of every shard.
    pub fn new(shard: ShardConfig) -> GatewayConfig<'a> {
        let mut raw = Plain(init!(spectacles_gateway_config, spectacles_gateway_config_init));
        flag(&mut raw.0.flags, sys::SPECTACLES_GATEWAY_RESOLVES, true);
        GatewayConfig {
            raw,
            shard,
            shard_ids: Vec::new(),
            broker: None,
            relay: RelayConfig::new(),
            link: LinkConfig::new(),
            broker_link: None,
            latency_budget: Duration::ZERO,
            state: None,
        }
    }

    /// The shards of this process. Default: all shards of the bot.
    #[must_use]
    pub fn shard_ids(mut self, shard_ids: &[u32]) -> Self {
        self.shard_ids = shard_ids.to_vec();
        self
    }

    /// The RabbitMQ that events are published to. Default: there is none, and the owner takes the messages.
    #[must_use]
    pub fn broker(mut self, broker: BrokerConfig) -> Self {
        self.broker = Some(broker);
        self
    }

    /// What is published, and how. Default: nothing.
    #[must_use]
    pub fn relay(mut self, relay: RelayConfig) -> Self {
        self.relay = relay;
        self
    }

    /// The transports of shards, and of brokers unless they have their own.
    #[must_use]
    pub fn link(mut self, link: LinkConfig) -> Self {
        self.link = link;
        self
    }

    /// The transports of brokers.
    #[must_use]
    pub fn broker_link(mut self, link: LinkConfig) -> Self {
        self.broker_link = Some(link);
        self
    }

    /// What arrives may wait for so long, so that much is read at once. Default: zero.
    #[must_use]
    pub fn latency_budget(mut self, budget: Duration) -> Self {
        self.latency_budget = budget;
        self
    }

    /// The sessions and gaps of a former process.
    #[must_use]
    pub fn state(mut self, state: &'a State) -> Self {
        self.state = Some(state);
        self
    }

    /// The gateway begins without shards: [`Gateway::add_shard`](crate::Gateway::add_shard) adds them.
    #[must_use]
    pub fn without_shards(mut self) -> Self {
        flag(&mut self.raw.0.flags, sys::SPECTACLES_GATEWAY_NO_SHARDS, true);
        self
    }

    /// The gateway moves no bytes: its owner does, by [`Gateway::shard_stream`](crate::Gateway::shard_stream).
    #[must_use]
    pub fn without_links(mut self) -> Self {
        flag(&mut self.raw.0.flags, sys::SPECTACLES_GATEWAY_NO_LINKS, true);
        self.resolves(false)
    }

    /// Whether the gateway looks host names up by itself, on threads of the library. Default: it does.
    #[must_use]
    pub fn resolves(mut self, wanted: bool) -> Self {
        flag(&mut self.raw.0.flags, sys::SPECTACLES_GATEWAY_RESOLVES, wanted);
        self
    }

    pub(crate) fn has_links(&self) -> bool {
        self.raw.0.flags & sys::SPECTACLES_GATEWAY_NO_LINKS == 0
    }

    /// Calls with the settings as C wants them.
    pub(crate) fn with<T>(&self, call: impl FnOnce(&sys::spectacles_gateway_config) -> Result<T>) -> Result<T> {
        let mut texts = Texts::default();
        let (tls, broker_tls) = (self.link.load()?, self.broker_link.as_ref().map_or(Ok(None), LinkConfig::load)?);
        let shard = self.shard.raw(&mut texts)?;
        let shard = shard.shard();
        let gaps = self.relay.gaps(&mut texts)?;
        let relay = self.relay.raw(&mut texts, &gaps)?;
        let broker = self.broker.as_ref().map(|broker| broker.raw(&mut texts)).transpose()?;
        let link = self.link.raw(&mut texts, tls.as_ref())?;
        let broker_link =
            self.broker_link.as_ref().map(|link| link.raw(&mut texts, broker_tls.as_ref())).transpose()?;
        let mut poller = init!(spectacles_poller_config, spectacles_poller_config_init);
        poller.latency_budget = millis(self.latency_budget);
        let mut raw = self.raw.0;
        raw.shard = &shard;
        raw.relay = &relay;
        raw.link = &link;
        raw.poller = &poller;
        raw.broker = pointer(&broker);
        raw.broker_link = pointer(&broker_link);
        raw.state = self.state.map_or(std::ptr::null(), State::raw);
        if !self.shard_ids.is_empty() {
            raw.shard_ids = self.shard_ids.as_ptr();
            raw.shard_id_count = self.shard_ids.len();
        }
        call(&raw)
    }
}

/// NULL for `None`.
fn pointer<T>(of: &Option<T>) -> *const T {
    of.as_ref().map_or(std::ptr::null(), |it| it as *const T)
}
