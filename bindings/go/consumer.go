package spectacles

// #include "engine.h"
import "C"

import (
	"context"
	"runtime"
)

// Subscription says what to consume.
type Subscription struct {
	Events   []string // each from the queue <group>:[<subgroup>:]<event>, which is declared and bound
	Subgroup string   // workers of one subgroup share its queues
	Prefetch uint32   // 0: that of the broker
	// Queue is a queue by its exact name. It is bound when there are Events, and takes no Subgroup.
	Queue string
	// Exclusive: a queue of this connection alone, for each event.
	Exclusive bool
	// Copies: copies are handed out too.
	Copies bool
	// Arguments of the queues: x-message-ttl and its like. Everybody who declares a queue names the same ones.
	Arguments map[string]any
}

// Consumer hands out the messages of some queues. Copies of what was acknowledged are left out: a broker remembers 32,768
// message-ids at least. While a fleet is resharded, each event comes by two numbers of shards, and is handed out once.
type Consumer struct {
	core   *consumer
	broker *Broker // is not taken by the garbage collector before its consumers
}

// consumer is what a broker refers to.
type consumer struct {
	messages *queue[*Message]
	fresh    []*Message
	left     int // subscriptions that have not ended
	copies   bool
}

// Consume begins to consume events.
func (b *Broker) Consume(events ...string) (*Consumer, error) {
	return b.Subscribe(Subscription{Events: events})
}

// Subscribe is Consume with all that there is to say.
func (b *Broker) Subscribe(subscription Subscription) (*Consumer, error) {
	defer runtime.KeepAlive(b)
	if len(subscription.Events) == 0 && subscription.Queue != "" {
		subscription.Events = []string{""}
	}
	if len(subscription.Events) == 0 {
		return nil, &Error{ErrInvalid, `which events? Consume("MESSAGE_CREATE")`}
	}
	made := &consumer{copies: subscription.Copies, messages: newQueue[*Message](func() {}, b.core)}
	err := b.core.do(func(broker *C.spectacles_broker, memory *scratch) error {
		for _, event := range subscription.Events {
			number, err := b.core.subscribe(memory, event, &subscription, false)
			if err != nil {
				return err
			}
			if b.core.consumers[number] == nil {
				b.core.consumers[number] = made
				made.left++
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if made.left == 0 {
		return nil, &Error{ErrState, "another consumer of this broker has these queues"}
	}
	if err := b.core.start(); err != nil {
		return nil, err
	}
	return &Consumer{made, b}, nil
}

// Declare has the queue of an event declared and bound, and does not consume it.
func (b *Broker) Declare(event, subgroup string) error {
	defer runtime.KeepAlive(b)
	return b.core.do(func(broker *C.spectacles_broker, memory *scratch) error {
		_, err := b.core.subscribe(memory, event, &Subscription{Subgroup: subgroup}, true)
		return err
	})
}

func (b *broker) subscribe(memory *scratch, event string, subscription *Subscription, declareOnly bool) (uint32, error) {
	made := one[C.spectacles_subscription](memory)
	C.spectacles_subscription_init(made, C.sizeof_spectacles_subscription)
	made.event, made.event_length = memory.chars(event)
	made.subgroup, made.subgroup_length = memory.chars(subscription.Subgroup)
	made.queue, made.queue_length = memory.chars(subscription.Queue)
	made.exclusive = flag(subscription.Exclusive)
	made.prefetch, made.declare_only = C.uint32_t(subscription.Prefetch), flag(declareOnly)
	var err error
	if made.arguments, made.argument_count, err = memory.headers(subscription.Arguments); err != nil {
		return 0, err
	}
	number := C.spectacles_broker_subscribe(b.c.broker, made)
	return uint32(number), b.failed(number)
}

// Next waits for the next message. It returns io.EOF when the consumer or its broker has ended, and the error of the context
// when that ends first.
func (c *Consumer) Next(ctx context.Context) (*Message, error) {
	defer runtime.KeepAlive(c)
	for {
		message, err := c.core.messages.next(ctx)
		if err != nil {
			return nil, err
		}
		if c.core.copies || !message.broker.isCopy(message) {
			return message, nil
		}
		message.Ack()
	}
}

// Stop ends the consumer: no more deliveries. Those that have come are still handed out, and then Next returns io.EOF.
func (c *Consumer) Stop() error {
	core := c.broker.core
	return core.do(func(broker *C.spectacles_broker, _ *scratch) error {
		for subscription, consumer := range core.consumers {
			if consumer != c.core {
				continue
			}
			if err := core.failed(C.spectacles_broker_unsubscribe(broker, C.uint32_t(subscription))); err != nil {
				return err
			}
		}
		return nil
	})
}
