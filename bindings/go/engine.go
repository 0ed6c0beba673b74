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
	hasRoom() bool         // for events
	prepare()              // before a turn
	take(item *C.sgo_item) // an event
	deliver()              // all events of a turn are taken
	finish()               // the engine has come to its end
}

// engine runs a handle of the library (lead.go: on which goroutine). Its own goroutine refers to the engine and its driver,
// and not to what the user holds, so that the garbage collector can take that one.
type engine struct {
	mu     sync.Mutex    // of c: a handle belongs to one goroutine at a time
	c      *C.sgo_engine // nil: it is closed
	driver driver
	armed  time.Time // when the timer of the descriptor goes off at the latest
	host   string    // that is being looked up
	pieces pieces    // of the turn
	left   int       // items of the turn, with the one that is taken
	isOver bool
	ended  chan struct{} // closed when the goroutine is gone, or never will be

	file      atomic.Pointer[os.File] // its descriptor, in the poller of Go; nil: it was not started
	raw       syscall.RawConn
	woken     atomic.Int32
	soonArmed atomic.Bool // the timer goes off within `soon`
	hasCome   atomic.Bool // a turn has brought something: whoever leads looks at it
	lead      lead
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
	e.lead.init()
	e.file.Store(file)
	go e.keep(file)
	return nil
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

// step is called when the descriptor is readable, and once before each wait. False: wait for the descriptor. isDone: whoever
// has the lead does not go on.
func (e *engine) step(isDone func() bool) bool {
	e.mu.Lock()
	timeout := e.turn()
	for timeout == 0 && !e.isOver && !isDone() {
		e.mu.Unlock() // somebody else may have something to do
		e.mu.Lock()
		timeout = e.turn()
	}
	e.arm(timeout)
	isOver := e.isOver
	e.mu.Unlock()
	return isOver || e.woken.Load() != notWoken || isDone()
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
	timeout := e.turn()
	e.arm(timeout)
	again := timeout == 0 || e.isOver || e.woken.Load() != notWoken || e.hasCome.Load() && e.lead.is(caller)
	e.mu.Unlock()
	if again {
		e.wakeAnew()
	}
}

// turn moves bytes and takes events, with the lock. It returns how long to wait, -1 for no limit.
func (e *engine) turn() time.Duration {
	e.woken.Store(notWoken)
	if e.c == nil || e.isOver {
		e.isOver = true
		return -1
	}
	for work := C.int(C.SGO_MOVE); e.part(work); work = 0 {
	}
	if e.c.is_over != 0 {
		e.isOver = true
		e.driver.finish()
		return -1
	}
	e.lookUp()
	return time.Duration(e.c.timeout) * time.Millisecond
}

// part of a turn: one call of C. It returns whether there may be more events.
func (e *engine) part(work C.int) bool {
	if e.driver.hasRoom() {
		work |= C.SGO_PULL
	}
	e.driver.prepare()
	count := int(C.sgo_turn(e.c, work))
	if count < 0 {
		panic("spectacles: out of memory")
	}
	for i := range unsafe.Slice(&e.c.items[0], count) {
		e.left = count - i
		e.driver.take(&e.c.items[i])
	}
	e.pieces = pieces{}
	if count > 0 {
		e.hasCome.Store(true)
	}
	e.driver.deliver()
	return work&C.SGO_PULL != 0 && (count == C.SGO_ITEMS || e.c.data.length >= C.SGO_BYTES)
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
	if e.file.Load() != nil && e.woken.Swap(wokenNow) != wokenNow {
		e.wakeAnew()
	}
}

// wakeAnew is wake, when whoever has the lead may have missed the one before.
func (e *engine) wakeAnew() {
	e.woken.Store(wokenNow)
	e.lead.mu.Lock()
	defer e.lead.mu.Unlock()
	if !e.lead.call() {
		e.file.Load().SetReadDeadline(longAgo)
	}
}

// wakeSoon leads to a turn within some milliseconds.
func (e *engine) wakeSoon() {
	if e.woken.Load() != notWoken {
		return
	}
	file := e.file.Load()
	if file == nil || !e.woken.CompareAndSwap(notWoken, wokenSoon) {
		return
	}
	e.lead.mu.Lock()
	isLed := e.lead.holder != nobody
	e.lead.mu.Unlock()
	if isLed && e.soonArmed.CompareAndSwap(false, true) {
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
	return view(e.c.texts.bytes, e.c.texts.length)[span.at : span.at+span.length]
}

// pieces are parts of what a turn has copied, in memory of Go. Neighbours share a piece: an allocation for each of them
// would cost more than all that an engine does for it.
type pieces struct {
	data            []byte
	texts           string
	dataAt, textsAt C.size_t // where in the turn they begin
}

const (
	dataPiece = 16 * 1024
	textPiece = 4 * 1024
)

// pieceOf is where a piece ends that begins with the span.
func pieceOf(span C.sgo_span, size, length C.size_t) C.size_t {
	if span.length > size {
		size = span.length
	}
	if left := length - span.at; size > left {
		size = left
	}
	return span.at + size
}

func (e *engine) text(span C.sgo_span) string {
	if span.length == 0 {
		return ""
	}
	p := &e.pieces
	if span.at < p.textsAt || span.at+span.length > p.textsAt+C.size_t(len(p.texts)) {
		end := pieceOf(span, textPiece, e.c.texts.length)
		p.textsAt, p.texts = span.at, string(view(e.c.texts.bytes, end)[span.at:])
	}
	at := span.at - p.textsAt
	return p.texts[at : at+span.length]
}

// data of an event, in memory of Go.
func (e *engine) data(span C.sgo_span) []byte {
	if span.length == 0 {
		return nil
	}
	p := &e.pieces
	if span.at < p.dataAt || span.at+span.length > p.dataAt+C.size_t(len(p.data)) {
		end := pieceOf(span, dataPiece, e.c.data.length)
		p.dataAt, p.data = span.at, append([]byte(nil), view(e.c.data.bytes, end)[span.at:]...)
	}
	at := span.at - p.dataAt
	return p.data[at : at+span.length : at+span.length]
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
