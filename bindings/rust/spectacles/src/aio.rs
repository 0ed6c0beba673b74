//! Gateways and connections as tokio's.
use crate::error::{Error, ErrorKind, Result};
use crate::event::sealed::Pull;
use crate::{sys, Connection, Event, Gateway, OwnedEvent, Relay, Streamed, Time};
use futures_core::Stream;
use std::future::Future;
use std::io;
use std::ops::Deref;
use std::os::unix::io::{AsRawFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::io::Interest;
use tokio::time::{Instant, Sleep};

/// What tokio drives: a [`Gateway`] or a [`Connection`]. Nobody else can implement it.
pub trait Driven: sealed::Turns {}

impl Driven for Gateway {}
impl<E: Streamed> Driven for Connection<E> {}

pub(crate) mod sealed {
    use super::*;

    /// The loop of a handle: the same for all.
    pub trait Turns {
        /// Whose events come: [`Relay`] for a gateway.
        type Told: Pull;
        /// Whose calls may be made while an event is read.
        type Calls: ?Sized;

        fn raw_fd(&self) -> Option<RawFd>;
        fn due(&self) -> Time;
        fn turn(&mut self, now: Time) -> Result<()>;
        fn pull_raw(&mut self, now: Time) -> *const <Self::Told as Pull>::Raw;
        fn ended(&self) -> bool;
        fn calls(&self) -> &Self::Calls;
    }
}

use sealed::Turns;

impl Turns for Gateway {
    type Told = Relay;
    type Calls = Gateway;

    fn raw_fd(&self) -> Option<RawFd> {
        self.fd().map(|fd| fd.as_raw_fd())
    }

    fn due(&self) -> Time {
        self.deadline()
    }

    fn turn(&mut self, now: Time) -> Result<()> {
        self.process(now)
    }

    fn pull_raw(&mut self, now: Time) -> *const sys::spectacles_relay_event {
        self.pull(now)
    }

    fn ended(&self) -> bool {
        self.stopped()
    }

    fn calls(&self) -> &Gateway {
        self
    }
}

impl<E: Streamed> Turns for Connection<E> {
    type Told = E;
    type Calls = E;

    fn raw_fd(&self) -> Option<RawFd> {
        self.fd().map(|fd| fd.as_raw_fd())
    }

    fn due(&self) -> Time {
        self.deadline()
    }

    fn turn(&mut self, now: Time) -> Result<()> {
        self.process(now)
    }

    fn pull_raw(&mut self, now: Time) -> *const E::Raw {
        self.pull_next(now)
    }

    fn ended(&self) -> bool {
        self.is_over()
    }

    fn calls(&self) -> &E {
        self
    }
}

/// The descriptor of a handle, as tokio wants it. It stays open as long as the handle.
struct Watched(RawFd);

impl AsRawFd for Watched {
    fn as_raw_fd(&self) -> RawFd {
        self.0
    }
}

/// A [`Gateway`] or a [`Connection`] that tokio drives: tokio watches one descriptor, edge-triggered, and no thread is
/// started for it.
///
/// [`Async::next`] gives the events, and drives everything: connections, heartbeats, acknowledgements. A program that does
/// not call it for some seconds answers no heartbeat, and loses its connections. It can be cancelled at any time
/// (`tokio::select!`), and no event is lost by that.
///
/// All calls of the handle that may be made at any time are reached through it. A call takes effect when `next()` is
/// polled the next time.
///
/// As a [`Stream`] it gives copies of the events.
pub struct Async<T: Driven> {
    watched: AsyncFd<Watched>, // goes before the handle, which closes the descriptor
    timer: Pin<Box<Sleep>>,
    timer_due: Time,
    pulls: bool,
    yielded: bool,
    handle: T,
}

impl Gateway {
    /// Hands the gateway to tokio, in whose runtime this is called.
    pub fn into_async(self) -> io::Result<Async<Gateway>> {
        Async::new(self)
    }
}

impl<E: Streamed> Connection<E> {
    /// Hands the connection to tokio, in whose runtime this is called.
    pub fn into_async(self) -> io::Result<Async<Connection<E>>> {
        Async::new(self)
    }
}

impl<T: Driven> Async<T> {
    /// Hands a handle to tokio, in whose runtime this is called. It fails on a system without epoll and kqueue, and for a
    /// gateway without links.
    pub fn new(handle: T) -> io::Result<Async<T>> {
        let no_descriptor = || io::Error::new(io::ErrorKind::Unsupported, "the handle has no descriptor to watch");
        let fd = handle.raw_fd().ok_or_else(no_descriptor)?;
        // Its successor is unsafe, and not in the tokio that builds with Rust 1.63. `Watched` keeps the promise.
        #[allow(deprecated)]
        let watched = AsyncFd::with_interest(Watched(fd), Interest::READABLE)?;
        let timer = Box::pin(tokio::time::sleep(Duration::ZERO));
        Ok(Async { watched, timer, timer_due: Time::NEVER, pulls: true, yielded: false, handle })
    }

    /// Waits for the next event, and drives everything meanwhile. It comes with the handle, whose calls may be made while
    /// the event is read. `None`: the handle has come to its end, and told everything.
    ///
    /// It can be cancelled at any time: no event is lost.
    pub async fn next(&mut self) -> Result<Option<(Event<'_, T::Told>, &T::Calls)>> {
        let raw = NextRaw(self).await?;
        let this = &*self;
        // SAFETY: the event is valid until the next pull or turn, which need this exclusively.
        Ok(unsafe { Event::of(raw.0) }.map(|event| (event, this.handle.calls())))
    }

    /// The handle, which tokio drives no more.
    pub fn into_inner(self) -> T {
        self.handle
    }

    /// NULL: the end.
    fn poll_raw(&mut self, context: &mut Context<'_>) -> Poll<Result<*const <T::Told as Pull>::Raw>> {
        loop {
            let now = Time::now();
            let raw = if self.pulls { self.handle.pull_raw(now) } else { std::ptr::null() };
            self.pulls = !raw.is_null();
            if self.pulls || self.handle.ended() {
                return Poll::Ready(Ok(raw));
            }
            if self.handle.due() > now {
                futures_core::ready!(self.poll_due(now, context))?;
            } else if !self.yielded {
                // There is more to do at once: other tasks have their turn in between.
                self.yielded = true;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.yielded = false;
            self.handle.turn(Time::now())?;
            self.pulls = true;
        }
    }

    /// Ready when the descriptor is, or the deadline has passed.
    fn poll_due(&mut self, now: Time, context: &mut Context<'_>) -> Poll<Result<()>> {
        if let Poll::Ready(guard) = self.watched.poll_read_ready(context) {
            // Cleared before the bytes are read: what comes meanwhile is an edge of its own.
            guard.map_err(|why| Error::new(ErrorKind::System, why.to_string()))?.clear_ready();
            return Poll::Ready(Ok(()));
        }
        self.set_timer(now);
        let rang = self.timer.as_mut().poll(context);
        if rang.is_ready() {
            self.timer_due = Time::NEVER; // it has to be set before it is polled again
        }
        rang.map(Ok)
    }

    /// A timer that rings too early does no harm, and costs less than one that is set again for each event.
    fn set_timer(&mut self, now: Time) {
        // SAFETY: has no conditions. Tokio's clock stands still while the machine is suspended: never more than 5 s.
        let left = unsafe { sys::spectacles_poll_timeout(self.handle.due().as_millis(), now.as_millis()) };
        let left = u64::try_from(left).unwrap_or(5000);
        let due = Time::from_millis(now.as_millis() + left);
        if due < self.timer_due {
            self.timer.as_mut().reset(Instant::now() + Duration::from_millis(left));
            self.timer_due = due;
        }
    }
}

/// An event on its way out of a future.
struct Pulled<R>(*const R);

// SAFETY: the event belongs to the handle, which is sent along with the future.
unsafe impl<R> Send for Pulled<R> {}

struct NextRaw<'a, T: Driven>(&'a mut Async<T>);

impl<T: Driven> Future for NextRaw<'_, T> {
    type Output = Result<Pulled<<T::Told as Pull>::Raw>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_raw(context).map_ok(Pulled)
    }
}

impl<T: Driven> Deref for Async<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.handle
    }
}

impl<T: Driven + Unpin> Stream for Async<T> {
    type Item = Result<OwnedEvent<T::Told>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let raw = match futures_core::ready!(self.poll_raw(context)) {
            Ok(raw) => raw,
            Err(why) => return Poll::Ready(Some(Err(why))),
        };
        // SAFETY: the event is valid until the next pull.
        Poll::Ready(unsafe { Event::<T::Told>::of(raw) }.map(|event| Ok(event.to_owned())))
    }
}
