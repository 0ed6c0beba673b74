package spectacles

// #include "engine.h"
import "C"

import (
	"context"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	// longestWait is that of spectacles_poll_timeout: the clock of timers stands still while the machine is suspended.
	longestWait = 5 * time.Second
	// soon is how long acknowledgements wait for others, so that they leave together.
	soon = time.Millisecond
	// lookupTimeout is that of a name.
	lookupTimeout = 20 * time.Second
)

// How an engine was woken.
const (
	notWoken int32 = iota
	wokenSoon
	wokenNow
)

var longAgo = time.Unix(1, 0)

// driver is a kind of engine: what it does with its events. All of it is called with engine.mu held.
type driver interface {
	hasRoom() bool            // for events
	prepare()                 // before a turn
	take(item *C.sgo_item)    // an event
	deliver() (notify func()) // all events of a turn are taken; notify is called without the lock
	finish()                  // the engine has come to its end
}

// engine runs a handle of the library, on a goroutine of its own. The goroutine refers to the engine and its driver, and
// not to what the user holds, so that the garbage collector can take that one.
type engine struct {
	mu     sync.Mutex    // of c: a handle belongs to one goroutine at a time
	c      *C.sgo_engine // nil: it is closed
	driver driver
	armed  time.Time // when the timer of the descriptor goes off at the latest
	host   string    // that is being looked up
	isOver bool
	ended  chan struct{} // closed when the goroutine is gone, or never will be

	file      atomic.Pointer[os.File] // its descriptor, in the poller of Go; nil: it was not started
	raw       syscall.RawConn
	woken     atomic.Int32
	soonArmed atomic.Bool // the timer goes off within `soon`
}

func (e *engine) init(c *C.sgo_engine, driver driver) {
	e.c, e.driver, e.ended = c, driver, make(chan struct{})
}

// start begins the goroutine, once.
func (e *engine) start() error {
	if e.file.Load() != nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.c == nil || e.file.Load() != nil {
		return nil
	}
	file := os.NewFile(uintptr(C.sgo_engine_fd(e.c)), "spectacles")
	if file == nil {
		return &Error{ErrSystem, "the system gives no descriptor: too many files are open"}
	}
	if err := file.SetReadDeadline(time.Now().Add(longestWait)); err != nil {
		file.Close()
		return &Error{ErrSystem, "the poller of Go does not watch the descriptor: " + err.Error()}
	}
	raw, err := file.SyscallConn()
	if err != nil {
		file.Close()
		return &Error{ErrSystem, err.Error()}
	}
	e.raw = raw
	e.file.Store(file)
	go e.run(file)
	return nil
}

func (e *engine) run(file *os.File) {
	defer close(e.ended)
	defer file.Close()
	for !e.rearm(file) {
		e.raw.Read(e.step) // returns when a deadline has passed, which wake sets, or when step is to be called again
	}
}

// rearm begins a wait. True: there is none any more.
func (e *engine) rearm(file *os.File) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.armed = time.Now().Add(longestWait)
	e.soonArmed.Store(false)
	file.SetReadDeadline(e.armed)
	return e.isOver
}

// step is called when the descriptor is readable, and once before each wait. False: wait for the descriptor.
func (e *engine) step(uintptr) bool {
	e.mu.Lock()
	timeout, notify := e.turn()
	for timeout == 0 && !e.isOver {
		e.mu.Unlock() // somebody else may have something to do
		if notify != nil {
			notify()
		}
		e.mu.Lock()
		timeout, notify = e.turn()
	}
	e.arm(timeout)
	isOver := e.isOver
	e.mu.Unlock()
	if notify != nil {
		notify()
	}
	return isOver || e.woken.Load() != notWoken
}

// arm sees to it that the wait ends in time. A timer that goes off too early only leads to another turn.
func (e *engine) arm(timeout time.Duration) {
	if timeout < 0 || timeout > longestWait {
		return
	}
	if at := time.Now().Add(timeout); at.Before(e.armed) {
		e.armed = at
		e.soonArmed.Store(false) // in its place: whoever has armed it is seen by woken
		e.file.Load().SetReadDeadline(at)
	}
}

// help makes the turn that was to come soon. Somebody is about to wait, and nobody else has to be woken for it.
func (e *engine) help() {
	if e.woken.Load() != wokenSoon || e.file.Load() == nil {
		return
	}
	if !e.mu.TryLock() {
		e.wake()
		return
	}
	timeout, notify := e.turn()
	e.arm(timeout)
	again := timeout == 0 || e.isOver || e.woken.Load() != notWoken
	e.mu.Unlock()
	if notify != nil {
		notify()
	}
	if again {
		e.wakeAnew()
	}
}

// turn moves bytes and takes events, with the lock. It returns how long to wait, -1 for no limit.
func (e *engine) turn() (timeout time.Duration, notify func()) {
	e.woken.Store(notWoken)
	if e.c == nil || e.isOver {
		e.isOver = true
		return -1, nil
	}
	work := C.int(C.SGO_MOVE)
	for {
		if e.driver.hasRoom() {
			work |= C.SGO_PULL
		}
		e.driver.prepare()
		count := int(C.sgo_turn(e.c, work))
		if count < 0 {
			panic("spectacles: out of memory")
		}
		for i := range unsafe.Slice(&e.c.items[0], count) {
			e.driver.take(&e.c.items[i])
		}
		isFull := work&C.SGO_PULL != 0 && (count == C.SGO_ITEMS || e.c.length >= C.SGO_BYTES)
		notify = both(notify, e.driver.deliver())
		if !isFull {
			break
		}
		work = 0
	}
	if e.c.is_over != 0 {
		e.isOver = true
		e.driver.finish()
		return -1, notify
	}
	e.lookUp()
	return time.Duration(e.c.timeout) * time.Millisecond, notify
}

func both(first, second func()) func() {
	if first == nil {
		return second
	}
	if second == nil {
		return first
	}
	return func() { first(); second() }
}

// lookUp asks for the addresses of a host that the link wants, once.
func (e *engine) lookUp() {
	host := textAt(e.c.host)
	if host == e.host {
		return
	}
	e.host = host
	if host != "" {
		go e.resolve(host)
	}
}

func (e *engine) resolve(host string) {
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.c == nil || host != e.host {
		return
	}
	e.host = ""
	var memory scratch
	defer memory.free()
	if err == nil {
		text, length := memory.chars(strings.Join(addresses, " "))
		C.sgo_answer(e.c, text, nil, length)
	} else {
		text, length := memory.chars(why(err))
		C.sgo_answer(e.c, nil, text, length)
	}
	e.wake()
}

// why stands behind "can not find the host ..:".
func why(err error) string {
	if failure, ok := err.(*net.DNSError); ok {
		return failure.Err
	}
	return err.Error()
}

// wake leads to a turn at once.
func (e *engine) wake() {
	if file := e.file.Load(); file != nil && e.woken.Swap(wokenNow) != wokenNow {
		file.SetReadDeadline(longAgo)
	}
}

// wakeAnew is wake, when the goroutine may have missed the one before.
func (e *engine) wakeAnew() {
	e.woken.Store(wokenNow)
	e.file.Load().SetReadDeadline(longAgo)
}

// wakeSoon leads to a turn within a millisecond.
func (e *engine) wakeSoon() {
	file := e.file.Load()
	if file == nil || !e.woken.CompareAndSwap(notWoken, wokenSoon) {
		return
	}
	if e.soonArmed.CompareAndSwap(false, true) {
		file.SetReadDeadline(time.Now().Add(soon))
	}
}

// close frees the handle at once. It may be called at any time, again and again.
func (e *engine) close() {
	e.mu.Lock()
	if e.c != nil {
		C.sgo_engine_free(e.c)
		e.c = nil
		e.driver.finish()
		if e.file.Load() == nil {
			close(e.ended)
		}
	}
	e.mu.Unlock()
	e.wake()
}

// bytes of an event: a view that lasts as long as the turn.
func (e *engine) bytes(span C.sgo_span) []byte {
	return view(e.c.bytes, e.c.length)[span.at : span.at+span.length]
}

func (e *engine) text(span C.sgo_span) string {
	if span.length == 0 {
		return ""
	}
	return string(e.bytes(span))
}

// copied is memory of Go.
func (e *engine) copied(span C.sgo_span) []byte {
	return append([]byte(nil), e.bytes(span)...)
}

// names are texts that come again and again, such as those of events.
type names map[string]string

const namesMax = 256

func (n names) of(bytes []byte) string {
	if known, ok := n[string(bytes)]; ok {
		return known
	}
	made := string(bytes)
	if len(n) < namesMax {
		n[made] = made
	}
	return made
}
