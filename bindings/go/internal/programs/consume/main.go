// Command consume takes the messages of the queue bench:consume, and acknowledges each of them: consume COUNT.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"spectacles"
	"spectacles/internal/count"
)

func main() {
	counted := count.FromArguments()
	broker, err := spectacles.NewBroker(spectacles.BrokerConfig{URL: os.Getenv("AMQP_URL"), Group: "bench", Prefetch: 1000})
	if err != nil {
		log.Fatal(err)
	}
	consumer, err := broker.Consume("consume")
	if err != nil {
		log.Fatal(err)
	}
	for isLast := false; !isLast; {
		message, err := consumer.Next(context.Background())
		if err != nil {
			log.Fatal(err)
		}
		message.Ack()
		isLast = counted.Add(len(message.Body))
	}
	// What has arrived already is acknowledged too.
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	for message, err := consumer.Next(ctx); err == nil; message, err = consumer.Next(ctx) {
		message.Ack()
	}
	if err := broker.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
}
