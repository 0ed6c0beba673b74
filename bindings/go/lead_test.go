package spectacles

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

// Whoever waits alone has the lead. Each of these changes who waits, and nobody may be forgotten by it.

func publish(t *testing.T, broker *Broker, key string, count int) {
	for i := 0; i < count; i++ {
		if err := broker.Publish(long(t), Publishing{Key: key, Body: []byte(fmt.Sprint(i)), MessageID: fmt.Sprint(key, i)}); err != nil {
			t.Error(err)
		}
	}
}

func take(t *testing.T, ctx context.Context, consumer *Consumer, count int) {
	t.Helper()
	for i := 0; i < count; i++ {
		message, err := consumer.Next(ctx)
		if err != nil || string(message.Body) != fmt.Sprint(i) {
			t.Fatal(i, message, err)
		}
		message.Ack()
	}
}

func TestOneGoroutinePublishesAndConsumes(t *testing.T) {
	broker := connected(t, BrokerConfig{})
	consumer := consuming(t, broker, "GO_ALONE")
	for i := 0; i < 50; i++ {
		publish(t, broker, "GO_ALONE", 1)
		message, err := consumer.Next(long(t))
		if err != nil || string(message.Body) != "0" {
			t.Fatal(message, err)
		}
		message.Reject() // its id is not remembered
	}
}

func TestOneWaitsAndAnotherPublishes(t *testing.T) {
	const count = 200
	broker := connected(t, BrokerConfig{})
	consumer := consuming(t, broker, "GO_TWO")
	var waiting sync.WaitGroup
	waiting.Add(1)
	go func() {
		defer waiting.Done()
		publish(t, broker, "GO_TWO", count)
	}()
	take(t, long(t), consumer, count)
	waiting.Wait()
}

func TestWhoLeadsIsCancelled(t *testing.T) {
	broker := connected(t, BrokerConfig{})
	consumer := consuming(t, broker, "GO_CANCELLED")
	for i := 0; i < 20; i++ {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Duration(i%4)*time.Millisecond, cancel)
		if message, err := consumer.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(message, err)
		}
	}
	publish(t, broker, "GO_CANCELLED", 3)
	take(t, long(t), consumer, 3)
	if err := broker.Shutdown(long(t)); err != nil {
		t.Fatal(err)
	}
}

// What is acknowledged leaves although nobody waits any more.
func TestAcknowledgementsLeaveWithoutAnybodyWaiting(t *testing.T) {
	broker := connected(t, BrokerConfig{})
	consumer := consuming(t, broker, "GO_LEAVES")
	publish(t, broker, "GO_LEAVES", 1)
	take(t, long(t), consumer, 1)
	for acknowledged := uint64(0); acknowledged == 0; time.Sleep(time.Millisecond) {
		broker.core.mu.Lock()
		acknowledged = brokerStats(broker.core.c.broker, &broker.core.memory).Acknowledged
		broker.core.memory.reset()
		broker.core.mu.Unlock()
	}
}

func TestTheBrokerIsClosedUnderWhoLeads(t *testing.T) {
	broker := connected(t, BrokerConfig{})
	consumer := consuming(t, broker, "GO_CLOSED")
	time.AfterFunc(20*time.Millisecond, func() { broker.Close() })
	if message, err := consumer.Next(long(t)); err == nil {
		t.Fatal(message)
	}
}
