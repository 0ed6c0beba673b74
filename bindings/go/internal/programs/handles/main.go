// Command handles makes shards, brokers and gateways of every age, with events and messages that outlive them, and lets the
// garbage collector take them in changing orders: handles COUNT.
package main

import (
	"context"
	"fmt"
	"log"
	"math/rand"
	"os"
	"runtime"
	"strconv"
	"time"

	"spectacles"
)

func must[T any](made T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return made
}

func shard() *spectacles.Shard {
	return must(spectacles.NewShard(spectacles.ShardConfig{Token: os.Getenv("DISCORD_TOKEN"), URL: os.Getenv("GATEWAY_URL"), Commits: true}))
}

func broker() *spectacles.Broker {
	return must(spectacles.NewBroker(spectacles.BrokerConfig{URL: os.Getenv("AMQP_URL")}))
}

func gateway() *spectacles.Gateway {
	return must(spectacles.NewGateway(spectacles.GatewayConfig{Token: os.Getenv("DISCORD_TOKEN"), URL: os.Getenv("GATEWAY_URL"), AllEvents: true}))
}

// message is published and consumed. It outlives its broker.
func message(broker *spectacles.Broker, turn int) (*spectacles.Consumer, *spectacles.Message) {
	consumer := must(broker.Consume("HANDLES"))
	if err := broker.Publish(context.Background(), spectacles.Publishing{Key: "HANDLES", Body: []byte(strconv.Itoa(turn))}); err != nil {
		log.Fatal(err)
	}
	return consumer, must(consumer.Next(context.Background()))
}

// aLife are handles that are new, on their way, and connected.
func aLife(turn int) []any {
	connecting, started, working := shard(), gateway(), broker()
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	connecting.Next(ctx)
	event, _ := started.Next(ctx)
	made := []any{shard(), broker(), gateway(), connecting, started, event}
	if turn%2 == 1 {
		consumer, message := message(working, turn)
		made = append(made, consumer, message)
	}
	if turn%5 == 0 {
		working.Close()
	}
	return append(made, working)
}

// drop lets go of all of them, one by one.
func drop(handles []any) {
	rand.Shuffle(len(handles), func(i, j int) { handles[i], handles[j] = handles[j], handles[i] })
	for i := range handles {
		if message, ok := handles[i].(*spectacles.Message); ok {
			message.Ack()
		}
		handles[i] = nil
		runtime.GC()
	}
}

// waitForEnd sees to it that nothing is left: neither a goroutine nor a descriptor.
func waitForEnd(goroutines int) {
	for end := time.Now().Add(time.Minute); runtime.NumGoroutine() > goroutines; {
		if time.Now().After(end) {
			log.Fatalf("%d goroutines are left, and %d were there", runtime.NumGoroutine(), goroutines)
		}
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: handles COUNT")
	}
	count := must(strconv.Atoi(os.Args[1]))
	goroutines := runtime.NumGoroutine()
	for turn := 0; turn < count; turn++ {
		drop(aLife(turn))
	}
	waitForEnd(goroutines)
	fmt.Println("FREED", count)
}
