//! What Discord answers to GET /gateway/bot.
use crate::error::plain;
use crate::macros::{init, Plain};
use crate::sys;
use crate::text::text_of;
use std::time::Duration;

/// What Discord answers to `GET /gateway/bot`: where to connect, with how many shards, and how many of them may identify.
/// The request is the owner's, with an HTTP client of his own.
///
/// ```
/// use spectacles::{GatewayBot, Verdict};
///
/// let answer = GatewayBot::read(401, "", br#"{"message":"401: Unauthorized","code":0}"#);
/// assert_eq!(answer.verdict(), Verdict::Token);
/// eprintln!("{}", answer.text());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GatewayBot(Plain<sys::spectacles_gateway_bot>);

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The answer is the one that Discord documents.
    Fine,
    /// Ask again: after [`GatewayBot::wait`], or after a wait of your own when it is zero.
    Again,
    /// Discord refuses the token: a person has to change it.
    Token,
}

impl GatewayBot {
    /// Reads an answer: the status, the header `Retry-After` (empty: there was none), and the body, in any form.
    pub fn read(status: u32, retry_after: &str, body: &[u8]) -> GatewayBot {
        let mut raw = init!(spectacles_gateway_bot, spectacles_gateway_bot_init);
        let (after, after_length) = (retry_after.as_ptr().cast(), retry_after.len());
        // SAFETY: the slices are as long as is said, and `raw` has its size. The call cannot fail then.
        let _ = plain(unsafe {
            sys::spectacles_gateway_bot_read(&mut raw, status, after, after_length, body.as_ptr(), body.len())
        });
        GatewayBot(Plain(raw))
    }

    /// What the answer means.
    pub fn verdict(&self) -> Verdict {
        match self.0 .0.verdict {
            sys::SPECTACLES_GATEWAY_BOT_FINE => Verdict::Fine,
            sys::SPECTACLES_GATEWAY_BOT_TOKEN => Verdict::Token,
            _ => Verdict::Again,
        }
    }

    /// How long to wait before the next request; zero: the answer does not say.
    pub fn wait(&self) -> Duration {
        Duration::from_millis(self.0 .0.wait)
    }

    /// The number of shards that Discord recommends.
    pub fn shard_count(&self) -> u32 {
        self.0 .0.shard_count
    }

    /// How many shards may identify in 5 seconds.
    pub fn max_concurrency(&self) -> u32 {
        self.0 .0.max_concurrency
    }

    /// Identifies of the day that are left.
    pub fn remaining(&self) -> u32 {
        self.0 .0.remaining
    }

    /// The gateway's URL.
    pub fn url(&self) -> &str {
        // SAFETY: the array ends with a NUL.
        unsafe { text_of(self.0 .0.url.as_ptr()) }.unwrap_or("")
    }

    /// What is wrong, and what to do; empty when nothing is.
    pub fn text(&self) -> &str {
        // SAFETY: as above.
        unsafe { text_of(self.0 .0.text.as_ptr()) }.unwrap_or("")
    }

    pub(crate) fn raw(&self) -> &sys::spectacles_gateway_bot {
        &self.0 .0
    }
}
