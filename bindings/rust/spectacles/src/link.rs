//! Transports: how links and pollers are made, and one link for a loop of your own.
use crate::error::{check, explain, Result};
use crate::event::sealed::{HasStream, Pull};
use crate::macros::{flag, init, millis, setters, Plain};
use crate::text::{text_of, Hidden, Texts};
use crate::{sys, Event, Streamed, Time};
use std::ops::Deref;
use std::os::raw::c_char;
use std::os::unix::io::BorrowedFd;
use std::ptr::NonNull;
use std::time::Duration;

/// Which certificates TLS uses.
#[derive(Clone, Debug, Default)]
pub struct TlsConfig {
    ca_file: Option<String>,
    cert_file: Option<String>,
    key_file: Option<String>,
    insecure: bool,
}

impl TlsConfig {
    /// The system's authorities; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
    pub fn new() -> TlsConfig {
        TlsConfig::default()
    }

    /// PEM: the authorities.
    #[must_use]
    pub fn ca_file(mut self, path: &str) -> Self {
        self.ca_file = Some(path.to_owned());
        self
    }

    /// PEM: the client's own certificate, and its key.
    #[must_use]
    pub fn certificate(mut self, cert_file: &str, key_file: &str) -> Self {
        self.cert_file = Some(cert_file.to_owned());
        self.key_file = Some(key_file.to_owned());
        self
    }

    /// Accepts every certificate for every name: whoever stands in between reads the token and the passwords. For tests.
    #[must_use]
    pub fn insecure_no_verification(mut self) -> Self {
        self.insecure = true;
        self
    }
}

/// What was loaded. Links that were made with it keep it.
pub(crate) struct Tls(NonNull<sys::spectacles_tls>);

impl Tls {
    pub(crate) fn new(config: &TlsConfig) -> Result<Tls> {
        let mut texts = Texts::default();
        let mut raw = init!(spectacles_tls_config, spectacles_tls_config_init);
        raw.ca_file = texts.option("the file of the authorities", config.ca_file.as_deref())?;
        raw.cert_file = texts.option("the file of the certificate", config.cert_file.as_deref())?;
        raw.key_file = texts.option("the file of the key", config.key_file.as_deref())?;
        flag(&mut raw.flags, sys::SPECTACLES_TLS_INSECURE_NO_VERIFICATION, config.insecure);
        let mut made = std::ptr::null_mut();
        // SAFETY: everything that the configuration points to is alive during the call.
        explain(|problem| unsafe { sys::spectacles_tls_new(&mut made, &raw, problem) })?;
        Ok(Tls(NonNull::new(made).expect("TLS was made")))
    }
}

impl Tls {
    pub(crate) fn raw(&self) -> *mut sys::spectacles_tls {
        self.0.as_ptr()
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        // SAFETY: made by spectacles_tls_new(), and freed once.
        unsafe { sys::spectacles_tls_free(self.0.as_ptr()) }
    }
}

/// How links are made: TCP, TLS and proxies.
#[derive(Clone, Debug)]
pub struct LinkConfig {
    raw: Plain<sys::spectacles_link_config>,
    tls: Option<TlsConfig>,
    proxy: Option<Hidden>,
    no_proxy: Option<String>,
}

impl LinkConfig {
    /// Settings with their defaults.
    pub fn new() -> LinkConfig {
        let raw = Plain(init!(spectacles_link_config, spectacles_link_config_init));
        LinkConfig { raw, tls: None, proxy: None, no_proxy: None }
    }

    setters! {
        /// 4 or 6: addresses of this family alone. Default 0: of both.
        family: u32,
        /// How many questions without an answer end a connection. Default 3.
        keepalive_probes: u32,
    }

    /// Default: the system's authorities.
    #[must_use]
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = Some(tls);
        self
    }

    /// The URL of a proxy: `http://user:password@host:port`, `socks5h://host:port`. It is never shown.
    #[must_use]
    pub fn proxy(mut self, url: &str) -> Self {
        self.proxy = Some(Hidden(url.to_owned()));
        self
    }

    /// The hosts that are reached without the proxy.
    #[must_use]
    pub fn no_proxy(mut self, hosts: &str) -> Self {
        self.no_proxy = Some(hosts.to_owned());
        self
    }

    /// The proxy that the environment names for a scheme (`wss`, `amqps`), and the hosts that it excepts.
    #[must_use]
    pub fn proxy_from_environment(mut self, scheme: &str) -> Self {
        let mut texts = Texts::default();
        // SAFETY: the texts belong to the environment, and are copied at once.
        unsafe {
            let url =
                texts.text("the scheme", scheme).map(|scheme| text_of(sys::spectacles_proxy_from_environment(scheme)));
            self.proxy = url.ok().flatten().map(|url| Hidden(url.to_owned()));
            self.no_proxy = text_of(sys::spectacles_no_proxy_from_environment()).map(str::to_owned);
        }
        self
    }

    /// The address that connections come from: numeric.
    #[must_use]
    pub fn source_address(mut self, address: &str) -> Self {
        let field = &mut self.raw.0.source_address;
        *field = [0; 48];
        for (to, from) in field.iter_mut().zip(address.bytes()) {
            *to = from as c_char;
        }
        // One that is too long is no address, and is refused: it has no NUL, so the last byte is kept as one.
        field[47] = 0;
        self
    }

    /// For the host name, and once more for TCP and TLS together. Default: 20 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.raw.0.connect_timeout = millis(timeout);
        self
    }

    /// After a read that emptied the socket, it is not read for so long. Default: zero.
    #[must_use]
    pub fn read_delay(mut self, delay: Duration) -> Self {
        self.raw.0.read_delay = millis(delay);
        self
    }

    /// After how long without a byte the peer is asked, and how often then. Default: 60 s and 10 s.
    #[must_use]
    pub fn keepalive(mut self, idle: Duration, interval: Duration) -> Self {
        self.raw.0.keepalive_idle = millis(idle);
        self.raw.0.keepalive_interval = millis(interval);
        self
    }

    /// For how long bytes may wait to be acknowledged by the peer. Default: 90 s.
    #[must_use]
    pub fn user_timeout(mut self, timeout: Duration) -> Self {
        self.raw.0.user_timeout = millis(timeout);
        self
    }

    pub(crate) fn load(&self) -> Result<Option<Tls>> {
        self.tls.as_ref().map(Tls::new).transpose()
    }

    pub(crate) fn raw(&self, texts: &mut Texts, tls: Option<&Tls>) -> Result<sys::spectacles_link_config> {
        let mut raw = self.raw.0;
        raw.tls = tls.map_or(std::ptr::null_mut(), |tls| tls.0.as_ptr());
        raw.proxy = texts.option("the proxy", self.proxy.as_ref().map(|url| url.0.as_str()))?;
        raw.no_proxy = texts.option("the hosts without a proxy", self.no_proxy.as_deref())?;
        Ok(raw)
    }
}

impl Default for LinkConfig {
    fn default() -> LinkConfig {
        LinkConfig::new()
    }
}

/// Checks the URL of a proxy, and writes it without credentials.
pub fn proxy_describe(url: &str) -> Result<String> {
    let mut texts = Texts::default();
    let url = texts.text("the proxy", url)?;
    let mut out = vec![0_u8; 300];
    // SAFETY: the text is alive, and the output has the room that is said.
    let length =
        explain(|problem| unsafe { sys::spectacles_proxy_describe(out.as_mut_ptr().cast(), out.len(), url, problem) })?;
    out.truncate(length as usize);
    Ok(String::from_utf8(out).unwrap_or_default())
}

/// What a descriptor is watched for, or is ready for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Io {
    /// Reading.
    pub read: bool,
    /// Writing.
    pub write: bool,
}

impl Io {
    /// Both: also for an error or a hang-up.
    pub const BOTH: Io = Io { read: true, write: true };

    fn number(self) -> u32 {
        (if self.read { sys::SPECTACLES_LINK_READ } else { 0 })
            | (if self.write { sys::SPECTACLES_LINK_WRITE } else { 0 })
    }
}

/// The handle of a link, which takes its engine with it.
pub(crate) struct Handle(NonNull<sys::spectacles_link>);

impl Handle {
    /// # Safety
    ///
    /// The stream belongs to an engine that stays with the link.
    pub(crate) unsafe fn new(
        stream: *mut sys::spectacles_stream,
        config: &LinkConfig,
        tls: Option<&Tls>,
    ) -> Result<Handle> {
        let mut texts = Texts::default();
        let settings = config.raw(&mut texts, tls)?;
        let mut raw = std::ptr::null_mut();
        explain(|problem| sys::spectacles_link_new(&mut raw, stream, &settings, problem))?;
        Ok(Handle(NonNull::new(raw).expect("a link was made")))
    }

    pub(crate) fn raw(&self) -> *mut sys::spectacles_link {
        self.0.as_ptr()
    }

    /// The host name that the link needs addresses of.
    pub(crate) fn wants_address(&self) -> Option<String> {
        // SAFETY: the link is alive, and the name is valid until the next call on it.
        unsafe { text_of(sys::spectacles_link_wants_address(self.raw())) }.map(str::to_owned)
    }

    pub(crate) fn set_address(&self, addresses: &str) -> Result<()> {
        // SAFETY: the link is alive, and the slice is as long as is said.
        unsafe {
            let result = sys::spectacles_link_set_address(self.raw(), addresses.as_ptr().cast(), addresses.len());
            check(result, || sys::spectacles_link_last_error(self.raw())).map(drop)
        }
    }

    pub(crate) fn set_no_address(&self, why: &str) {
        // SAFETY: as above. A link that wants no address any more is no error.
        unsafe { sys::spectacles_link_set_no_address(self.raw(), why.as_ptr().cast(), why.len()) };
    }

    pub(crate) fn peer(&self) -> String {
        // SAFETY: the link is alive, and the text is valid until the next call on it.
        unsafe { text_of(sys::spectacles_link_peer(self.raw())) }.unwrap_or("").to_owned()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: made by spectacles_link_new(), and freed once. Its engine and its poller are freed in any order.
        unsafe { sys::spectacles_link_free(self.raw()) }
    }
}

/// An engine with its transport, for a loop of your own: one TCP or TLS connection.
///
/// Whoever has no loop, or tokio's, takes a [`Connection`](crate::Connection). The calls of the engine that may be made
/// at any time are reached through the link.
///
/// ```
/// # use spectacles::{Link, LinkConfig, Shard, ShardConfig, Time};
/// let shard = Shard::new(&ShardConfig::new("a.bot.token", "wss://gateway.discord.gg"))?;
/// let mut link = Link::new(shard, &LinkConfig::new())?;
/// assert!(link.deadline() <= Time::now()); // it wants to connect
/// assert_eq!(link.id(), 0); // of the shard
/// # Ok::<(), spectacles::Error>(())
/// ```
pub struct Link<E: Streamed> {
    handle: Handle,
    engine: E,
    _tls: Option<Tls>,
}

// SAFETY: a link shares its engine and its TLS, which it owns, and nothing else.
unsafe impl<E: Streamed + Send> Send for Link<E> {}

impl<E: Streamed> Link<E> {
    /// Makes a link under an engine, which it owns from now on.
    pub fn new(engine: E, config: &LinkConfig) -> Result<Link<E>> {
        let tls = config.load()?;
        // SAFETY: the engine is kept beside the handle.
        let handle = unsafe { Handle::new(engine.stream_handle(), config, tls.as_ref()) }?;
        Ok(Link { handle, engine, _tls: tls })
    }

    /// The descriptor to watch; `None` while there is none. [`Link::process`] can change it.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        // SAFETY: the link is alive, and closes no descriptor before it is processed or freed, for which it is borrowed
        // exclusively.
        unsafe {
            let fd = sys::spectacles_link_fd(self.handle.raw());
            (fd >= 0).then(|| BorrowedFd::borrow_raw(fd))
        }
    }

    /// What the descriptor is to be watched for.
    pub fn interest(&self) -> Io {
        // SAFETY: the link is alive.
        let mask = unsafe { sys::spectacles_link_interest(self.handle.raw()) };
        Io { read: mask & sys::SPECTACLES_LINK_READ != 0, write: mask & sys::SPECTACLES_LINK_WRITE != 0 }
    }

    /// When [`Link::process`] is to be called at the latest.
    pub fn deadline(&self) -> Time {
        // SAFETY: the link is alive.
        Time::from_millis(unsafe { sys::spectacles_link_deadline(self.handle.raw()) })
    }

    /// Connects, shakes hands, reads, writes and expires: whatever can be done now. Pull the events after it.
    pub fn process(&mut self, ready: Io, now: Time) -> Result<()> {
        // SAFETY: the link is alive, and no event of the engine is, because the link is borrowed exclusively.
        unsafe {
            let result = sys::spectacles_link_process(self.handle.raw(), ready.number(), now.as_millis());
            check(result, || sys::spectacles_link_last_error(self.handle.raw())).map(drop)
        }
    }

    /// The next event, and the engine, whose calls may be made while the event is read.
    pub fn next_event(&mut self, now: Time) -> Option<(Event<'_, E>, &E)> {
        let engine = &self.engine;
        // SAFETY: the event is valid until the next pull or the next process, which need the link exclusively.
        unsafe { Event::of(Pull::pull(engine, now)) }.map(|event| (event, engine))
    }

    /// The host name that needs addresses before the link can go on.
    pub fn wants_address(&self) -> Option<String> {
        self.handle.wants_address()
    }

    /// Answers [`Link::wants_address`]: numeric addresses with spaces between them.
    pub fn set_address(&mut self, addresses: &str) -> Result<()> {
        self.handle.set_address(addresses)
    }

    /// Answers [`Link::wants_address`] when the name has no address.
    pub fn set_no_address(&mut self, why: &str) {
        self.handle.set_no_address(why);
    }

    /// Answers [`Link::wants_address`] with what the system's resolver says. Blocks for as long as that takes.
    pub fn resolve(&mut self) -> Result<()> {
        // SAFETY: the link is alive.
        unsafe {
            let result = sys::spectacles_link_resolve(self.handle.raw());
            check(result, || sys::spectacles_link_last_error(self.handle.raw())).map(drop)
        }
    }

    /// Loads other certificates: the next connection is made with them. Blocks for as long as it takes to read them.
    pub fn set_tls(&mut self, tls: &TlsConfig) -> Result<()> {
        let tls = Tls::new(tls)?;
        // SAFETY: both are alive, and the link keeps what it is given.
        unsafe {
            let result = sys::spectacles_link_set_tls(self.handle.raw(), tls.raw());
            check(result, || sys::spectacles_link_last_error(self.handle.raw())).map(drop)
        }
    }

    /// The address of the connection, for a log.
    pub fn peer(&self) -> String {
        self.handle.peer()
    }

    /// The engine has come to a final state.
    pub fn is_over(&self) -> bool {
        HasStream::is_over(&self.engine)
    }
}

impl<E: Streamed> Deref for Link<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.engine
    }
}
