//! A gateway as a state machine: the shards of one group, and two brokers.
mod config;
mod event;

pub use config::RelayConfig;
pub use event::{Declared, Event, EventType, Kind, Message, OwnedEvent, Side};

use crate::error::{check, explain, Result};
use crate::event::sealed::{HasStream, Pull};
use crate::macros::init;
use crate::text::{text_of, Texts};
use crate::{sys, Broker, Engine, Gap, Session, Shard, Stream, Time};
use std::ptr::NonNull;

pub use sys::spectacles_relay_shard_stats as RelayShardStats;
pub use sys::spectacles_relay_stats as RelayStats;

/// A gateway as a state machine without I/O: the shards of one group, and two brokers. The relay owns them, and pulls
/// their events.
///
/// It is for transports of your own: [`Relay::shard_stream`] and [`Relay::broker_stream`] are the bytes. A
/// [`Gateway`](crate::Gateway) is a relay with links and a poller.
///
/// A relay may be sent to another thread, with all that it owns, and belongs to one thread at a time:
///
/// ```
/// fn is_send<T: Send>() {}
/// is_send::<spectacles::Relay>();
/// ```
///
/// ```compile_fail,E0277
/// fn is_sync<T: Sync>() {}
/// is_sync::<spectacles::Relay>();
/// ```
pub struct Relay {
    raw: NonNull<sys::spectacles_relay>,
    shards: Vec<Shard>,
    brokers: Option<(Broker, Broker)>,
    removed: Option<u32>,
}

// SAFETY: a relay shares its shards and brokers, which it owns, and nothing else.
unsafe impl Send for Relay {}

impl Pull for Relay {
    type Raw = sys::spectacles_relay_event;

    fn pull(&self, now: Time) -> *const Self::Raw {
        // SAFETY: the relay is alive.
        unsafe { sys::spectacles_relay_next_event(self.raw.as_ptr(), now.as_millis()) }
    }
}

impl Engine for Relay {}

impl Relay {
    /// Makes a relay of shards, which were made with [`ShardConfig::commits`](crate::ShardConfig::commits), and of two
    /// brokers: one that publishes, and one that consumes. Without brokers the owner takes the messages.
    pub fn new(config: &RelayConfig, shards: Vec<Shard>, brokers: Option<(Broker, Broker)>) -> Result<Relay> {
        let mut texts = Texts::default();
        let gaps = config.gaps(&mut texts)?;
        let own: Vec<_> = shards.iter().map(Shard::raw).collect();
        let mut settings = config.raw(&mut texts, &gaps)?;
        settings.own_shards = own.as_ptr();
        settings.own_shard_count = own.len();
        if let Some((events, commands)) = &brokers {
            settings.events = events.raw();
            settings.commands = commands.raw();
        }
        let mut raw = std::ptr::null_mut();
        // SAFETY: everything that the configuration points to is alive during the call.
        explain(|problem| unsafe { sys::spectacles_relay_new(&mut raw, &settings, problem) })?;
        Ok(Relay { raw: NonNull::new(raw).expect("a relay was made"), shards, brokers, removed: None })
    }

    fn raw(&self) -> *mut sys::spectacles_relay {
        self.raw.as_ptr()
    }

    /// The next event, and the relay, whose calls may be made while the event is read. Pull until there is none.
    pub fn next_event(&mut self, now: Time) -> Option<(Event<'_>, &Relay)> {
        if let Some(gone) = self.removed.take() {
            self.shards.retain(|each| each.id() != gone);
        }
        let raw = self.pull(now);
        // SAFETY: the event is valid until the next pull, which needs the relay exclusively.
        let event = unsafe { Event::of(raw) }?;
        if event.event_type() == EventType::ShardRemoved {
            self.removed = Some(event.shard_id());
        }
        Some((event, self))
    }

    /// When [`Relay::next_event`] is to be called at the latest.
    pub fn deadline(&self) -> Time {
        // SAFETY: the relay is alive.
        Time::from_millis(unsafe { sys::spectacles_relay_deadline(self.raw()) })
    }

    /// The bytes of a shard, for a transport of your own; `None`: there is no such shard.
    pub fn shard_stream(&mut self, shard_id: u32) -> Option<Stream<'_>> {
        let shard = self.shards.iter().find(|each| each.id() == shard_id)?;
        // SAFETY: the relay, which owns the shard, is borrowed exclusively, and its shards have no links.
        Some(unsafe { Stream::of(shard.stream_handle()) })
    }

    /// The bytes of a broker, for a transport of your own; `None`: the relay has no brokers.
    pub fn broker_stream(&mut self, side: Side) -> Option<Stream<'_>> {
        let (events, commands) = self.brokers.as_ref()?;
        let broker = if side == Side::Events { events } else { commands };
        // SAFETY: as above.
        Some(unsafe { Stream::of(broker.stream_handle()) })
    }

    /// Tells how many identifies are left, as [`GatewayBot`](crate::GatewayBot) has read it.
    pub fn identify_limit(&self, total: u32, remaining: u32, reset_after: u64, now: Time) -> Result<()> {
        let now = now.as_millis();
        // SAFETY: the relay is alive.
        unsafe { self.done(sys::spectacles_relay_identify_limit(self.raw(), total, remaining, reset_after, now)) }
    }

    /// Sets how many shards may identify at a time.
    pub fn set_max_concurrency(&self, max_concurrency: u32) -> Result<()> {
        // SAFETY: the relay is alive.
        unsafe { self.done(sys::spectacles_relay_set_max_concurrency(self.raw(), max_concurrency)) }
    }

    /// The clock of the day was set.
    pub fn set_unix_offset(&self, unix_offset: u64) {
        // SAFETY: the relay is alive.
        unsafe { sys::spectacles_relay_set_unix_offset(self.raw(), unix_offset) }
    }

    /// Adds a shard while the relay runs, with the gaps that were not declared yet.
    pub fn add_shard(&mut self, shard: Shard, gaps: &[Gap]) -> Result<()> {
        let mut texts = Texts::default();
        let gaps = Gap::all(gaps, &mut texts)?;
        // SAFETY: the relay, the shard and the gaps are alive, and the shard stays with the relay.
        explain(|problem| unsafe {
            sys::spectacles_relay_add_shard(self.raw(), shard.raw(), gaps.as_ptr(), gaps.len(), problem)
        })?;
        self.shards.push(shard);
        Ok(())
    }

    /// Takes a shard out in order. While [`Kind::ShardRemoved`] is read, [`Relay::session`] and [`Relay::gaps`] still give
    /// what its next owner needs; then the shard is freed.
    pub fn remove_shard(&self, shard_id: u32, code: u32, now: Time) -> Result<()> {
        // SAFETY: the relay is alive.
        unsafe { self.done(sys::spectacles_relay_remove_shard(self.raw(), shard_id, code, now.as_millis())) }
    }

    /// Lets go of a shard at once.
    pub fn drop_shard(&mut self, shard_id: u32) -> Result<()> {
        // SAFETY: the relay is alive. The shard is freed after the relay has let go of it.
        unsafe { self.done(sys::spectacles_relay_drop_shard(self.raw(), shard_id)) }?;
        self.shards.retain(|each| each.id() != shard_id);
        Ok(())
    }

    /// Grants an identify, when a shard has asked for it.
    pub fn grant_identify(&self, shard_id: u32, now: Time) -> Result<()> {
        // SAFETY: the relay is alive.
        unsafe { self.done(sys::spectacles_relay_grant_identify(self.raw(), shard_id, now.as_millis())) }
    }

    /// Says that the session of a shard is stored.
    pub fn session_stored(&self, shard_id: u32, session_id: &str) -> Result<()> {
        let mut texts = Texts::default();
        let session_id = texts.text("the session id", session_id)?;
        // SAFETY: the relay and the text are alive.
        unsafe { self.done(sys::spectacles_relay_session_stored(self.raw(), shard_id, session_id)) }
    }

    /// The session of a shard; `None`: there is none.
    pub fn session(&self, shard_id: u32) -> Option<Session> {
        self.shards.iter().find(|each| each.id() == shard_id)?.session()
    }

    /// The gaps of a shard that are not declared yet.
    pub fn gaps(&self, shard_id: u32) -> Vec<Gap> {
        // SAFETY: the relay is alive.
        Gap::collect(|index, out| unsafe { sys::spectacles_relay_gap(self.raw(), shard_id, index, out) })
    }

    /// Acknowledges a message: its work is done.
    pub fn acknowledge(&self, ticket: u64) -> Result<()> {
        // SAFETY: the relay is alive.
        unsafe { self.done(sys::spectacles_relay_acknowledge(self.raw(), ticket)) }
    }

    /// Sends a packet to Discord. [`Kind::CommandSent`] or [`Kind::CommandRejected`] with the ticket is the answer.
    pub fn send(&self, shard_id: u32, op: u32, d: &[u8]) -> Result<u64> {
        let mut ticket = 0;
        // SAFETY: the relay is alive, and the slice is as long as is said.
        unsafe {
            self.done(sys::spectacles_relay_send(self.raw(), shard_id, op, d.as_ptr(), d.len(), &mut ticket))?;
        }
        Ok(ticket)
    }

    /// Replaces the allow list.
    pub fn set_allow<T: AsRef<str>>(&self, allow: &[T]) -> Result<()> {
        let mut texts = Texts::default();
        let names = texts.list("the allow list", allow)?;
        // SAFETY: the relay and the names are alive.
        unsafe { self.done(sys::spectacles_relay_set_allow(self.raw(), names, allow.len(), 0)) }
    }

    /// Publishes, or hands out, every event.
    pub fn set_allow_all(&self) -> Result<()> {
        // SAFETY: the relay is alive.
        unsafe { self.done(sys::spectacles_relay_set_allow(self.raw(), std::ptr::null(), 0, 1)) }
    }

    /// Stops in order. Go on until [`Relay::stopped`].
    pub fn stop(&self, code: u32, now: Time) -> Result<()> {
        // SAFETY: the relay is alive.
        unsafe { self.done(sys::spectacles_relay_stop(self.raw(), code, now.as_millis())) }
    }

    /// After [`Relay::stop`]: every shard and both brokers are closed.
    pub fn stopped(&self) -> bool {
        // SAFETY: the relay is alive.
        unsafe { sys::spectacles_relay_stopped(self.raw()) != 0 }
    }

    /// What the relay has counted since it was made.
    pub fn stats(&self) -> RelayStats {
        let mut stats = init!(spectacles_relay_stats, spectacles_relay_stats_init);
        // SAFETY: the relay is alive, and `stats` has its size. The call cannot fail then.
        unsafe { sys::spectacles_relay_get_stats(self.raw(), &mut stats) };
        stats
    }

    /// How much of one shard waits in the relay; `None`: there is no such shard.
    pub fn shard_stats(&self, shard_id: u32) -> Option<RelayShardStats> {
        let mut stats = init!(spectacles_relay_shard_stats, spectacles_relay_shard_stats_init);
        // SAFETY: the relay is alive, and `stats` has its size.
        (unsafe { sys::spectacles_relay_get_shard_stats(self.raw(), shard_id, &mut stats) } == 0).then_some(stats)
    }

    /// How often dispatches of each name were received; "": all names that had no room.
    pub fn event_counts(&self) -> Vec<(String, u64)> {
        // SAFETY: the relay is alive.
        event_counts(|index, name, count| unsafe { sys::spectacles_relay_event_count(self.raw(), index, name, count) })
    }

    /// How often connections of shards have ended with each code.
    pub fn close_counts(&self) -> Vec<(u32, u64)> {
        // SAFETY: the relay is alive.
        close_counts(|index, code, count| unsafe { sys::spectacles_relay_close_count(self.raw(), index, code, count) })
    }

    /// # Safety
    ///
    /// `result` is of a call on this relay, the last one.
    unsafe fn done(&self, result: std::os::raw::c_int) -> Result<()> {
        check(result, || sys::spectacles_relay_last_error(self.raw())).map(drop)
    }

    /// # Safety
    ///
    /// The relay is alive as long as the pointer is used.
    pub(crate) unsafe fn handle(&self) -> *mut sys::spectacles_relay {
        self.raw()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // SAFETY: made by spectacles_relay_new(), and freed once. Its shards and brokers are freed in any order.
        unsafe { sys::spectacles_relay_free(self.raw()) }
    }
}

/// All counts that a call gives by a name.
pub(crate) fn event_counts(
    next: impl Fn(usize, *mut *const std::os::raw::c_char, *mut u64) -> std::os::raw::c_int,
) -> Vec<(String, u64)> {
    let (mut name, mut count, mut counts) = (std::ptr::null(), 0, Vec::new());
    while next(counts.len(), &mut name, &mut count) == 1 {
        // SAFETY: the name is valid as long as the handle.
        counts.push((unsafe { text_of(name) }.unwrap_or("").to_owned(), count));
    }
    counts
}

/// All counts that a call gives by a code.
pub(crate) fn close_counts(next: impl Fn(usize, *mut u32, *mut u64) -> std::os::raw::c_int) -> Vec<(u32, u64)> {
    let (mut code, mut count, mut counts) = (0, 0, Vec::new());
    while next(counts.len(), &mut code, &mut count) == 1 {
        counts.push((code, count));
    }
    counts
}
