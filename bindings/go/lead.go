package spectacles

import (
	"context"
	"os"
	"sync"
	"time"
)

// One goroutine at a time waits for the descriptor of an engine, and makes its turns: it has the lead. A caller that has
// nothing to do but to wait takes the lead. To wake another goroutine for what has come costs more than what has come.
// While several callers wait, or none, the keeper has the lead: the goroutine of the engine.

// lull is how long nobody has the lead after a caller has got what it waited for: soon it waits again.
const lull = 5 * time.Millisecond

type holder int

const (
	nobody holder = iota
	keeper
	caller
)

// lead is who has it. Its lock is taken behind that of the engine, never the other way round.
type lead struct {
	mu        sync.Mutex
	holder    holder
	followers int           // callers that wait without it
	begin     chan struct{} // to the keeper: it has the lead
	given     chan struct{} // from the keeper: a caller has the lead
	isPatient bool          // the timer runs
	timer     *time.Timer
	watched   <-chan struct{} // the end of the context of the last caller
	unwatch   chan struct{}
}

func (l *lead) init() {
	l.holder, l.begin, l.given = keeper, make(chan struct{}, 1), make(chan struct{}, 1)
	l.timer = time.AfterFunc(time.Hour, l.tick)
	l.timer.Stop()
}

// call gives the lead to the keeper, unless somebody has it. l.mu is held.
func (l *lead) call() bool {
	if l.holder != nobody {
		return false
	}
	l.holder = keeper
	l.begin <- struct{}{}
	return true
}

func (l *lead) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isPatient = false
	l.call()
}

func (l *lead) is(wanted holder) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.holder == wanted
}

// ---- the keeper ----

// keep is the goroutine of an engine.
func (e *engine) keep(file *os.File) {
	defer close(e.ended)
	defer file.Close()
	for !e.rearm(file) {
		e.raw.Read(e.keeperStep) // returns when a deadline has passed, which wake sets, or when a step has ended the wait
		if !e.lead.is(keeper) {
			e.lead.given <- struct{}{}
			<-e.lead.begin
		}
	}
}

func (e *engine) keeperStep(uintptr) bool { return e.step(e.isCalled) }

func (e *engine) isCalled() bool { return !e.lead.is(keeper) }

// ---- a caller that has the lead ----

// wait makes turns until one has brought something, or the context has ended. False: somebody else makes the turns. isThere:
// whether what is waited for has come. That is asked once more with the lead, because the turns of before were others'.
func (e *engine) wait(ctx context.Context, isThere func() bool) bool {
	file := e.file.Load()
	if file == nil || !e.seize(file) {
		return false
	}
	e.watch(ctx)
	e.hasCome.Store(false)
	isOver := false
	for !isThere() && !e.hasCome.Load() && !isOver && ctx.Err() == nil {
		err := e.raw.Read(e.callerStep)
		isOver = err != nil && e.rearm(file) || e.hasEnded()
	}
	e.leave(isOver)
	return true
}

func (e *engine) callerStep(uintptr) bool { return e.step(e.hasCome.Load) }

func (e *engine) hasEnded() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.isOver
}

// seize takes the lead, if nobody else waits. The keeper gives it up at once.
func (e *engine) seize(file *os.File) bool {
	l := &e.lead
	l.mu.Lock()
	had := l.holder
	if l.followers > 0 || had == caller {
		l.mu.Unlock()
		return false
	}
	l.holder = caller
	if had == keeper {
		file.SetReadDeadline(longAgo)
	}
	l.mu.Unlock()
	if had != keeper {
		return true
	}
	select {
	case <-l.given:
	case <-e.ended:
		return false
	}
	e.rearm(file)
	return true
}

// leave gives the lead up. What has to be done at once is for the keeper.
func (e *engine) leave(isOver bool) {
	l := &e.lead
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holder = nobody
	if isOver || l.followers > 0 || e.woken.Load() == wokenNow {
		l.call()
	} else if !l.isPatient {
		l.isPatient = true
		l.timer.Reset(lull)
	}
}

// watch sees to it that the end of the context ends the wait. The same context again costs nothing.
func (e *engine) watch(ctx context.Context) {
	l, done := &e.lead, ctx.Done()
	l.mu.Lock()
	defer l.mu.Unlock()
	if done == l.watched {
		return
	}
	if l.unwatch != nil {
		close(l.unwatch)
	}
	l.watched, l.unwatch = done, nil
	if done != nil {
		l.unwatch = make(chan struct{})
		go e.interrupt(done, l.unwatch)
	}
}

func (e *engine) interrupt(done <-chan struct{}, unwatch chan struct{}) {
	select {
	case <-done:
	case <-unwatch:
	case <-e.ended:
	}
	e.lead.mu.Lock()
	defer e.lead.mu.Unlock()
	if e.lead.holder == caller && e.lead.watched == done {
		e.file.Load().SetReadDeadline(longAgo)
	}
}

// ---- callers that have it not ----

// follow begins a wait for what somebody else's turns bring; unfollow ends it.
func (e *engine) follow() {
	e.lead.mu.Lock()
	e.lead.followers++
	isCalled := e.file.Load() != nil && e.lead.call()
	e.lead.mu.Unlock()
	if !isCalled {
		e.help()
	}
}

func (e *engine) unfollow() {
	e.lead.mu.Lock()
	defer e.lead.mu.Unlock()
	e.lead.followers--
}

// await waits for what a turn ends, as a follower.
func (e *engine) await(ctx context.Context, over <-chan struct{}) error {
	e.follow()
	defer e.unfollow()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
