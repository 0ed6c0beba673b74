//! Texts and bytes on their way over the border: what the library hands out, and what it is given.
use crate::error::{Error, ErrorKind, Result};
use crate::sys;
use std::ffi::{CStr, CString};
use std::fmt;
use std::os::raw::c_char;

/// The bytes of a slice that the library hands out; empty for NULL.
///
/// # Safety
///
/// `start` is NULL, or points to `length` bytes that are valid for `'a`.
pub(crate) unsafe fn bytes_of<'a>(start: *const u8, length: usize) -> &'a [u8] {
    if start.is_null() {
        return &[];
    }
    std::slice::from_raw_parts(start, length)
}

/// The text that bytes are, up to the first byte that is no UTF-8. The library's own texts have none.
pub(crate) fn valid(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or(""),
    }
}

/// A text with a length; empty for NULL.
///
/// # Safety
///
/// As [`bytes_of`].
pub(crate) unsafe fn text_with<'a>(start: *const c_char, length: usize) -> &'a str {
    valid(bytes_of(start.cast(), length))
}

/// A text with a length, or `None` for NULL.
///
/// # Safety
///
/// As [`bytes_of`].
pub(crate) unsafe fn some_text<'a>(start: *const c_char, length: usize) -> Option<&'a str> {
    (!start.is_null()).then(|| text_with(start, length))
}

/// A NUL-terminated text, or `None` for NULL.
///
/// # Safety
///
/// `start` is NULL, or points to a NUL-terminated text that is valid for `'a`.
pub(crate) unsafe fn text_of<'a>(start: *const c_char) -> Option<&'a str> {
    (!start.is_null()).then(|| valid(CStr::from_ptr(start).to_bytes()))
}

/// The bytes of a NUL-terminated text of strangers, which may be no UTF-8; or `None` for NULL.
///
/// # Safety
///
/// As [`text_of`].
pub(crate) unsafe fn word_of<'a>(start: *const c_char) -> Option<&'a [u8]> {
    (!start.is_null()).then(|| CStr::from_ptr(start).to_bytes())
}

fn with_nul(what: &str) -> Error {
    Error::new(ErrorKind::Invalid, format!("{what} has a NUL in it: leave the NUL out"))
}

/// The settings of one call as C wants them. The pointers that it gives live as long as it does.
#[derive(Default)]
pub(crate) struct Texts {
    kept: Vec<Secret>,
    lists: Vec<Box<[*const c_char]>>,
}

impl Texts {
    pub(crate) fn text(&mut self, what: &str, text: &str) -> Result<*const c_char> {
        self.word(what, text.as_bytes())
    }

    /// A word that the library handed out, which may be no UTF-8.
    pub(crate) fn word(&mut self, what: &str, word: &[u8]) -> Result<*const c_char> {
        let made = CString::new(word).map_err(|_| with_nul(what))?;
        let start = made.as_ptr();
        self.kept.push(Secret(made));
        Ok(start)
    }

    /// NULL for `None`.
    pub(crate) fn option(&mut self, what: &str, text: Option<&str>) -> Result<*const c_char> {
        text.map_or(Ok(std::ptr::null()), |text| self.text(what, text))
    }

    pub(crate) fn list<T: AsRef<str>>(&mut self, what: &str, texts: &[T]) -> Result<*const *const c_char> {
        if texts.is_empty() {
            return Ok(std::ptr::null());
        }
        let starts = texts.iter().map(|each| self.text(what, each.as_ref())).collect::<Result<Vec<_>>>()?;
        self.lists.push(starts.into_boxed_slice());
        Ok(self.lists[self.lists.len() - 1].as_ptr())
    }
}

/// A text that is wiped when it is dropped: any of the settings can be a token or hold a password.
struct Secret(CString);

impl Drop for Secret {
    fn drop(&mut self) {
        wipe(&mut std::mem::take(&mut self.0).into_bytes());
    }
}

/// Overwrites bytes in a way that the compiler does not leave out.
pub(crate) fn wipe(bytes: &mut [u8]) {
    for byte in bytes {
        // SAFETY: the reference is valid for writes.
        unsafe { std::ptr::write_volatile(byte, 0) };
    }
}

/// A token, or a URL with a password: it is wiped when it is dropped, and never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Hidden(pub(crate) String);

impl Drop for Hidden {
    fn drop(&mut self) {
        wipe(&mut std::mem::take(&mut self.0).into_bytes());
    }
}

impl AsRef<str> for Hidden {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// Makes a text of strangers fit for a log or a terminal: what is no UTF-8, and what changes the text around it, becomes
/// `?`.
///
/// ```
/// assert_eq!(spectacles::printable(b"MESSAGE\x1b[2J"), "MESSAGE?[2J");
/// ```
pub fn printable(text: &[u8]) -> String {
    let mut out = vec![0_u8; text.len() + 1];
    // SAFETY: both are as long as is said, and do not overlap.
    let length =
        unsafe { sys::spectacles_printable(out.as_mut_ptr().cast(), out.len(), text.as_ptr().cast(), text.len()) };
    out.truncate(length);
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_empty_or_nothing() {
        unsafe {
            assert_eq!(bytes_of(std::ptr::null(), 0), b"");
            assert_eq!(text_of(std::ptr::null()), None);
            assert_eq!(some_text(std::ptr::null(), 0), None);
            assert_eq!(text_with(std::ptr::null(), 0), "");
        }
    }

    #[test]
    fn a_text_ends_before_what_is_no_utf8() {
        assert_eq!(valid("gr\u{fc}n".as_bytes()), "gr\u{fc}n");
        assert_eq!(valid(b"ab\xffcd"), "ab");
    }

    #[test]
    fn pointers_live_as_long_as_the_texts() {
        let mut texts = Texts::default();
        let one = texts.text("name", "one").unwrap();
        let list = texts.list("urls", &["two", "three"]).unwrap();
        for number in 0..100 {
            texts.text("more", &number.to_string()).unwrap();
        }
        unsafe {
            assert_eq!(text_of(one), Some("one"));
            assert_eq!((text_of(*list), text_of(*list.add(1))), (Some("two"), Some("three")));
        }
        assert!(texts.list::<&str>("urls", &[]).unwrap().is_null());
    }

    #[test]
    fn a_nul_in_a_setting_is_an_error_that_names_the_setting() {
        let error = Texts::default().text("the token", "a\0b").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().starts_with("the token has a NUL"), "{error}");
    }

    #[test]
    fn what_is_hidden_is_not_shown() {
        assert_eq!(format!("{:?}", Hidden("secret".to_owned())), "(hidden)");
    }
}
