//! A whole gateway behind one handle.
mod config;

pub use config::GatewayConfig;
pub use sys::spectacles_gateway_shard_stats as GatewayShardStats;
pub use sys::spectacles_gateway_stats as GatewayStats;

use crate::bot::GatewayBot;
use crate::codec::Bytes;
use crate::error::{check, explain, plain, Result};
use crate::event::sealed::Pull;
use crate::link::{Tls, TlsConfig};
use crate::macros::{init, millis};
use crate::relay::{close_counts, event_counts, Event, Side};
use crate::text::{text_of, Texts};
use crate::{sys, BrokerStats, Engine, Gap, Session, ShardStats, State, Stream, Time};
use std::os::unix::io::BorrowedFd;
use std::ptr::NonNull;
use std::time::Duration;

/// A whole gateway behind one handle: shards, the relay, two brokers, and all that moves their bytes.
///
/// Without brokers ([`GatewayConfig::broker`]) it hands its owner what it would publish, as
/// [`relay::Kind::Message`](crate::relay::Kind::Message), and the owner acknowledges each one when its work is done. What
/// was not acknowledged comes again.
///
/// ```no_run
/// use spectacles::{relay, Gateway, GatewayConfig, Intents, RelayConfig, ShardConfig};
///
/// let shard = ShardConfig::new("a.bot.token", "wss://gateway.discord.gg").intents(Intents::GUILD_MESSAGES);
/// let relay = RelayConfig::new().allow(["MESSAGE_CREATE"]);
/// let mut gateway = Gateway::new(&GatewayConfig::new(shard).relay(relay))?;
/// while let Some((event, gateway)) = gateway.next()? {
///     match event.kind() {
///         relay::Kind::Message(message) => {
///             println!("{} {}", message.name, String::from_utf8_lossy(message.body));
///             gateway.acknowledge(message.ticket)?; // the work is done
///         }
///         relay::Kind::ShardFatal { .. } => gateway.stop(0)?,
///         _ => eprintln!("{event}"),
///     }
/// }
/// # Ok::<(), spectacles::Error>(())
/// ```
///
/// A gateway may be sent to another thread, and belongs to one thread at a time:
///
/// ```
/// fn is_send<T: Send>() {}
/// is_send::<spectacles::Gateway>();
/// ```
///
/// ```compile_fail,E0277
/// fn is_sync<T: Sync>() {}
/// is_sync::<spectacles::Gateway>();
/// ```
pub struct Gateway {
    raw: NonNull<sys::spectacles_gateway>,
    has_links: bool,
}

// SAFETY: a gateway owns its parts, and shares nothing with other handles: its TLS is loaded for it alone.
unsafe impl Send for Gateway {}

impl Pull for Gateway {
    type Raw = sys::spectacles_relay_event;

    fn pull(&self, now: Time) -> *const Self::Raw {
        // SAFETY: the gateway is alive.
        unsafe { sys::spectacles_gateway_next_event(self.raw(), now.as_millis()) }
    }
}

impl Engine for Gateway {}

impl Gateway {
    /// Makes a gateway. Nothing is connected before it is processed. Blocks for as long as it takes to read certificates.
    pub fn new(config: &GatewayConfig) -> Result<Gateway> {
        let raw = config.with(|settings| {
            let mut raw = std::ptr::null_mut();
            // SAFETY: everything that the configuration points to is alive during the call.
            explain(|problem| unsafe { sys::spectacles_gateway_new(&mut raw, settings, problem) })?;
            Ok(raw)
        })?;
        Ok(Gateway { raw: NonNull::new(raw).expect("a gateway was made"), has_links: config.has_links() })
    }

    fn raw(&self) -> *mut sys::spectacles_gateway {
        self.raw.as_ptr()
    }

    // ---- The loop ----

    /// The descriptor that stands for everything: readable when [`Gateway::process`] has something to do. It may be
    /// watched edge-triggered. `None`: there is none.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        // SAFETY: the gateway is alive, and its descriptor never changes.
        unsafe {
            let fd = sys::spectacles_gateway_fd(self.raw());
            (fd >= 0).then(|| BorrowedFd::borrow_raw(fd))
        }
    }

    /// When [`Gateway::process`] and [`Gateway::next_event`] are to be called at the latest.
    pub fn deadline(&self) -> Time {
        // SAFETY: the gateway is alive.
        Time::from_millis(unsafe { sys::spectacles_gateway_deadline(self.raw()) })
    }

    /// Waits until there is something to do, or `until`; at most five seconds.
    pub fn wait(&self, until: Time) -> Result<()> {
        // SAFETY: the gateway is alive.
        unsafe { self.done(sys::spectacles_gateway_wait(self.raw(), until.as_millis(), Time::now().as_millis())) }
    }

    /// Moves bytes. Pull the events after it.
    pub fn process(&self, now: Time) -> Result<()> {
        // SAFETY: the gateway is alive. Events stay valid.
        unsafe { self.done(sys::spectacles_gateway_process(self.raw(), now.as_millis())) }
    }

    /// The next event, and the gateway, whose calls may be made while the event is read. Before it returns `None`, it
    /// writes what the events of this turn have led to. Pull until there is none.
    pub fn next_event(&mut self, now: Time) -> Option<(Event<'_>, &Gateway)> {
        let this = &*self;
        // SAFETY: the event is valid until the next pull, which needs the gateway exclusively.
        unsafe { Event::of(Pull::pull(this, now)) }.map(|event| (event, this))
    }

    /// Waits for the next event. `None`: the gateway has stopped. Blocks.
    #[allow(clippy::should_implement_trait)] // an event is borrowed, which no iterator could do
    pub fn next(&mut self) -> Result<Option<(Event<'_>, &Gateway)>> {
        let this = &*self;
        let raw = loop {
            let raw = this.pull(Time::now());
            if !raw.is_null() || this.stopped() {
                break raw;
            }
            this.wait(Time::NEVER)?;
            this.process(Time::now())?;
        };
        // SAFETY: the event is valid until the next pull, which needs the gateway exclusively.
        Ok(unsafe { Event::of(raw) }.map(|event| (event, this)))
    }

    /// A host name that needs addresses, when the gateway was made with
    /// [`GatewayConfig::resolves`]`(false)`.
    pub fn wants_address(&self, index: usize) -> Option<String> {
        // SAFETY: the gateway is alive, and the name is valid until the next call on it.
        unsafe { text_of(sys::spectacles_gateway_wants_address(self.raw(), index)) }.map(str::to_owned)
    }

    /// Answers [`Gateway::wants_address`]: numeric addresses with spaces between them.
    pub fn set_address(&self, host: &str, addresses: &str) -> Result<()> {
        let mut texts = Texts::default();
        let host = texts.text("the host", host)?;
        // SAFETY: the gateway and the name are alive, and the slice is as long as is said.
        unsafe {
            self.done(sys::spectacles_gateway_set_address(self.raw(), host, addresses.as_ptr().cast(), addresses.len()))
        }
    }

    /// Answers [`Gateway::wants_address`] when the name has no address.
    pub fn set_no_address(&self, host: &str, why: &str) -> Result<()> {
        let mut texts = Texts::default();
        let host = texts.text("the host", host)?;
        // SAFETY: as above.
        unsafe { sys::spectacles_gateway_set_no_address(self.raw(), host, why.as_ptr().cast(), why.len()) };
        Ok(())
    }

    /// The addresses or the routes of this machine have changed.
    pub fn network_changed(&self) {
        // SAFETY: the gateway is alive.
        unsafe { sys::spectacles_gateway_network_changed(self.raw(), Time::now().as_millis()) }
    }

    /// How many descriptors the gateway is going to open: for [`raise_descriptors`](crate::raise_descriptors).
    pub fn descriptors(&self) -> usize {
        // SAFETY: the gateway is alive.
        unsafe { sys::spectacles_gateway_descriptors(self.raw()) }
    }

    // ---- Messages and packets ----

    /// Acknowledges a message of a gateway without brokers: its work is done. Each message once, in any order.
    pub fn acknowledge(&self, ticket: u64) -> Result<()> {
        // SAFETY: the gateway is alive.
        unsafe { self.done(sys::spectacles_gateway_acknowledge(self.raw(), ticket)) }
    }

    /// Sends a packet to Discord, within the rate limit. [`route_shard`](crate::route_shard) says which shard a guild has.
    /// One event with the ticket is the answer.
    pub fn send(&self, shard_id: u32, op: u32, d: &[u8]) -> Result<u64> {
        let mut ticket = 0;
        // SAFETY: the gateway is alive, and the slice is as long as is said.
        unsafe {
            self.done(sys::spectacles_gateway_send(self.raw(), shard_id, op, d.as_ptr(), d.len(), &mut ticket))?;
        }
        Ok(ticket)
    }

    // ---- Settings that change ----

    /// Goes on with another token of the same bot: the next connections log in with it.
    pub fn set_token(&self, token: &str) -> Result<()> {
        let mut texts = Texts::default();
        let token = texts.text("the token", token)?;
        // SAFETY: the gateway and the text are alive.
        unsafe { self.done(sys::spectacles_gateway_set_token(self.raw(), token)) }
    }

    /// Loads other certificates for the connections of shards. Blocks for as long as it takes to read them.
    pub fn set_tls(&self, tls: &TlsConfig) -> Result<()> {
        let tls = Tls::new(tls)?;
        // SAFETY: both are alive, and the gateway keeps what it is given.
        unsafe { self.done(sys::spectacles_gateway_set_tls(self.raw(), tls.raw())) }
    }

    /// The same for the connections of brokers.
    pub fn set_broker_tls(&self, tls: &TlsConfig) -> Result<()> {
        let tls = Tls::new(tls)?;
        // SAFETY: as above.
        unsafe { self.done(sys::spectacles_gateway_set_broker_tls(self.raw(), tls.raw())) }
    }

    /// Replaces the URLs of both brokers.
    pub fn set_broker_urls<T: AsRef<str>>(&self, urls: &[T]) -> Result<()> {
        let mut texts = Texts::default();
        let list = texts.list("a URL of the broker", urls)?;
        let now = Time::now().as_millis();
        // SAFETY: the gateway and the texts are alive.
        unsafe { self.done(sys::spectacles_gateway_set_broker_urls(self.raw(), list, urls.len(), now)) }
    }

    /// Changes the presence of all shards: JSON, the d of op 3.
    pub fn set_presence(&self, d: &[u8]) -> Result<()> {
        // SAFETY: the gateway is alive, and the slice is as long as is said.
        unsafe { self.done(sys::spectacles_gateway_set_presence(self.raw(), d.as_ptr(), d.len())) }
    }

    /// Changes the presence of one shard.
    pub fn set_shard_presence(&self, shard_id: u32, d: &[u8]) -> Result<()> {
        // SAFETY: as above.
        unsafe { self.done(sys::spectacles_gateway_set_shard_presence(self.raw(), shard_id, d.as_ptr(), d.len())) }
    }

    /// Replaces the allow list.
    pub fn set_allow<T: AsRef<str>>(&self, allow: &[T]) -> Result<()> {
        let mut texts = Texts::default();
        let names = texts.list("the allow list", allow)?;
        // SAFETY: the gateway and the names are alive.
        unsafe { self.done(sys::spectacles_gateway_set_allow(self.raw(), names, allow.len(), 0)) }
    }

    /// Publishes, or hands out, every event.
    pub fn set_allow_all(&self) -> Result<()> {
        // SAFETY: the gateway is alive.
        unsafe { self.done(sys::spectacles_gateway_set_allow(self.raw(), std::ptr::null(), 0, 1)) }
    }

    /// Changes for how long what arrives may wait, so that much is read at once.
    pub fn set_latency_budget(&self, budget: Duration) -> Result<()> {
        // SAFETY: the gateway is alive.
        unsafe { self.done(sys::spectacles_gateway_set_latency_budget(self.raw(), millis(budget))) }
    }

    /// Takes a fresh answer of GET /gateway/bot: how many identifies are left, and how many may go out at a time.
    pub fn set_limits(&self, answer: &GatewayBot) -> Result<()> {
        // SAFETY: the gateway is alive.
        unsafe { self.done(sys::spectacles_gateway_set_limits(self.raw(), answer.raw(), Time::now().as_millis())) }
    }

    /// Grants an identify, when a shard has asked for it.
    pub fn grant_identify(&self, shard_id: u32) -> Result<()> {
        // SAFETY: the gateway is alive.
        unsafe { self.done(sys::spectacles_gateway_grant_identify(self.raw(), shard_id, Time::now().as_millis())) }
    }

    // ---- Shards that come and go ----

    /// Adds a shard while the gateway runs, with the session and the gaps that a former process had.
    pub fn add_shard(&self, shard_id: u32, session: Option<&Session>, gaps: &[Gap]) -> Result<()> {
        let mut texts = Texts::default();
        let gaps = Gap::all(gaps, &mut texts)?;
        let session = session.map(|session| session.raw(&mut texts)).transpose()?;
        let session = session.as_ref().map_or(std::ptr::null(), |session| session as *const _);
        // SAFETY: the gateway and everything that is pointed to are alive.
        explain(|problem| unsafe {
            sys::spectacles_gateway_add_shard(self.raw(), shard_id, session, gaps.as_ptr(), gaps.len(), problem)
        })
        .map(drop)
    }

    /// Adds a shard with what a state has of it.
    pub fn add_stored_shard(&self, shard_id: u32, state: &State) -> Result<()> {
        // SAFETY: the gateway and the state are alive.
        explain(|problem| unsafe {
            sys::spectacles_gateway_add_stored_shard(self.raw(), shard_id, state.raw(), problem)
        })
        .map(drop)
    }

    /// Takes a shard out in order: while the event SHARD_REMOVED is read, [`Gateway::session`] and [`Gateway::gaps`] give
    /// what its next owner needs.
    pub fn remove_shard(&self, shard_id: u32, code: u32) -> Result<()> {
        // SAFETY: the gateway is alive.
        unsafe { self.done(sys::spectacles_gateway_remove_shard(self.raw(), shard_id, code, Time::now().as_millis())) }
    }

    /// Lets go of a shard at once, without a word to Discord.
    pub fn drop_shard(&self, shard_id: u32) -> Result<()> {
        // SAFETY: the gateway is alive. Events stay valid.
        unsafe { self.done(sys::spectacles_gateway_drop_shard(self.raw(), shard_id)) }
    }

    // ---- State ----

    /// Takes the present sessions and gaps. `true`: something has changed, so store [`Gateway::write_state`].
    pub fn take_state(&self, unix_time: u64) -> Result<bool> {
        // SAFETY: the gateway is alive.
        plain(unsafe { sys::spectacles_gateway_take_state(self.raw(), unix_time) }).map(|changed| changed != 0)
    }

    /// What was taken last, as bytes.
    pub fn write_state(&self) -> Result<Vec<u8>> {
        // SAFETY: the gateway and the output are alive.
        Bytes::written(|out| plain(unsafe { sys::spectacles_gateway_write_state(self.raw(), out) }))
    }

    /// A shard that was taken anew, for owners who store each shard by itself. Ask until there is none.
    pub fn next_changed(&self) -> Option<u32> {
        let mut shard_id = 0;
        // SAFETY: the gateway is alive.
        (unsafe { sys::spectacles_gateway_next_changed(self.raw(), &mut shard_id) } == 1).then_some(shard_id)
    }

    /// What was taken last of some shards, as bytes.
    pub fn write_shards(&self, shard_ids: &[u32]) -> Result<Vec<u8>> {
        Bytes::written(|out| {
            // SAFETY: the handle and the output are alive, and the slice is as long as is said.
            plain(unsafe { sys::spectacles_gateway_write_shards(self.raw(), shard_ids.as_ptr(), shard_ids.len(), out) })
        })
    }

    /// Says that the session of a shard is stored, up to a sequence.
    pub fn session_stored(&self, shard_id: u32, session_id: &str, seq: u64) -> Result<()> {
        let mut texts = Texts::default();
        let session_id = texts.text("the session id", session_id)?;
        // SAFETY: the gateway and the text are alive.
        unsafe { self.done(sys::spectacles_gateway_session_stored(self.raw(), shard_id, session_id, seq)) }
    }

    /// Says that what [`Gateway::write_state`] gave last is stored.
    pub fn state_stored(&self) {
        // SAFETY: the gateway is alive.
        unsafe { sys::spectacles_gateway_state_stored(self.raw()) }
    }

    /// The session of a shard; `None`: there is none.
    pub fn session(&self, shard_id: u32) -> Option<Session> {
        let mut raw = Session::empty();
        // SAFETY: the gateway is alive, and the texts are valid until the next event is pulled.
        unsafe { (sys::spectacles_gateway_session(self.raw(), shard_id, &mut raw) == 0).then(|| Session::of(&raw)) }
    }

    /// The gaps of a shard that are not declared yet.
    pub fn gaps(&self, shard_id: u32) -> Vec<Gap> {
        // SAFETY: the gateway is alive.
        Gap::collect(|index, out| unsafe { sys::spectacles_gateway_gap(self.raw(), shard_id, index, out) })
    }

    // ---- Stopping ----

    /// Stops in order. Go on until there are no more events. The codes 1000 and 1001 end the sessions, and 0 keeps them.
    pub fn stop(&self, code: u32) -> Result<()> {
        // SAFETY: the gateway is alive.
        unsafe { self.done(sys::spectacles_gateway_stop(self.raw(), code, Time::now().as_millis())) }
    }

    /// After [`Gateway::stop`]: everything is closed.
    pub fn stopped(&self) -> bool {
        // SAFETY: the gateway is alive.
        unsafe { sys::spectacles_gateway_stopped(self.raw()) != 0 }
    }

    // ---- Counters and parts ----

    /// What the gateway has counted since it was made.
    pub fn stats(&self) -> GatewayStats {
        let mut stats = init!(spectacles_gateway_stats, spectacles_gateway_stats_init);
        // SAFETY: the gateway is alive, and `stats` has its size. The call cannot fail then.
        unsafe { sys::spectacles_gateway_get_stats(self.raw(), &mut stats) };
        stats
    }

    /// What is counted of one shard; `None`: there is no such shard.
    pub fn shard_stats(&self, shard_id: u32) -> Option<GatewayShardStats> {
        let mut stats = init!(spectacles_gateway_shard_stats, spectacles_gateway_shard_stats_init);
        // SAFETY: the gateway is alive, and `stats` has its size.
        (unsafe { sys::spectacles_gateway_get_shard_stats(self.raw(), shard_id, &mut stats) } == 0).then_some(stats)
    }

    /// How often dispatches of each name were received; "": all names that had no room.
    pub fn event_counts(&self) -> Vec<(String, u64)> {
        // SAFETY: the gateway is alive.
        event_counts(|index, name, count| unsafe {
            sys::spectacles_gateway_event_count(self.raw(), index, name, count)
        })
    }

    /// How often connections of shards have ended with each code.
    pub fn close_counts(&self) -> Vec<(u32, u64)> {
        // SAFETY: the gateway is alive.
        close_counts(|index, code, count| unsafe {
            sys::spectacles_gateway_close_count(self.raw(), index, code, count)
        })
    }

    /// The ids of the shards that are served.
    pub fn shard_ids(&self) -> Vec<u32> {
        let mut count = 0;
        // SAFETY: the gateway is alive, and the array is valid until a shard is added or removed.
        unsafe {
            let shards = sys::spectacles_gateway_shards(self.raw(), &mut count);
            (0..count).map(|index| sys::spectacles_shard_id(*shards.add(index))).collect()
        }
    }

    /// What one shard has counted, by op too; `None`: there is no such shard.
    pub fn op_stats(&self, shard_id: u32) -> Option<ShardStats> {
        let mut stats = init!(spectacles_shard_stats, spectacles_shard_stats_init);
        // SAFETY: the gateway and its shard are alive, and `stats` has its size.
        unsafe {
            let shard = NonNull::new(sys::spectacles_gateway_shard(self.raw(), shard_id))?;
            (sys::spectacles_shard_get_stats(shard.as_ptr(), &mut stats) == 0).then_some(stats)
        }
    }

    /// What one broker has counted; `None`: the gateway has no brokers.
    pub fn broker_stats(&self, side: Side) -> Option<BrokerStats> {
        let mut stats = init!(spectacles_broker_stats, spectacles_broker_stats_init);
        // SAFETY: as above.
        unsafe {
            let broker = NonNull::new(sys::spectacles_gateway_broker(self.raw(), side.number()))?;
            (sys::spectacles_broker_get_stats(broker.as_ptr(), &mut stats) == 0).then_some(stats)
        }
    }

    /// The bytes of a shard, for a transport of your own: when the gateway was made without links.
    pub fn shard_stream(&mut self, shard_id: u32) -> Option<Stream<'_>> {
        // SAFETY: the gateway is alive, is borrowed exclusively, and has no links.
        unsafe {
            let shard = NonNull::new(sys::spectacles_gateway_shard(self.raw(), shard_id))?;
            (!self.has_links).then(|| Stream::of(sys::spectacles_shard_stream(shard.as_ptr())))
        }
    }

    /// The bytes of a broker, for a transport of your own: when the gateway was made without links.
    pub fn broker_stream(&mut self, side: Side) -> Option<Stream<'_>> {
        // SAFETY: as above.
        unsafe {
            let broker = NonNull::new(sys::spectacles_gateway_broker(self.raw(), side.number()))?;
            (!self.has_links).then(|| Stream::of(sys::spectacles_broker_stream(broker.as_ptr())))
        }
    }

    /// # Safety
    ///
    /// `result` is of a call on this gateway, the last one.
    unsafe fn done(&self, result: std::os::raw::c_int) -> Result<()> {
        check(result, || sys::spectacles_gateway_last_error(self.raw())).map(drop)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // SAFETY: made by spectacles_gateway_new(), and freed once.
        unsafe { sys::spectacles_gateway_free(self.raw()) }
    }
}
