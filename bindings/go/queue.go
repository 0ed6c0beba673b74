package spectacles

import (
	"context"
	"sync"
)

// queueRoom is how many events wait for Next before no more are taken.
const queueRoom = 256

// queue is what an engine hands out, to any number of goroutines.
type queue[T any] struct {
	mu      sync.Mutex
	items   []T
	head    int
	waiting int
	isFull  bool
	end     error
	ready   chan struct{} // one of those who wait may look
	ended   chan struct{}
	room    func() // there is room again
	crew    crew
}

// crew is who makes the turns that bring items: an engine (lead.go).
type crew interface {
	// wait makes turns itself until isThere; false: somebody else does.
	wait(ctx context.Context, isThere func() bool) bool
	follow()
	unfollow()
}

func newQueue[T any](room func(), crew crew) *queue[T] {
	return &queue[T]{ready: make(chan struct{}, 1), ended: make(chan struct{}), room: room, crew: crew}
}

// hasRoom is asked by the engine; after a false, room is called once there is some.
func (q *queue[T]) hasRoom() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.isFull = len(q.items)-q.head >= queueRoom
	return !q.isFull
}

// put gives all items to those who wait, and the slice back for the next ones.
func (q *queue[T]) put(items []T) []T {
	if len(items) == 0 {
		return items
	}
	q.mu.Lock()
	if q.head == len(q.items) {
		q.items, items = items, q.items[:0]
		q.head = 0
	} else {
		q.items = append(q.items, items...)
		items = clean(items)
	}
	waiting := q.waiting > 0
	q.mu.Unlock()
	if waiting {
		q.signal()
	}
	return items
}

// clean keeps the memory of a slice, and nothing of what was in it.
func clean[T any](items []T) []T {
	var none T
	for i := range items {
		items[i] = none
	}
	return items[:0]
}

func (q *queue[T]) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// finish is the end: those who wait get it behind the last item.
func (q *queue[T]) finish(end error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.end == nil {
		q.end = end
		close(q.ended)
	}
}

// take returns an item, or false; then, without an end, the caller counts as waiting.
func (q *queue[T]) take() (item T, found bool, end error) {
	q.mu.Lock()
	if q.head == len(q.items) {
		if q.end == nil {
			q.waiting++
		}
		end = q.end
		q.mu.Unlock()
		return item, false, end
	}
	var none T
	item, q.items[q.head] = q.items[q.head], none
	q.head++
	left := len(q.items) - q.head
	hasRoom := q.isFull && left <= queueRoom/2
	if hasRoom {
		q.isFull = false
	}
	others := left > 0 && q.waiting > 0
	q.mu.Unlock()
	if others {
		q.signal()
	}
	if hasRoom {
		q.room()
	}
	return item, true, nil
}

// isThere: next has something to return.
func (q *queue[T]) isThere() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.head < len(q.items) || q.end != nil
}

func (q *queue[T]) leave() {
	q.mu.Lock()
	q.waiting--
	q.mu.Unlock()
}

// next waits for an item, the end or the end of the context.
func (q *queue[T]) next(ctx context.Context) (item T, err error) {
	for {
		if err = ctx.Err(); err != nil {
			return item, err
		}
		item, found, end := q.take()
		if found || end != nil {
			return item, end
		}
		if !q.crew.wait(ctx, q.isThere) {
			q.follow(ctx)
		}
		q.leave()
	}
}

// follow waits for what somebody else's turns bring.
func (q *queue[T]) follow(ctx context.Context) {
	q.crew.follow()
	defer q.crew.unfollow()
	select {
	case <-q.ready:
	case <-q.ended:
	case <-ctx.Done():
	}
}
