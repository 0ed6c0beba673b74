//! The bytes of an engine, for a transport of your own.
use crate::error::{check, Result};
use crate::text::{bytes_of, text_of};
use crate::{sys, ErrorKind, Time};
use std::marker::PhantomData;

/// The bytes of a shard or a broker, for a transport of your own: it takes bytes, gives bytes, names a deadline, and
/// says where it wants to be connected.
///
/// After any of the calls here, pull the events of the engine until there are none.
pub struct Stream<'a> {
    raw: *mut sys::spectacles_stream,
    engine: PhantomData<&'a mut ()>,
}

/// Where an engine wants to be connected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// A name or a numeric address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// TLS is wanted, with a certificate of `server_name`, or else of `host`.
    pub tls: bool,
    /// Counts the connections of this engine: when the number changes, a new connection is wanted.
    pub connection: u64,
    /// The name that TLS asks for, when the URL of a broker says so.
    pub server_name: Option<String>,
    /// What the URL of a broker asks of TLS: the file of the trusted authorities.
    pub ca_file: Option<String>,
    /// The client's certificate.
    pub cert_file: Option<String>,
    /// The key of the client's certificate.
    pub key_file: Option<String>,
    /// Milliseconds that the connection may take, when the URL of a broker says so.
    pub connect_timeout: Option<u32>,
}

impl<'a> Stream<'a> {
    /// # Safety
    ///
    /// The stream's engine is alive for `'a`, is borrowed exclusively, and has no link.
    pub(crate) unsafe fn of(raw: *mut sys::spectacles_stream) -> Stream<'a> {
        Stream { raw, engine: PhantomData }
    }

    /// Where the engine wants to be connected; `None`: nowhere, then close what is open.
    pub fn endpoint(&self) -> Option<Endpoint> {
        // SAFETY: the stream is alive, and what it gives is valid until the next call on it.
        unsafe {
            let raw = sys::spectacles_stream_endpoint(self.raw).as_ref()?;
            let owned = |text| text_of(text).map(str::to_owned);
            Some(Endpoint {
                host: owned(raw.host).unwrap_or_default(),
                port: raw.port as u16,
                tls: raw.tls != 0,
                connection: raw.connection,
                server_name: owned(raw.server_name),
                ca_file: owned(raw.ca_file),
                cert_file: owned(raw.cert_file),
                key_file: owned(raw.key_file),
                connect_timeout: (raw.connect_timeout != 0).then_some(raw.connect_timeout),
            })
        }
    }

    /// The connection that [`Stream::endpoint`] asked for stands.
    pub fn opened(&mut self, now: Time) -> Result<()> {
        // SAFETY: the stream is alive.
        unsafe { self.done(sys::spectacles_stream_opened(self.raw, now.as_millis())) }
    }

    /// Whether to read from the socket. An engine whose events are not pulled stops reading.
    pub fn wants_input(&self) -> bool {
        // SAFETY: the stream is alive.
        unsafe { sys::spectacles_stream_wants_input(self.raw) != 0 }
    }

    /// Takes bytes that arrived, all of them.
    pub fn feed(&mut self, bytes: &[u8], now: Time) -> Result<()> {
        // SAFETY: the stream is alive, and the slice is as long as is said.
        unsafe { self.done(sys::spectacles_stream_feed(self.raw, bytes.as_ptr(), bytes.len(), now.as_millis())) }
    }

    /// The connection has ended, or could not be made. `error`: `None` for an orderly end. `text`: a sentence that
    /// becomes part of the event.
    pub fn eof(&mut self, error: Option<ErrorKind>, text: &str, now: Time) {
        let error = error.map_or(0, ErrorKind::number);
        // SAFETY: the stream is alive, and the slice is as long as is said.
        unsafe { sys::spectacles_stream_eof(self.raw, error, text.as_ptr().cast(), text.len(), now.as_millis()) };
    }

    /// The bytes to be written next. Tell [`Stream::consumed`] what was taken.
    pub fn pending(&mut self) -> &[u8] {
        let mut start = std::ptr::null();
        // SAFETY: the stream is alive; the bytes are valid until the next call on it.
        unsafe {
            let length = sys::spectacles_stream_pending(self.raw, &mut start);
            bytes_of(start, length)
        }
    }

    /// Tells how many of the pending bytes were written; never more than there were.
    pub fn consumed(&mut self, length: usize) {
        let most = self.pending().len();
        // SAFETY: the stream is alive, and has so many pending bytes.
        unsafe { sys::spectacles_stream_consumed(self.raw, length.min(most)) };
    }

    /// When [`Stream::expire`] has to be called at the latest.
    pub fn deadline(&self) -> Time {
        // SAFETY: the stream is alive.
        Time::from_millis(unsafe { sys::spectacles_stream_deadline(self.raw) })
    }

    /// Does what time has made due.
    pub fn expire(&mut self, now: Time) -> Result<()> {
        // SAFETY: the stream is alive.
        unsafe { self.done(sys::spectacles_stream_expire(self.raw, now.as_millis())) }
    }

    unsafe fn done(&self, result: std::os::raw::c_int) -> Result<()> {
        check(result, || sys::spectacles_stream_last_error(self.raw)).map(drop)
    }
}
