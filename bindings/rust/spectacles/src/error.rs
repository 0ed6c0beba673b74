//! What a call can fail with: the library's sentence, and its kind.
use crate::sys;
use crate::text::text_of;
use std::fmt;
use std::os::raw::{c_char, c_int};

/// The result of a call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What an error is about, for programs. The sentence for people is the error itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Memory ran out. The handle is unchanged.
    Memory,
    /// An argument or a setting is wrong.
    Invalid,
    /// The handle is in a state in which the call is not possible.
    State,
    /// A limit is reached or a window is full. Call again after the event that the call names.
    Again,
    /// Bytes from outside break their protocol or their format.
    Protocol,
    /// The peer closed the connection, or the connection was lost.
    Closed,
    /// TLS failed: the certificate, the host name or the handshake.
    Tls,
    /// The operating system refused.
    System,
    /// Something is larger than a limit.
    TooBig,
    /// Credentials were refused: a token, a user, a password, a virtual host.
    Auth,
    /// This build or this version of the library cannot do it.
    Unsupported,
    /// The peer was not reached.
    Unreachable,
    /// An error of a later version of the library.
    Unknown(i32),
}

impl ErrorKind {
    /// The kind of an error number; `None` for 0, which is no error.
    pub(crate) fn of(number: i32) -> Option<ErrorKind> {
        Some(match number {
            sys::SPECTACLES_OK => return None,
            sys::SPECTACLES_E_NOMEM => ErrorKind::Memory,
            sys::SPECTACLES_E_INVAL => ErrorKind::Invalid,
            sys::SPECTACLES_E_STATE => ErrorKind::State,
            sys::SPECTACLES_E_AGAIN => ErrorKind::Again,
            sys::SPECTACLES_E_PROTO => ErrorKind::Protocol,
            sys::SPECTACLES_E_CLOSED => ErrorKind::Closed,
            sys::SPECTACLES_E_TLS => ErrorKind::Tls,
            sys::SPECTACLES_E_SYS => ErrorKind::System,
            sys::SPECTACLES_E_TOOBIG => ErrorKind::TooBig,
            sys::SPECTACLES_E_AUTH => ErrorKind::Auth,
            sys::SPECTACLES_E_UNSUPPORTED => ErrorKind::Unsupported,
            sys::SPECTACLES_E_UNREACHABLE => ErrorKind::Unreachable,
            other => ErrorKind::Unknown(other),
        })
    }

    /// The number of the library: a value of `enum spectacles_error`.
    pub fn number(self) -> i32 {
        match self {
            ErrorKind::Memory => sys::SPECTACLES_E_NOMEM,
            ErrorKind::Invalid => sys::SPECTACLES_E_INVAL,
            ErrorKind::State => sys::SPECTACLES_E_STATE,
            ErrorKind::Again => sys::SPECTACLES_E_AGAIN,
            ErrorKind::Protocol => sys::SPECTACLES_E_PROTO,
            ErrorKind::Closed => sys::SPECTACLES_E_CLOSED,
            ErrorKind::Tls => sys::SPECTACLES_E_TLS,
            ErrorKind::System => sys::SPECTACLES_E_SYS,
            ErrorKind::TooBig => sys::SPECTACLES_E_TOOBIG,
            ErrorKind::Auth => sys::SPECTACLES_E_AUTH,
            ErrorKind::Unsupported => sys::SPECTACLES_E_UNSUPPORTED,
            ErrorKind::Unreachable => sys::SPECTACLES_E_UNREACHABLE,
            ErrorKind::Unknown(number) => number,
        }
    }
}

impl fmt::Display for ErrorKind {
    /// What the kind means, in a short sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the text is static.
        f.write_str(unsafe { text_of(sys::spectacles_strerror(self.number())) }.unwrap_or("unknown error"))
    }
}

/// Why a call failed. It is shown as one sentence, which says what is wrong and what to do, and holds no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    detail: Box<Detail>,
}

#[derive(Clone, PartialEq, Eq, Default)]
struct Detail {
    text: String,
    word: String,
    position: usize,
    index: usize,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Error {
        Error { kind, detail: Box::new(Detail { text: text.into(), ..Detail::default() }) }
    }

    /// What the error is about, for programs.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What the sentence is about, in the caller's words: the name of an unknown parameter, a host. Else empty.
    pub fn word(&self) -> &str {
        &self.detail.word
    }

    /// Where reading stopped: an offset in bytes in the text that was read. 0 for a setting.
    pub fn position(&self) -> usize {
        self.detail.position
    }

    /// Which entry of a list of settings the sentence is about, counted from 0.
    pub fn index(&self) -> usize {
        self.detail.index
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.text.is_empty() {
            return self.kind.fmt(f);
        }
        f.write_str(&self.detail.text)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind)
    }
}

impl std::error::Error for Error {}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> std::io::Error {
        std::io::Error::new(std::io::ErrorKind::Other, error)
    }
}

/// The result of a call on a handle, whose sentence `last_error` gives.
///
/// # Safety
///
/// `last_error` gives NULL or a NUL-terminated text that is valid until the next call on its handle.
pub(crate) unsafe fn check(result: c_int, last_error: impl FnOnce() -> *const c_char) -> Result<u32> {
    match ErrorKind::of(result.min(0)) {
        None => Ok(result as u32),
        Some(kind) => Err(Error::new(kind, text_of(last_error()).unwrap_or(""))),
    }
}

/// The result of a call that has one reason for each of its errors, or no handle to keep a sentence.
pub(crate) fn plain(result: c_int) -> Result<u32> {
    // SAFETY: NULL is allowed.
    unsafe { check(result, std::ptr::null) }
}

/// Makes a call that writes its sentence to a `spectacles_problem`.
pub(crate) fn explain(call: impl FnOnce(*mut sys::spectacles_problem) -> c_int) -> Result<u32> {
    let mut problem = sys::spectacles_problem { position: 0, index: 0, text: [0; 432], word: [0; 64] };
    let result = call(&mut problem);
    let kind = match ErrorKind::of(result.min(0)) {
        None => return Ok(result as u32),
        Some(kind) => kind,
    };
    // SAFETY: both are arrays that the library has ended with a NUL, or that are still all zero.
    let (text, word) = unsafe { (text_of(problem.text.as_ptr()), text_of(problem.word.as_ptr())) };
    let (text, word) = (text.unwrap_or("").to_owned(), word.unwrap_or("").to_owned());
    Err(Error { kind, detail: Box::new(Detail { text, word, position: problem.position, index: problem.index }) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_number_of_its_own() {
        for number in -12..0 {
            let kind = ErrorKind::of(number).expect("an error");
            assert_eq!(kind.number(), number);
            assert!(!matches!(kind, ErrorKind::Unknown(_)));
        }
        assert_eq!(ErrorKind::of(0), None);
        assert_eq!(ErrorKind::of(-99), Some(ErrorKind::Unknown(-99)));
    }

    #[test]
    fn a_problem_becomes_an_error_with_its_sentence() {
        let error = explain(|problem| {
            let problem = unsafe { &mut *problem };
            for (to, from) in problem.text.iter_mut().zip(b"no such thing") {
                *to = *from as c_char;
            }
            problem.position = 7;
            sys::SPECTACLES_E_PROTO
        })
        .unwrap_err();
        assert_eq!((error.kind(), error.position(), error.word()), (ErrorKind::Protocol, 7, ""));
        assert_eq!(error.to_string(), "no such thing");
        assert_eq!(format!("{error:?}"), "Protocol: no such thing");
    }

    #[test]
    fn what_is_not_negative_is_a_success() {
        assert_eq!(plain(0), Ok(0));
        assert_eq!(plain(17), Ok(17));
        assert_eq!(explain(|_| 3), Ok(3));
    }
}
