package spectacles

import "context"

// waiter waits for the answer to one call.
type waiter[T any] struct {
	answers chan answer[T]
}

type answer[T any] struct {
	value T
	err   error
}

// waiters are those of an engine, by their tickets or tags. The engine's lock guards all calls but wait.
type waiters[T any] struct {
	waiting map[uint64]chan answer[T]
}

func (w *waiters[T]) add(number uint64) waiter[T] {
	if w.waiting == nil {
		w.waiting = map[uint64]chan answer[T]{}
	}
	made := waiter[T]{make(chan answer[T], 1)}
	w.waiting[number] = made.answers
	return made
}

func (w *waiters[T]) answer(number uint64, value T, err error) {
	if answers, ok := w.waiting[number]; ok {
		delete(w.waiting, number)
		answers <- answer[T]{value, err}
	}
}

// refuse is the end: nobody will be answered any more.
func (w *waiters[T]) refuse(err error) {
	for number := range w.waiting {
		var none T
		w.answer(number, none, err)
	}
}

// wait returns the answer, or the error of the context. The answer to somebody who has gone is dropped when it comes.
func (w waiter[T]) wait(ctx context.Context, crew crew) (value T, err error) {
	for ctx.Err() == nil {
		select {
		case answer := <-w.answers:
			return answer.value, answer.err
		default:
		}
		if !crew.wait(ctx, w.isThere) {
			return w.follow(ctx, crew)
		}
	}
	return value, ctx.Err()
}

func (w waiter[T]) isThere() bool { return len(w.answers) > 0 }

// follow waits for what somebody else's turns bring.
func (w waiter[T]) follow(ctx context.Context, crew crew) (value T, err error) {
	crew.follow()
	defer crew.unfollow()
	select {
	case answer := <-w.answers:
		return answer.value, answer.err
	case <-ctx.Done():
		return value, ctx.Err()
	}
}
