//! Connections: engines with all that moves their bytes.
use crate::error::{check, explain, Result};
use crate::event::sealed::HasStream;
use crate::link::{Handle, Tls};
use crate::macros::{init, millis};
use crate::resolver::Resolver;
use crate::{sys, Broker, Event, LinkConfig, Shard, Streamed, Time};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::os::unix::io::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;
use std::time::Duration;

/// Names one engine of a [`Poller`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u64);

struct Member<E> {
    link: Handle,
    engine: E,
}

/// Many engines of one kind, with their transports, behind one descriptor. Host names are looked up on threads of the
/// library.
///
/// One engine alone is a [`Connection`]; a whole gateway is a [`Gateway`](crate::Gateway).
pub struct Poller<E: Streamed> {
    raw: NonNull<sys::spectacles_poller>,
    members: BTreeMap<u64, Member<E>>,
    resolver: Resolver,
    config: LinkConfig,
    tls: Option<Tls>,
    next_key: u64,
    /// Who is pulled, until it has no events.
    pulled: Option<u64>,
}

// SAFETY: a poller shares its links, their engines and their TLS, which it owns, and nothing else.
unsafe impl<E: Streamed + Send> Send for Poller<E> {}

impl<E: Streamed> Poller<E> {
    /// Makes a poller without engines. `config`: of all links.
    pub fn new(config: &LinkConfig) -> Result<Poller<E>> {
        Poller::with_latency_budget(config, Duration::ZERO)
    }

    /// The same. What arrives may wait for `budget`, so that much is read at once.
    pub fn with_latency_budget(config: &LinkConfig, budget: Duration) -> Result<Poller<E>> {
        let mut settings = init!(spectacles_poller_config, spectacles_poller_config_init);
        settings.latency_budget = millis(budget);
        let (tls, resolver) = (config.load()?, Resolver::new()?);
        let mut raw = std::ptr::null_mut();
        // SAFETY: the configuration is alive during the call.
        explain(|problem| unsafe { sys::spectacles_poller_new(&mut raw, &settings, problem) })?;
        let raw = NonNull::new(raw).expect("a poller was made");
        let members = BTreeMap::new();
        let made = Poller { raw, members, resolver, config: config.clone(), tls, next_key: 0, pulled: None };
        // SAFETY: both are alive, and the descriptor stays open as long as the poller is used.
        unsafe { made.done(sys::spectacles_poller_watch(made.raw(), made.resolver.fd().as_raw_fd())) }?;
        Ok(made)
    }

    fn raw(&self) -> *mut sys::spectacles_poller {
        self.raw.as_ptr()
    }

    /// Adds an engine. Its connection is made from the next [`Poller::process`] on.
    pub fn add(&mut self, engine: E) -> Result<Key> {
        let key = self.next_key;
        // SAFETY: the engine is kept beside the link.
        let link = unsafe { Handle::new(engine.stream_handle(), &self.config, self.tls.as_ref()) }?;
        // SAFETY: the poller and the link are alive.
        unsafe { self.done(sys::spectacles_poller_add(self.raw(), link.raw(), key)) }?;
        self.members.insert(key, Member { link, engine });
        self.next_key += 1;
        Ok(Key(key))
    }

    /// Takes an engine out, and closes its connection.
    pub fn remove(&mut self, key: Key) -> Option<E> {
        self.members.remove(&key.0).map(|member| member.engine)
    }

    /// An engine, for the calls that may be made at any time.
    pub fn engine(&self, key: Key) -> Option<&E> {
        self.members.get(&key.0).map(|member| &member.engine)
    }

    /// The keys of all engines.
    pub fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        self.members.keys().map(|key| Key(*key))
    }

    /// The address of a connection, for a log.
    pub fn peer(&self, key: Key) -> Option<String> {
        self.members.get(&key.0).map(|member| member.link.peer())
    }

    /// The descriptor that stands for all connections: readable when [`Poller::process`] has something to do. It may be
    /// watched edge-triggered. `None` on a system that has no such descriptor.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        // SAFETY: the poller is alive, and its descriptor never changes.
        unsafe {
            let fd = sys::spectacles_poller_fd(self.raw());
            (fd >= 0).then(|| BorrowedFd::borrow_raw(fd))
        }
    }

    /// When [`Poller::process`] is to be called at the latest.
    pub fn deadline(&self) -> Time {
        // SAFETY: the poller is alive.
        let own = Time::from_millis(unsafe { sys::spectacles_poller_deadline(self.raw()) });
        own.min(self.resolver.deadline())
    }

    /// Waits until there is something to do, or `until`; at most five seconds.
    pub fn wait(&self, until: Time) -> Result<()> {
        let until = until.min(self.resolver.deadline());
        // SAFETY: the poller is alive.
        unsafe { self.done(sys::spectacles_poller_wait(self.raw(), until.as_millis(), Time::now().as_millis())) }
    }

    /// Moves bytes, and answers who wants addresses. Pull the events after it.
    pub fn process(&mut self, now: Time) -> Result<()> {
        // SAFETY: the poller is alive, and no event of its engines is, because it is borrowed exclusively.
        unsafe { self.done(sys::spectacles_poller_process(self.raw(), now.as_millis())) }?;
        self.answer(now)
    }

    fn answer(&mut self, now: Time) -> Result<()> {
        while let Some(answer) = self.resolver.next_answer(now) {
            let wants = |member: &&Member<E>| member.link.wants_address().as_deref() == Some(answer.host.as_str());
            for member in self.members.values().filter(wants) {
                match &answer.result {
                    Ok(addresses) => member.link.set_address(addresses)?,
                    Err(why) => member.link.set_no_address(why),
                }
            }
        }
        Ok(())
    }

    /// The next event of any engine, with the key of the engine, and the engine, whose calls may be made while the event is
    /// read. Before it returns `None`, it writes what was published and acknowledged meanwhile. Pull until there is none.
    pub fn next_event(&mut self, now: Time) -> Option<(Key, Event<'_, E>, &E)> {
        let (key, raw) = self.pull_next(now)?;
        let engine = &self.members.get(&key)?.engine;
        // SAFETY: the event is valid until the next pull or the next process, which need the poller exclusively.
        unsafe { Event::of(raw) }.map(|event| (Key(key), event, engine))
    }

    fn pull_next(&mut self, now: Time) -> Option<(u64, *const E::Raw)> {
        loop {
            if let Some(found) = self.pull_same(now) {
                return Some(found);
            }
            match self.next_ready(now) {
                Some(key) => self.pulled = Some(key),
                None => {
                    self.flush(now);
                    return None;
                }
            }
        }
    }

    /// The next event of the engine that was pulled last.
    fn pull_same(&mut self, now: Time) -> Option<(u64, *const E::Raw)> {
        let key = self.pulled?;
        let raw = self.members.get(&key).map_or(std::ptr::null(), |member| member.engine.pull(now));
        if raw.is_null() {
            self.pulled = None;
        }
        self.pulled.map(|key| (key, raw))
    }

    /// An engine that may have events. Its link may want an address too.
    fn next_ready(&mut self, now: Time) -> Option<u64> {
        let mut key = 0;
        // SAFETY: the poller is alive.
        let link = unsafe { sys::spectacles_poller_next_link(self.raw(), &mut key) };
        if link.is_null() {
            return None;
        }
        let member = self.members.get(&key)?;
        if let Some(host) = member.link.wants_address() {
            if let Err(why) = self.resolver.ask(&host, now) {
                member.link.set_no_address(&why.to_string());
            }
        }
        Some(key)
    }

    fn flush(&self, now: Time) {
        // SAFETY: the poller is alive. Memory that runs out here is tried again by the next process.
        unsafe { sys::spectacles_poller_flush(self.raw(), now.as_millis()) };
    }

    /// Changes for how long what arrives may wait.
    pub fn set_latency_budget(&self, budget: Duration) -> Result<()> {
        // SAFETY: the poller is alive.
        unsafe { self.done(sys::spectacles_poller_set_latency_budget(self.raw(), millis(budget))) }
    }

    /// # Safety
    ///
    /// `result` is of a call on this poller, the last one.
    unsafe fn done(&self, result: std::os::raw::c_int) -> Result<()> {
        check(result, || sys::spectacles_poller_last_error(self.raw())).map(drop)
    }
}

impl<E: Streamed> Drop for Poller<E> {
    fn drop(&mut self) {
        // SAFETY: made by spectacles_poller_new(), and freed once. Its links are freed before or after it.
        unsafe { sys::spectacles_poller_free(self.raw()) }
    }
}

/// A shard or a broker with its connection: TCP, TLS, proxies, and the look-up of host names.
///
/// The calls of the engine that may be made at any time are reached through the connection.
/// [`Connection::into_async`](crate::Connection::into_async) hands it to tokio.
///
/// ```no_run
/// use spectacles::{broker, Broker, BrokerConfig, LinkConfig, Subscription};
///
/// let broker = Broker::new(&BrokerConfig::new(["amqp://guest:guest@localhost"]))?;
/// broker.subscribe(&Subscription::new("MESSAGE_CREATE"))?;
/// let mut connection = broker.connect(&LinkConfig::new())?;
/// while let Some((event, broker)) = connection.next()? {
///     if let broker::Kind::Message(message) = event.kind() {
///         println!("{}", String::from_utf8_lossy(message.body()));
///         broker.ack(message.delivery())?;
///     }
/// }
/// # Ok::<(), spectacles::Error>(())
/// ```
///
/// A connection may be sent to another thread, and its events may not:
///
/// ```
/// fn is_send<T: Send>() {}
/// is_send::<spectacles::Connection<spectacles::Broker>>();
/// ```
///
/// ```compile_fail,E0277
/// fn is_send<T: Send>() {}
/// is_send::<spectacles::broker::Event<'static>>();
/// ```
pub struct Connection<E: Streamed> {
    poller: Poller<E>,
    key: Key,
}

impl Broker {
    /// Connects the broker over TCP or TLS, as its URL says.
    pub fn connect(self, config: &LinkConfig) -> Result<Connection<Broker>> {
        Connection::new(self, config)
    }
}

impl Shard {
    /// Connects the shard over TCP or TLS, as its URL says.
    pub fn connect(self, config: &LinkConfig) -> Result<Connection<Shard>> {
        Connection::new(self, config)
    }
}

impl<E: Streamed> Connection<E> {
    /// Connects an engine.
    pub fn new(engine: E, config: &LinkConfig) -> Result<Connection<E>> {
        let mut poller = Poller::new(config)?;
        let key = poller.add(engine)?;
        Ok(Connection { poller, key })
    }

    /// The descriptor of the connection: see [`Poller::fd`].
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.poller.fd()
    }

    /// When [`Connection::process`] is to be called at the latest.
    pub fn deadline(&self) -> Time {
        self.poller.deadline()
    }

    /// Waits until there is something to do, or `until`; at most five seconds.
    pub fn wait(&self, until: Time) -> Result<()> {
        self.poller.wait(until)
    }

    /// Moves bytes. Pull the events after it.
    pub fn process(&mut self, now: Time) -> Result<()> {
        self.poller.process(now)?;
        // One engine is pulled in each turn: calls of its owner may have led to events.
        self.poller.pulled = Some(self.key.0);
        Ok(())
    }

    /// The next event, and the engine, whose calls may be made while the event is read. Pull until there is none.
    pub fn next_event(&mut self, now: Time) -> Option<(Event<'_, E>, &E)> {
        self.poller.next_event(now).map(|(_, event, engine)| (event, engine))
    }

    pub(crate) fn pull_next(&mut self, now: Time) -> *const E::Raw {
        self.poller.pull_next(now).map_or(std::ptr::null(), |(_, raw)| raw)
    }

    /// Waits for the next event. `None`: the engine has come to its end, and told everything. Blocks.
    #[allow(clippy::should_implement_trait)] // an event is borrowed, which no iterator could do
    pub fn next(&mut self) -> Result<Option<(Event<'_, E>, &E)>> {
        let raw = loop {
            let raw = self.pull_next(Time::now());
            if !raw.is_null() || self.is_over() {
                break raw;
            }
            self.wait(Time::NEVER)?;
            self.process(Time::now())?;
        };
        // SAFETY: the event is valid until the next pull or the next process, which need the connection exclusively.
        Ok(unsafe { Event::of(raw) }.map(|event| (event, &**self)))
    }

    /// The engine has come to a final state.
    pub fn is_over(&self) -> bool {
        HasStream::is_over(&**self)
    }

    /// The address of the connection, for a log.
    pub fn peer(&self) -> String {
        self.poller.peer(self.key).unwrap_or_default()
    }

    /// Takes the engine out, and closes its connection.
    pub fn into_engine(mut self) -> E {
        self.poller.remove(self.key).expect("it has its engine until now")
    }
}

impl<E: Streamed> Deref for Connection<E> {
    type Target = E;

    fn deref(&self) -> &E {
        self.poller.engine(self.key).expect("it has its engine until it is taken out")
    }
}

impl<E: Streamed + fmt::Debug> fmt::Debug for Connection<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection {:?}", **self)
    }
}
