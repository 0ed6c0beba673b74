//! What has to outlive a process: sessions and gaps.
use crate::error::Result;
use crate::sys;
use crate::text::{text_of, Texts};
use crate::Format;
use std::mem::size_of;

/// What is needed to resume a session, in this process or another. Whoever has it and the token can resume the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Of the shard that had the session.
    pub shard_id: u32,
    /// Of the whole bot.
    pub shard_count: u32,
    /// The sequence to resume from.
    pub seq: u64,
    /// Discord's name of the session.
    pub session_id: String,
    /// Where the session is resumed; empty: at the gateway's own URL.
    pub resume_url: String,
    /// What the payloads of the session were written in.
    pub format: Format,
}

impl Session {
    /// # Safety
    ///
    /// The texts of `raw` are valid.
    pub(crate) unsafe fn of(raw: &sys::spectacles_session) -> Session {
        Session {
            shard_id: raw.shard_id,
            shard_count: raw.shard_count,
            seq: raw.seq,
            session_id: text_of(raw.session_id).unwrap_or("").to_owned(),
            resume_url: text_of(raw.resume_url).unwrap_or("").to_owned(),
            format: Format::of(raw.format),
        }
    }

    pub(crate) fn empty() -> sys::spectacles_session {
        let mut raw = std::mem::MaybeUninit::<sys::spectacles_session>::zeroed();
        // SAFETY: a session of zeros is one; the size is the struct's.
        unsafe {
            sys::spectacles_session_init(raw.as_mut_ptr(), size_of::<sys::spectacles_session>());
            raw.assume_init()
        }
    }

    pub(crate) fn raw(&self, texts: &mut Texts) -> Result<sys::spectacles_session> {
        let mut raw = Session::empty();
        raw.shard_id = self.shard_id;
        raw.shard_count = self.shard_count;
        raw.seq = self.seq;
        raw.session_id = texts.text("the session id", &self.session_id)?;
        raw.resume_url = texts.text("the resume URL", &self.resume_url)?;
        raw.format = self.format.number();
        Ok(raw)
    }
}

/// Dispatches of a shard that will never come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The shard that misses dispatches.
    pub shard_id: u32,
    /// The last sequence of the old session that was committed; 0: not known.
    pub seq: u64,
    /// The first sequence of the new session behind the gap; 0: there is no new session yet.
    pub next: u64,
    /// When the loss was noticed: milliseconds since 1970; 0: not known.
    pub unix_time: u64,
    /// `None`: not known.
    pub old_session_id: Option<String>,
    /// `None`: there is none yet.
    pub new_session_id: Option<String>,
}

impl Gap {
    /// # Safety
    ///
    /// The texts of `raw` are valid.
    pub(crate) unsafe fn of(raw: &sys::spectacles_gap) -> Gap {
        Gap {
            shard_id: raw.shard_id,
            seq: raw.seq,
            next: raw.next,
            unix_time: raw.unix_time,
            old_session_id: text_of(raw.old_session_id).map(str::to_owned),
            new_session_id: text_of(raw.new_session_id).map(str::to_owned),
        }
    }

    pub(crate) fn empty() -> sys::spectacles_gap {
        let mut raw = std::mem::MaybeUninit::<sys::spectacles_gap>::zeroed();
        // SAFETY: a gap of zeros is one; the size is the struct's.
        unsafe {
            sys::spectacles_gap_init(raw.as_mut_ptr(), size_of::<sys::spectacles_gap>());
            raw.assume_init()
        }
    }

    fn raw(&self, texts: &mut Texts) -> Result<sys::spectacles_gap> {
        let mut raw = Gap::empty();
        raw.shard_id = self.shard_id;
        raw.seq = self.seq;
        raw.next = self.next;
        raw.unix_time = self.unix_time;
        raw.old_session_id = texts.option("the old session id", self.old_session_id.as_deref())?;
        raw.new_session_id = texts.option("the new session id", self.new_session_id.as_deref())?;
        Ok(raw)
    }

    pub(crate) fn all(gaps: &[Gap], texts: &mut Texts) -> Result<Vec<sys::spectacles_gap>> {
        gaps.iter().map(|each| each.raw(texts)).collect()
    }

    /// All gaps that a call gives, one for each index.
    pub(crate) fn collect(mut next: impl FnMut(usize, *mut sys::spectacles_gap) -> std::os::raw::c_int) -> Vec<Gap> {
        let mut gaps = Vec::new();
        let mut raw = Gap::empty();
        while next(gaps.len(), &mut raw) == 1 {
            // SAFETY: the texts are valid until the next call on the handle.
            gaps.push(unsafe { Gap::of(&raw) });
        }
        gaps
    }
}
