// Command cancel waits for an event of a shard, for a message and for the reply to a call, and is cancelled in mid-flight; then
// each of them comes all the same.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"spectacles"
)

// handles are those that are waited for.
type handles struct {
	shard    *spectacles.Shard
	broker   *spectacles.Broker
	consumer *spectacles.Consumer
}

func must[T any](made T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return made
}

func open() *handles {
	made := &handles{
		shard: must(spectacles.NewShard(spectacles.ShardConfig{Token: os.Getenv("DISCORD_TOKEN"), URL: os.Getenv("GATEWAY_URL"),
			Intents: spectacles.IntentGuildMessages})),
		broker: must(spectacles.NewBroker(spectacles.BrokerConfig{URL: os.Getenv("AMQP_URL")})),
	}
	made.consumer = must(made.broker.Consume("MESSAGE_CREATE"))
	if err := made.broker.Ready(context.Background()); err != nil {
		log.Fatal(err)
	}
	for must(made.shard.Next(context.Background())).Name != "READY" {
	}
	return made
}

func (h *handles) event(ctx context.Context) error {
	for {
		event, err := h.shard.Next(ctx)
		if err != nil || event.Name == "MESSAGE_CREATE" {
			return err
		}
	}
}

func (h *handles) message(ctx context.Context) error {
	message, err := h.consumer.Next(ctx)
	if err == nil {
		message.Ack()
	}
	return err
}

func (h *handles) reply(ctx context.Context) error {
	reply, err := h.broker.Call(ctx, spectacles.Publishing{Key: "ASK", Body: []byte("42")})
	if err == nil && string(reply.Body) != "42" {
		return fmt.Errorf("the reply is %q", reply.Body)
	}
	return err
}

// cancelled is 1, when the wait ended because it was cancelled.
func cancelled(wait func(context.Context) error) int {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	if errors.Is(wait(ctx), context.Canceled) {
		return 1
	}
	return 0
}

func main() {
	handles := open()
	fmt.Println("CANCELLED", cancelled(handles.event)+cancelled(handles.message)+cancelled(handles.reply))
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	done := make(chan error)
	for _, wait := range []func(context.Context) error{handles.event, handles.message, handles.reply} {
		go func(wait func(context.Context) error) { done <- wait(ctx) }(wait)
	}
	alive := 0
	for i := 0; i < 3; i++ {
		if err := <-done; err != nil {
			log.Fatal(err)
		}
		alive++
	}
	fmt.Println("ALIVE", alive)
}
