package spectacles

// #include "engine.h"
import "C"

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"time"
)

// Broker is one connection to RabbitMQ, which is made anew whenever it is lost. It connects with the first call that
// needs it.
type Broker struct {
	core *broker
}

// broker is what the goroutine of a Broker refers to.
type broker struct {
	engine
	notices     notices
	names       names
	settlements settlements
	consumers   map[uint32]*consumer
	tags        waiters[*Message]
	blanks      []Message     // of the turn
	memory      scratch       // of calls that publish
	room        chan struct{} // closed when the window has room again; nil: nobody waits
	ready       chan struct{} // closed when the broker is ready, or never will be
	isReady     bool
	unconfirmed uint64
}

// NewBroker makes a broker.
func NewBroker(config BrokerConfig) (*Broker, error) {
	var memory scratch
	defer memory.free()
	settings, err := memory.brokerConfig(&config)
	transport := memory.transport(config.Transport)
	if err = first(err, memory.err); err != nil {
		return nil, err
	}
	out, problem := one[*C.sgo_engine](&memory), memory.problem()
	if err := check(C.sgo_broker_new(out, settings, transport, problem), problem); err != nil {
		return nil, err
	}
	core := &broker{names: names{}, notices: notices{tell: config.Notify}, consumers: map[uint32]*consumer{}, ready: make(chan struct{})}
	core.init(*out, core)
	made := &Broker{core}
	runtime.SetFinalizer(made, (*Broker).Close)
	return made, nil
}

// ---- the driver ----

// hasRoom: what a broker holds is bounded by the prefetch and the window.
func (b *broker) hasRoom() bool { return true }

func (b *broker) prepare() {
	if b.moveSettlements() {
		b.wake()
	}
}

// moveSettlements gives C what waits to be settled, and returns whether there is more than C has room for.
func (b *broker) moveSettlements() bool {
	count, more := b.settlements.move(b.c.settles[b.c.settle_count:])
	b.c.settle_count += C.size_t(count)
	return more
}

// settleAll settles what waits. The last part of it is left to the next call of C.
func (b *broker) settleAll() {
	for b.moveSettlements() && C.sgo_settle_all(b.c) > 0 {
	}
}

func (b *broker) take(item *C.sgo_item) {
	switch item._type {
	case C.SPECTACLES_BROKER_EVENT_MESSAGE:
		if consumer := b.consumers[uint32(item.subscription)]; consumer != nil {
			consumer.fresh = append(consumer.fresh, b.message(item))
		}
		return
	case C.SPECTACLES_BROKER_EVENT_CONFIRMED:
		b.tags.answer(uint64(item.number), nil, nil)
		return
	case C.SPECTACLES_BROKER_EVENT_REPLY:
		b.tags.answer(uint64(item.number), b.message(item), nil)
		return
	case C.SPECTACLES_BROKER_EVENT_RETURNED, C.SPECTACLES_BROKER_EVENT_FAILED:
		b.tags.answer(uint64(item.number), nil, &PublishError{b.text(item.text), int(item.code)})
	case C.SPECTACLES_BROKER_EVENT_CALL_FAILED:
		b.tags.answer(uint64(item.number), nil, &CallError{Failure(item.reason), b.text(item.text)})
	case C.SPECTACLES_BROKER_EVENT_ROOM:
		b.giveRoom()
	case C.SPECTACLES_BROKER_EVENT_READY:
		b.setReady()
	case C.SPECTACLES_BROKER_EVENT_DISCONNECTED:
		if b.isReady {
			b.isReady, b.ready = false, make(chan struct{})
		}
	case C.SPECTACLES_BROKER_EVENT_UNSUBSCRIBED:
		if item.wait < 0 {
			b.unsubscribed(uint32(item.subscription))
		}
	case C.SPECTACLES_BROKER_EVENT_CLOSED:
		b.unconfirmed = uint64(item.count)
	}
	b.tell(item)
}

// tell tells what happens by itself, with the queue that it is about.
func (b *broker) tell(item *C.sgo_item) {
	if b.notices.tell == nil {
		return
	}
	from := "broker"
	if item.session_id.length > 0 {
		from = "broker " + b.text(item.session_id)
	}
	kind := textAt(C.spectacles_broker_event_type_name(item._type))
	b.notices.add(from, kind, &b.engine, item)
}

func (b *broker) setReady() {
	if !b.isReady {
		b.isReady = true
		close(b.ready)
	}
}

func (b *broker) giveRoom() {
	if b.room != nil {
		close(b.room)
		b.room = nil
	}
}

func (b *broker) unsubscribed(subscription uint32) {
	consumer := b.consumers[subscription]
	if consumer == nil {
		return
	}
	delete(b.consumers, subscription)
	consumer.left--
	if consumer.left == 0 {
		consumer.fresh = consumer.messages.put(consumer.fresh)
		consumer.messages.finish(io.EOF)
	}
}

func (b *broker) deliver() {
	for _, consumer := range b.consumers {
		consumer.fresh = consumer.messages.put(consumer.fresh)
	}
}

func (b *broker) finish() {
	b.tags.refuse(&PublishError{Sentence: "the broker was closed before the message was confirmed"})
	b.giveRoom()
	b.setReady()
	for _, consumer := range b.consumers {
		consumer.messages.finish(io.EOF)
	}
	if b.c == nil {
		b.memory.free()
		b.settlements.end()
	}
}

// isCopy decides about a message that is about to be handed out. This is a call of C for each message, because what was
// acknowledged since the message before it counts; the same call settles that, so the next turn has less to settle.
func (b *broker) isCopy(message *Message) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.c == nil {
		return false
	}
	b.settleAll()
	return C.sgo_leave_out(b.c, message.mark) != 0
}

func (b *broker) settle(message *Message, what C.uint64_t) {
	b.settlements.add(message.delivery, what, message.mark)
	b.wakeSoon()
}

// ---- calls ----

// do calls the library, with the handle.
func (b *broker) do(call func(broker *C.spectacles_broker, memory *scratch) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.c == nil || b.isClosed() {
		return closedError("broker")
	}
	defer b.wake()
	defer b.memory.reset()
	return call(b.c.broker, &b.memory)
}

func (b *broker) isClosed() bool { return b.c.is_over != 0 }

func (b *broker) failed(code C.int) error {
	if code >= 0 {
		return nil
	}
	return failed(code, C.spectacles_broker_last_error(b.c.broker))
}

// accepted waits for room in the window, and then for what becomes of the message.
func (b *broker) accepted(ctx context.Context, call func(*C.spectacles_broker, *scratch, *C.uint64_t) (C.int, error)) (*Message, error) {
	if err := first(ctx.Err(), b.start()); err != nil {
		return nil, err
	}
	for {
		var answer waiter[*Message]
		var room chan struct{}
		err := b.do(func(broker *C.spectacles_broker, memory *scratch) error {
			tag := one[C.uint64_t](memory)
			code, err := call(broker, memory, tag)
			if err != nil {
				return err
			}
			if code == C.SPECTACLES_E_AGAIN {
				room = b.waitForRoom()
				return nil
			}
			if err := b.failed(code); err != nil {
				return err
			}
			answer = b.tags.add(uint64(*tag))
			return nil
		})
		if err != nil {
			return nil, err
		}
		if room == nil {
			return answer.wait(ctx, b)
		}
		if err := b.await(ctx, room); err != nil {
			return nil, err
		}
	}
}

func (b *broker) waitForRoom() chan struct{} {
	if b.room == nil {
		b.room = make(chan struct{})
	}
	return b.room
}

// Publish publishes a message, and returns when RabbitMQ has confirmed it. *PublishError: it will never be delivered. When
// the context ends first, the message may be delivered all the same.
func (b *Broker) Publish(ctx context.Context, message Publishing) error {
	defer runtime.KeepAlive(b)
	_, err := b.core.accepted(ctx, func(broker *C.spectacles_broker, memory *scratch, tag *C.uint64_t) (C.int, error) {
		made, err := memory.message(&message)
		if err != nil {
			return 0, err
		}
		return C.spectacles_broker_publish(broker, made, tag), nil
	})
	return err
}

// PublishJSON publishes a value as JSON, in the format of the broker.
func (b *Broker) PublishJSON(ctx context.Context, key string, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return b.Publish(ctx, Publishing{Key: key, Body: body, Format: JSON})
}

// callTimeout is that of a call whose context has no end.
const callTimeout = 5 * time.Second

// Call asks, and returns the reply. The deadline of the context goes along with the request, so that nobody works on it
// any more behind it; without one it is 5 seconds. *CallError: there is no reply.
func (b *Broker) Call(ctx context.Context, message Publishing) (*Message, error) {
	defer runtime.KeepAlive(b)
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(callTimeout)
	}
	return b.core.accepted(ctx, func(broker *C.spectacles_broker, memory *scratch, tag *C.uint64_t) (C.int, error) {
		made, err := memory.message(&message)
		if err != nil {
			return 0, err
		}
		left := time.Until(deadline).Milliseconds()
		if left < 1 {
			return 0, context.DeadlineExceeded
		}
		return C.spectacles_broker_call(broker, made, C.uint32_t(min64(left, 1<<31)), C.spectacles_now(), tag), nil
	})
}

func min64(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

// Send sends a packet to Discord, through the gateway: a SEND, which the shard of the guild sends. d is a value that
// becomes JSON, or JSON. It returns when RabbitMQ has the SEND.
func (b *Broker) Send(ctx context.Context, guildID uint64, op uint32, d any) error {
	body, err := encode(d)
	if err != nil {
		return err
	}
	body, err = SendBody(guildID, []byte(fmt.Sprintf(`{"op":%d,"d":%s}`, op, body)))
	if err != nil {
		return err
	}
	return b.Publish(ctx, Publishing{Key: SendKey(), Body: body, Format: JSON})
}

// HasRoom says whether Publish would be taken at once.
func (b *Broker) HasRoom() (hasRoom bool) {
	defer runtime.KeepAlive(b)
	b.core.do(func(broker *C.spectacles_broker, _ *scratch) error {
		hasRoom = C.spectacles_broker_room(broker) != 0
		return nil
	})
	return hasRoom
}

// ---- looking ----

// Ready waits until RabbitMQ is connected, and everything that is consumed was tried.
func (b *Broker) Ready(ctx context.Context) error {
	defer runtime.KeepAlive(b)
	if err := b.core.start(); err != nil {
		return err
	}
	b.core.mu.Lock()
	ready := b.core.ready
	b.core.mu.Unlock()
	if err := b.core.await(ctx, ready); err != nil {
		return err
	}
	return b.core.do(func(*C.spectacles_broker, *scratch) error { return nil })
}

// State is READY, BACKOFF and so on; "" when the broker is closed.
func (b *Broker) State() (state string) {
	defer runtime.KeepAlive(b)
	b.core.do(func(broker *C.spectacles_broker, _ *scratch) error {
		state = textAt(C.spectacles_broker_state_name(C.spectacles_broker_state(broker)))
		return nil
	})
	return state
}

// BrokerStats is what a broker has counted since it was made.
type BrokerStats struct {
	BytesReceived, BytesSent                            uint64
	Published, Republished, Confirmed, Returned, Failed uint64
	Delivered, Acknowledged, Rejected                   uint64
	Connects                                            uint64
	Unconfirmed                                         uint64 // now
	Calls, Replies, RepliesIgnored                      uint64
	SurrogatesReplaced                                  uint64
}

func brokerStats(broker *C.spectacles_broker, memory *scratch) BrokerStats {
	from := one[C.spectacles_broker_stats](memory)
	C.spectacles_broker_stats_init(from, C.sizeof_spectacles_broker_stats)
	C.spectacles_broker_get_stats(broker, from)
	return BrokerStats{
		BytesReceived: uint64(from.bytes_received), BytesSent: uint64(from.bytes_sent),
		Published: uint64(from.published), Republished: uint64(from.republished), Confirmed: uint64(from.confirmed),
		Returned: uint64(from.returned), Failed: uint64(from.failed), Delivered: uint64(from.delivered),
		Acknowledged: uint64(from.acknowledged), Rejected: uint64(from.rejected), Connects: uint64(from.connects),
		Unconfirmed: uint64(from.unconfirmed), Calls: uint64(from.calls), Replies: uint64(from.replies),
		RepliesIgnored: uint64(from.replies_ignored), SurrogatesReplaced: uint64(from.surrogates_replaced),
	}
}

// Stats are the counters.
func (b *Broker) Stats() (stats BrokerStats) {
	defer runtime.KeepAlive(b)
	b.core.do(func(broker *C.spectacles_broker, memory *scratch) error {
		stats = brokerStats(broker, memory)
		return nil
	})
	return stats
}

// SetURLs takes a password that was changed, or nodes that moved: the next connection is made with these URLs.
func (b *Broker) SetURLs(urls ...string) error {
	defer runtime.KeepAlive(b)
	return b.core.do(func(broker *C.spectacles_broker, memory *scratch) error {
		texts, count := memory.texts(urls)
		if memory.err != nil {
			return memory.err
		}
		return b.core.failed(C.spectacles_broker_set_urls(broker, texts, count, C.spectacles_now()))
	})
}

// NetworkChanged says that the addresses or routes of this machine are others: a broker that waits tries again at once.
func (b *Broker) NetworkChanged() {
	defer runtime.KeepAlive(b)
	b.core.do(func(broker *C.spectacles_broker, _ *scratch) error {
		C.spectacles_broker_network_changed(broker, C.spectacles_now())
		return nil
	})
}

// ---- the end ----

// Stop stops all consumers. What has come is still handed out, and can be settled and answered; then Next of the consumers
// returns io.EOF.
func (b *Broker) Stop() error {
	defer runtime.KeepAlive(b)
	return b.core.do(func(broker *C.spectacles_broker, _ *scratch) error {
		for subscription := range b.core.consumers {
			if err := b.core.failed(C.spectacles_broker_unsubscribe(broker, C.uint32_t(subscription))); err != nil {
				return err
			}
		}
		return nil
	})
}

// Shutdown waits for confirms and replies (BrokerConfig.DrainTime), closes the connection in order, and frees the broker. An
// error says how many messages may not have arrived.
func (b *Broker) Shutdown(ctx context.Context) error {
	defer b.Close()
	if b.core.file.Load() == nil {
		return nil
	}
	err := b.core.do(func(broker *C.spectacles_broker, _ *scratch) error {
		b.core.settleAll()
		C.sgo_settle_all(b.core.c)
		return b.core.failed(C.spectacles_broker_close(broker, C.spectacles_now()))
	})
	if err != nil {
		return err
	}
	if err := b.core.await(ctx, b.core.ended); err != nil {
		return err
	}
	b.core.notices.teller.Wait()
	b.core.mu.Lock()
	defer b.core.mu.Unlock()
	if b.core.unconfirmed > 0 {
		return &Error{ErrLost, fmt.Sprintf("%d messages were not confirmed: nobody knows whether they arrived", b.core.unconfirmed)}
	}
	return nil
}

// Close frees the broker at once. What is not confirmed may or may not have arrived; what is not acknowledged is delivered
// again.
func (b *Broker) Close() error {
	runtime.SetFinalizer(b, nil)
	b.core.close()
	return nil
}
