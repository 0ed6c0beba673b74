//! One connection to Discord's gateway, as a state machine without I/O.
mod config;
mod event;

pub use config::{Compression, ShardConfig};
pub use event::{Dispatch, Event, Kind, ShardState};

use crate::error::{check, explain, Result};
use crate::event::sealed::{HasStream, Pull};
use crate::macros::init;
use crate::text::Texts;
use crate::{sys, Engine, Session, Stream, Streamed, Time};
use std::ptr::NonNull;

pub use sys::spectacles_shard_stats as ShardStats;

/// One connection to Discord's gateway, and the session on it, as a state machine without I/O: it takes bytes, gives
/// bytes, names a deadline and hands out events.
///
/// A [`Connection`](crate::Connection) moves its bytes over TCP and TLS, and a [`Stream`] is for a transport of your own.
/// A whole bot, or a gateway in front of workers, is a [`Gateway`](crate::Gateway).
///
/// ```
/// use spectacles::{shard, Intents, Shard, ShardConfig, Time};
///
/// let mut shard = Shard::new(&ShardConfig::new("a.bot.token", "wss://gateway.discord.gg").intents(Intents::GUILDS))?;
/// let (event, _) = shard.next_event(Time::now()).expect("an event");
/// assert!(matches!(event.kind(), shard::Kind::Connecting { host: "gateway.discord.gg:443" }));
/// # Ok::<(), spectacles::Error>(())
/// ```
///
/// An event borrows from its shard until the next one is pulled:
///
/// ```compile_fail,E0499
/// # use spectacles::{Shard, ShardConfig, Time};
/// # let mut shard = Shard::new(&ShardConfig::new("a.bot.token", "wss://gateway.discord.gg"))?;
/// let first = shard.next_event(Time::now());
/// let second = shard.next_event(Time::now());
/// drop(first);
/// # Ok::<(), spectacles::Error>(())
/// ```
///
/// A shard may be sent to another thread, and belongs to one thread at a time:
///
/// ```
/// fn is_send<T: Send>() {}
/// is_send::<spectacles::Shard>();
/// ```
///
/// ```compile_fail,E0277
/// fn is_sync<T: Sync>() {}
/// is_sync::<spectacles::Shard>();
/// ```
pub struct Shard {
    raw: NonNull<sys::spectacles_shard>,
}

// SAFETY: a shard shares nothing with other handles, and no function of the library depends on the thread. What could
// share a shard (a link, a relay) owns it here.
unsafe impl Send for Shard {}

impl Pull for Shard {
    type Raw = sys::spectacles_shard_event;

    fn pull(&self, now: Time) -> *const Self::Raw {
        // SAFETY: the shard is alive.
        unsafe { sys::spectacles_shard_next_event(self.raw(), now.as_millis()) }
    }
}

impl HasStream for Shard {
    fn stream_handle(&self) -> *mut sys::spectacles_stream {
        // SAFETY: the shard is alive.
        unsafe { sys::spectacles_shard_stream(self.raw()) }
    }

    fn is_over(&self) -> bool {
        matches!(self.state(), ShardState::Closed | ShardState::Fatal)
    }
}

impl Engine for Shard {}
impl Streamed for Shard {}

impl Shard {
    /// Makes a shard. Nothing is connected yet.
    pub fn new(config: &ShardConfig) -> Result<Shard> {
        let mut texts = Texts::default();
        let settings = config.raw(&mut texts)?;
        let mut raw = std::ptr::null_mut();
        // SAFETY: everything that the configuration points to is alive during the call.
        explain(|problem| unsafe { sys::spectacles_shard_new(&mut raw, &settings.shard(), problem) })?;
        Ok(Shard { raw: NonNull::new(raw).expect("a shard was made") })
    }

    pub(crate) fn raw(&self) -> *mut sys::spectacles_shard {
        self.raw.as_ptr()
    }

    /// The next event, and the shard, whose calls may be made while the event is read. Pull until there is none, after
    /// every call on the stream, and after [`Shard::identify`], [`Shard::close`] and [`Shard::reconnect`].
    pub fn next_event(&mut self, now: Time) -> Option<(Event<'_>, &Shard)> {
        let this = &*self;
        // SAFETY: the event is valid until the next pull or bytes for the stream, which need the shard exclusively.
        unsafe { Event::of(this.pull(now)) }.map(|event| (event, this))
    }

    /// The bytes of the shard, for a transport of your own.
    pub fn stream(&mut self) -> Stream<'_> {
        // SAFETY: the shard is borrowed exclusively. A shard that has a link is not borrowed so.
        unsafe { Stream::of(self.stream_handle()) }
    }

    /// Grants the identify that an [`Kind::Identify`] asked for.
    pub fn identify(&self, now: Time) -> Result<()> {
        // SAFETY: the shard is alive.
        unsafe { self.done(sys::spectacles_shard_identify(self.raw(), now.as_millis())) }
    }

    /// Sends `{"op": op, "d": d}`. Exactly one later event names the ticket: [`Kind::Sent`] or [`Kind::Unsent`].
    pub fn send(&self, op: u32, d: &[u8], now: Time) -> Result<u64> {
        let mut ticket = 0;
        // SAFETY: the shard is alive, and the slice is as long as is said.
        let result =
            unsafe { sys::spectacles_shard_send(self.raw(), op, d.as_ptr(), d.len(), now.as_millis(), &mut ticket) };
        // SAFETY: the sentence is valid until the next call on the shard.
        unsafe { self.done(result) }.map(|()| ticket)
    }

    /// Changes the presence: JSON, the d of op 3. It is sent as soon as it can be, and with every identify.
    pub fn set_presence(&self, d: &[u8]) -> Result<()> {
        // SAFETY: the shard is alive, and the slice is as long as is said.
        unsafe { self.done(sys::spectacles_shard_set_presence(self.raw(), d.as_ptr(), d.len())) }
    }

    /// Goes on with another token of the same bot: the next connection logs in with it.
    pub fn set_token(&self, token: &str) -> Result<()> {
        let mut texts = Texts::default();
        let token = texts.text("the token", token)?;
        // SAFETY: the shard and the text are alive.
        unsafe { self.done(sys::spectacles_shard_set_token(self.raw(), token)) }
    }

    /// How many packets could be sent now, and when the rate limit lets the next one through.
    pub fn budget(&self, now: Time) -> (u32, Time) {
        let (mut remaining, mut refill_at) = (0, 0);
        // SAFETY: the shard is alive. The call cannot fail.
        unsafe { sys::spectacles_shard_budget(self.raw(), now.as_millis(), &mut remaining, &mut refill_at) };
        (remaining, Time::from_millis(refill_at))
    }

    /// Says that a dispatch and all before it are safe. With [`ShardConfig::commits`].
    pub fn commit(&self, seq: u64) -> Result<()> {
        // SAFETY: the shard is alive.
        unsafe { self.done(sys::spectacles_shard_commit(self.raw(), seq)) }
    }

    /// Says that the session is stored, up to a sequence. With [`ShardConfig::stored_heartbeats`].
    pub fn stored(&self, session_id: &str, seq: u64) -> Result<()> {
        let mut texts = Texts::default();
        let session_id = texts.text("the session id", session_id)?;
        // SAFETY: the shard and the text are alive.
        unsafe { self.done(sys::spectacles_shard_stored(self.raw(), session_id, seq)) }
    }

    /// The session as it could be resumed now; `None`: there is none.
    pub fn session(&self) -> Option<Session> {
        let mut raw = Session::empty();
        // SAFETY: the shard is alive, and the texts are valid until the next call on it.
        unsafe { (sys::spectacles_shard_session(self.raw(), &mut raw) == 0).then(|| Session::of(&raw)) }
    }

    /// Ends the connection, and with it the shard. [`Kind::Closed`] is the last event. The codes 1000 and 1001 end the
    /// session, 3000 to 4999 keep it for some minutes, and 0 means 4000.
    pub fn close(&self, code: u32, now: Time) -> Result<()> {
        // SAFETY: the shard is alive.
        unsafe { self.done(sys::spectacles_shard_close(self.raw(), code, now.as_millis())) }
    }

    /// Drops this connection, and resumes on a new one.
    pub fn reconnect(&self, now: Time) -> Result<()> {
        // SAFETY: the shard is alive.
        unsafe { self.done(sys::spectacles_shard_reconnect(self.raw(), now.as_millis())) }
    }

    /// Makes no new connection before `until`.
    pub fn hold_off(&self, until: Time) {
        // SAFETY: the shard is alive. The call cannot fail.
        unsafe { sys::spectacles_shard_hold_off(self.raw(), until.as_millis()) };
    }

    /// The addresses or the routes of this machine have changed.
    pub fn network_changed(&self, now: Time) {
        // SAFETY: the shard is alive.
        unsafe { sys::spectacles_shard_network_changed(self.raw(), now.as_millis()) }
    }

    /// The state of the shard.
    pub fn state(&self) -> ShardState {
        // SAFETY: the shard is alive.
        ShardState::of(unsafe { sys::spectacles_shard_state(self.raw()) })
    }

    /// The number of the shard.
    pub fn id(&self) -> u32 {
        // SAFETY: the shard is alive.
        unsafe { sys::spectacles_shard_id(self.raw()) }
    }

    /// The shards of the whole bot.
    pub fn count(&self) -> u32 {
        // SAFETY: the shard is alive.
        unsafe { sys::spectacles_shard_count(self.raw()) }
    }

    /// What the shard has counted since it was made.
    pub fn stats(&self) -> ShardStats {
        let mut stats = init!(spectacles_shard_stats, spectacles_shard_stats_init);
        // SAFETY: the shard is alive, and `stats` has its size. The call cannot fail then.
        unsafe { sys::spectacles_shard_get_stats(self.raw(), &mut stats) };
        stats
    }

    /// # Safety
    ///
    /// `result` is of a call on this shard, the last one.
    unsafe fn done(&self, result: std::os::raw::c_int) -> Result<()> {
        check(result, || sys::spectacles_shard_last_error(self.raw())).map(drop)
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        // SAFETY: made by spectacles_shard_new(), and freed once.
        unsafe { sys::spectacles_shard_free(self.raw()) }
    }
}

impl std::fmt::Debug for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shard {}/{} {}", self.id(), self.count(), self.state())
    }
}

/// The user id of the bot that a token belongs to; `None`: the token does not say.
pub fn token_bot(token: &str) -> Option<u64> {
    let mut texts = Texts::default();
    let token = texts.text("the token", token).ok()?;
    // SAFETY: the text is alive during the call.
    Some(unsafe { sys::spectacles_token_bot(token) }).filter(|id| *id != 0)
}

/// Checks a token as [`Shard::new`] does: for whoever sends it in a header first.
pub fn token_check(token: &str) -> Result<()> {
    let mut texts = Texts::default();
    let token = texts.text("the token", token)?;
    // SAFETY: the text is alive during the call.
    explain(|problem| unsafe { sys::spectacles_token_check(token, problem) }).map(drop)
}
