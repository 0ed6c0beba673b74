//! Sessions and gaps as bytes, so that nothing is lost when a process ends.
use crate::codec::Bytes;
use crate::error::{explain, plain, Result};
use crate::macros::init;
use crate::text::{text_of, Texts};
use crate::{sys, Gap, Intents, Relay, Session};
use std::fmt;
use std::ptr::NonNull;

/// What has to outlive a process so that nothing is lost: the sessions and the gaps of a bot's shards, as bytes. Where the
/// bytes are kept is the owner's business.
///
/// ```
/// use spectacles::{Intents, State};
///
/// let state = State::new("a.bot.token", 2, Intents::GUILDS)?;
/// let bytes = state.write()?;
/// assert_eq!(State::open(&bytes)?.shard_count(), 2);
///
/// let other = State::new("another.bot.token", 2, Intents::GUILDS)?;
/// assert_eq!(other.read(&bytes, 0).unwrap_err().kind(), spectacles::ErrorKind::Auth);
/// # Ok::<(), spectacles::Error>(())
/// ```
pub struct State {
    raw: NonNull<sys::spectacles_state>,
}

// SAFETY: a state refers to no other handle.
unsafe impl Send for State {}

impl State {
    /// Makes a state without records. Only a hash of the token is kept.
    pub fn new(token: &str, shard_count: u32, intents: Intents) -> Result<State> {
        State::written_by(token, shard_count, intents, None)
    }

    /// The same, with who writes the bytes: a host and a process, for example.
    pub fn written_by(token: &str, shard_count: u32, intents: Intents, writer: Option<&str>) -> Result<State> {
        let mut texts = Texts::default();
        let mut config = init!(spectacles_state_config, spectacles_state_config_init);
        config.shard_count = shard_count;
        config.intents = intents.0;
        config.token = texts.text("the token", token)?;
        config.writer = texts.option("the writer", writer)?;
        let mut raw = std::ptr::null_mut();
        // SAFETY: everything that the configuration points to is alive during the call.
        explain(|problem| unsafe { sys::spectacles_state_new(&mut raw, &config, problem) })?;
        Ok(State { raw: NonNull::new(raw).expect("a state was made") })
    }

    /// Makes a state from stored bytes alone.
    pub fn open(bytes: &[u8]) -> Result<State> {
        let mut raw = std::ptr::null_mut();
        // SAFETY: the slice is as long as is said.
        explain(|problem| unsafe {
            sys::spectacles_state_open(&mut raw, bytes.as_ptr(), bytes.len(), std::ptr::null(), problem)
        })?;
        Ok(State { raw: NonNull::new(raw).expect("a state was made") })
    }

    pub(crate) fn raw(&self) -> *const sys::spectacles_state {
        self.raw.as_ptr()
    }

    fn handle(&self) -> *mut sys::spectacles_state {
        self.raw.as_ptr()
    }

    /// Goes on with another token of the same bot.
    pub fn set_token(&self, token: &str) -> Result<()> {
        let mut texts = Texts::default();
        let token = texts.text("the token", token)?;
        // SAFETY: the state and the text are alive.
        explain(|problem| unsafe { sys::spectacles_state_set_token(self.handle(), token, problem) }).map(drop)
    }

    /// Replaces the records by stored ones. After an error that is not about memory, what was stored counts as lost.
    pub fn read(&self, bytes: &[u8], unix_time: u64) -> Result<()> {
        // SAFETY: the state is alive, and the slice is as long as is said.
        explain(|problem| unsafe {
            sys::spectacles_state_read(self.handle(), bytes.as_ptr(), bytes.len(), unix_time, problem)
        })
        .map(drop)
    }

    /// Reports that a state was stored and cannot be had: every shard then has one gap.
    pub fn lost(&self, unix_time: u64) {
        // SAFETY: the state is alive.
        unsafe { sys::spectacles_state_lost(self.handle(), unix_time) }
    }

    /// When it was noticed that the state is not complete: milliseconds since 1970; 0: it is complete.
    pub fn noticed_at(&self) -> u64 {
        // SAFETY: the state is alive.
        unsafe { sys::spectacles_state_noticed_at(self.raw()) }
    }

    /// The shards of the whole bot.
    pub fn shard_count(&self) -> u32 {
        // SAFETY: the state is alive.
        unsafe { sys::spectacles_state_shard_count(self.raw()) }
    }

    /// The intents of the sessions.
    pub fn intents(&self) -> Intents {
        // SAFETY: the state is alive.
        Intents(unsafe { sys::spectacles_state_intents(self.raw()) })
    }

    /// Who wrote the bytes that were read last.
    pub fn read_writer(&self) -> Option<String> {
        // SAFETY: the state is alive, and the text is valid until the next read.
        unsafe { text_of(sys::spectacles_state_read_writer(self.raw())) }.map(str::to_owned)
    }

    /// The state as bytes.
    pub fn write(&self) -> Result<Vec<u8>> {
        // SAFETY: the state and the output are alive.
        Bytes::written(|out| plain(unsafe { sys::spectacles_state_write(self.raw(), out) }))
    }

    /// The records of some shards as bytes.
    pub fn write_shards(&self, shard_ids: &[u32]) -> Result<Vec<u8>> {
        Bytes::written(|out| {
            // SAFETY: the handle and the output are alive, and the slice is as long as is said.
            plain(unsafe { sys::spectacles_state_write_shards(self.raw(), shard_ids.as_ptr(), shard_ids.len(), out) })
        })
    }

    /// Takes the present sessions and gaps of the shards of a relay. `true`: a record changed.
    pub fn take(&self, relay: &Relay, unix_time: u64) -> Result<bool> {
        // SAFETY: the state and the relay are alive.
        plain(unsafe { sys::spectacles_state_take(self.handle(), relay.handle(), unix_time) })
            .map(|changed| changed != 0)
    }

    /// Replaces the record of one shard. `true`: it changed.
    pub fn set(&self, shard_id: u32, session: Option<&Session>, gaps: &[Gap], unix_time: u64) -> Result<bool> {
        let mut texts = Texts::default();
        let gaps = Gap::all(gaps, &mut texts)?;
        let session = session.map(|session| session.raw(&mut texts)).transpose()?;
        let session = session.as_ref().map_or(std::ptr::null(), |session| session as *const _);
        // SAFETY: the state and everything that is pointed to are alive.
        plain(unsafe {
            sys::spectacles_state_set(self.handle(), shard_id, session, gaps.as_ptr(), gaps.len(), unix_time)
        })
        .map(|changed| changed != 0)
    }

    /// The session of a shard.
    pub fn session(&self, shard_id: u32) -> Option<Session> {
        let mut raw = Session::empty();
        // SAFETY: the state is alive, and the texts are valid until the next call that changes it.
        unsafe { (sys::spectacles_state_session(self.raw(), shard_id, &mut raw) == 1).then(|| Session::of(&raw)) }
    }

    /// The gaps of a shard, in the order in which they are to be declared.
    pub fn gaps(&self, shard_id: u32) -> Vec<Gap> {
        // SAFETY: the state is alive.
        Gap::collect(|index, out| unsafe { sys::spectacles_state_gap(self.raw(), shard_id, index, out) })
    }

    /// The shards that there is a record of.
    pub fn shard_ids(&self) -> Vec<u32> {
        // SAFETY: the state is alive, and each index is below the count.
        unsafe {
            let count = sys::spectacles_state_count(self.raw());
            (0..count).map(|index| sys::spectacles_state_shard_id(self.raw(), index)).collect()
        }
    }

    /// When the record of a shard last changed: milliseconds since 1970; 0: not known.
    pub fn time(&self, shard_id: u32) -> u64 {
        // SAFETY: the state is alive.
        unsafe { sys::spectacles_state_time(self.raw(), shard_id) }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // SAFETY: made by the library, and freed once.
        unsafe { sys::spectacles_state_free(self.handle()) }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "State of {} of {} shards", self.shard_ids().len(), self.shard_count())
    }
}
