//! Packets that are often sent, written as JSON.
use crate::codec::Bytes;
use crate::error::{explain, Result};
use crate::macros::init;
use crate::sys;
use crate::text::Texts;

/// A presence, for [`Gateway::set_presence`](crate::Gateway::set_presence) and the packet of op 3.
///
/// ```
/// let presence = spectacles::Presence::new("online").activities(r#"[{"name":"chess","type":0}]"#).write()?;
/// # Ok::<(), spectacles::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Presence {
    status: String,
    activities: Option<String>,
    afk: bool,
    since: u64,
}

impl Presence {
    /// `status`: `online`, `dnd`, `idle`, `invisible` or `offline`.
    pub fn new(status: &str) -> Presence {
        Presence { status: status.to_owned(), activities: None, afk: false, since: 0 }
    }

    /// A JSON array (Discord: "Activity Object").
    #[must_use]
    pub fn activities(mut self, activities: &str) -> Self {
        self.activities = Some(activities.to_owned());
        self
    }

    /// Away.
    #[must_use]
    pub fn afk(mut self, afk: bool) -> Self {
        self.afk = afk;
        self
    }

    /// Since when the bot is idle: milliseconds since 1970.
    #[must_use]
    pub fn since(mut self, unix_time: u64) -> Self {
        self.since = unix_time;
        self
    }

    /// The d of op 3, as JSON.
    pub fn write(&self) -> Result<Vec<u8>> {
        let mut texts = Texts::default();
        let mut raw = init!(spectacles_presence, spectacles_presence_init);
        raw.status = texts.text("the status", &self.status)?;
        raw.activities = texts.option("the activities", self.activities.as_deref())?;
        raw.afk = self.afk.into();
        raw.since = self.since;
        // SAFETY: the presence and the output are alive.
        Bytes::written(|out| explain(|problem| unsafe { sys::spectacles_presence_write(out, &raw, problem) }))
    }
}

/// A request for members of a guild: the packet of op 8.
///
/// ```
/// let d = spectacles::MembersRequest::of_guild(41).nonce("7").write()?;
/// assert_eq!(d, br#"{"guild_id":"41","query":"","limit":0,"presences":false,"nonce":"7"}"#);
/// # Ok::<(), spectacles::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MembersRequest {
    guild_id: u64,
    query: Option<String>,
    limit: u32,
    user_ids: Vec<u64>,
    presences: bool,
    nonce: Option<String>,
}

impl MembersRequest {
    /// All members of a guild.
    pub fn of_guild(guild_id: u64) -> MembersRequest {
        let query = Some(String::new());
        MembersRequest { guild_id, query, limit: 0, user_ids: Vec::new(), presences: false, nonce: None }
    }

    /// Those whose names begin so, and at most `limit` of them.
    #[must_use]
    pub fn query(mut self, query: &str, limit: u32) -> Self {
        self.query = Some(query.to_owned());
        self.limit = limit;
        self
    }

    /// These users.
    #[must_use]
    pub fn user_ids(mut self, user_ids: &[u64]) -> Self {
        self.query = None;
        self.user_ids = user_ids.to_vec();
        self
    }

    /// With their presences.
    #[must_use]
    pub fn presences(mut self, wanted: bool) -> Self {
        self.presences = wanted;
        self
    }

    /// Comes back with the answer; at most 32 bytes.
    #[must_use]
    pub fn nonce(mut self, nonce: &str) -> Self {
        self.nonce = Some(nonce.to_owned());
        self
    }

    /// The d of op 8, as JSON.
    pub fn write(&self) -> Result<Vec<u8>> {
        let mut texts = Texts::default();
        let mut raw = init!(spectacles_members_request, spectacles_members_request_init);
        raw.guild_id = self.guild_id;
        raw.query = texts.option("the query", self.query.as_deref())?;
        raw.limit = self.limit;
        raw.presences = self.presences.into();
        raw.nonce = texts.option("the nonce", self.nonce.as_deref())?;
        if !self.user_ids.is_empty() {
            raw.user_ids = self.user_ids.as_ptr();
            raw.user_id_count = self.user_ids.len();
        }
        // SAFETY: the request and the output are alive.
        Bytes::written(|out| explain(|problem| unsafe { sys::spectacles_members_request_write(out, &raw, problem) }))
    }
}
