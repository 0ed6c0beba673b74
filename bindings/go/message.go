package spectacles

// #include "engine.h"
import "C"

import (
	"context"
	"sync"
)

// Message is a delivery, or the reply to a call. Settle a delivery, by Ack or Reject, when its work is done.
type Message struct {
	Event         string // the routing key
	Body          []byte // as it came
	Format        Format // what the body seems to be in
	MessageID     string // the same for all copies
	ReplyTo       string // "": no reply is asked for
	CorrelationID string
	ContentType   string
	Expiration    string // milliseconds
	Priority      uint8
	Redelivered   bool // it may have been delivered before
	Headers       map[string]any

	delivery uint64
	broker   *broker
	mark     C.spectacles_copy_mark
}

// messagesTogether are made by one allocation.
const messagesTogether = 16

// blank is the next message of a turn.
func (b *broker) blank() *Message {
	if len(b.blanks) == 0 {
		count := messagesTogether
		if b.left < count {
			count = b.left
		}
		b.blanks = make([]Message, count)
	}
	made := &b.blanks[0]
	b.blanks = b.blanks[1:]
	return made
}

func (b *broker) message(item *C.sgo_item) *Message {
	made := b.blank()
	*made = Message{Event: b.names.of(b.bytes(item.name)), Body: b.data(item.data), Format: Format(item.format),
		MessageID: b.text(item.message_id), ReplyTo: b.text(item.reply_to), CorrelationID: b.text(item.correlation_id),
		Expiration: b.text(item.expiration), Priority: uint8(item.priority), Redelivered: item.redelivered != 0,
		delivery: uint64(item.delivery), broker: b, mark: item.mark}
	if item.content_type.length > 0 {
		made.ContentType = b.names.of(b.bytes(item.content_type))
	}
	if item.headers.length > 0 {
		reader := headerReader{b.bytes(item.headers)}
		made.Headers = reader.table()
	}
	return made
}

// Decode reads the body into a value, as package encoding/json does, whatever the format is.
func (m *Message) Decode(value any) error { return decode(m.Body, m.Format, value) }

// Ack says that the work is done. Acknowledgements leave together, when somebody waits again, and within some milliseconds.
// One of a delivery that is not ours any more does nothing: RabbitMQ has delivered it again.
func (m *Message) Ack() { m.broker.settle(m, C.SGO_ACK) }

// AckAll acknowledges the delivery, and all of its broker that were delivered before it and are still open.
func (m *Message) AckAll() { m.broker.settle(m, C.SGO_ACK_ALL) }

// Reject gives the delivery up: it is dropped, or goes to the dead-letter exchange of the queue.
func (m *Message) Reject() { m.broker.settle(m, C.SGO_REJECT) }

// Requeue gives the delivery back: RabbitMQ delivers it again, here or elsewhere.
func (m *Message) Requeue() { m.broker.settle(m, C.SGO_REQUEUE) }

// IsHeld says whether the delivery is still ours: not settled, and on a connection that stands. Otherwise RabbitMQ
// delivers it again.
func (m *Message) IsHeld() bool {
	m.broker.mu.Lock()
	defer m.broker.mu.Unlock()
	if m.broker.c == nil || m.broker.settlements.has(m.delivery) {
		return false
	}
	return C.spectacles_broker_holds(m.broker.c.broker, C.uint64_t(m.delivery)) != 0
}

// Reply answers a question: whoever called gets the body. It returns when RabbitMQ has it.
func (m *Message) Reply(ctx context.Context, body []byte) error {
	_, err := m.broker.accepted(ctx, func(b *C.spectacles_broker, memory *scratch, tag *C.uint64_t) (C.int, error) {
		message, err := memory.message(&Publishing{Body: body})
		if err != nil {
			return 0, err
		}
		message.key = nil
		to, correlation := memory.notNil(m.ReplyTo), memory.text(m.CorrelationID)
		return C.spectacles_broker_reply(b, to, correlation, message, tag), memory.err
	})
	return err
}

// settlements wait for the next turn of their broker, or the next message that is handed out, so that acknowledging takes
// no lock that a turn holds.
type settlements struct {
	mu      sync.Mutex
	isOver  bool // the broker is closed
	waiting []C.sgo_settle
}

func (s *settlements) add(delivery uint64, what C.uint64_t, mark C.spectacles_copy_mark) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isOver {
		s.waiting = append(s.waiting, C.sgo_settle{C.uint64_t(delivery), what, mark})
	}
}

func (s *settlements) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isOver, s.waiting = true, nil
}

func (s *settlements) has(delivery uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, settle := range s.waiting {
		if uint64(settle.delivery) == delivery {
			return true
		}
	}
	return false
}

// move gives as many as there is room for, and returns whether there are more.
func (s *settlements) move(to []C.sgo_settle) (count int, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	count = copy(to, s.waiting)
	s.waiting = s.waiting[:copy(s.waiting, s.waiting[count:])]
	return count, len(s.waiting) > 0
}
