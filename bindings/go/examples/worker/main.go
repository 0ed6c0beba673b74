// Command worker is a worker: it consumes events and gap records, and prints each as a line. When a message is "!members", it
// asks Discord for the members of the guild, through the gateway. It never sees a copy of what it has acknowledged.
//
//	AMQP_URL=amqp://... worker EVENT...
//
// SIGTERM stops it in order.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"spectacles"
)

type created struct {
	Content string `json:"content"`
	GuildID string `json:"guild_id"`
}

// answer asks for the members of a guild, when that is what the message wants.
func answer(broker *spectacles.Broker, message *spectacles.Message) error {
	var event created
	if message.Event != "MESSAGE_CREATE" || message.Decode(&event) != nil || event.Content != "!members" {
		return nil
	}
	guild, err := strconv.ParseUint(event.GuildID, 10, 64)
	if err != nil {
		return nil // a direct message
	}
	request := map[string]any{"guild_id": event.GuildID, "query": "", "limit": 0}
	return broker.Send(context.Background(), guild, 8, request)
}

func work(broker *spectacles.Broker, consumer *spectacles.Consumer) error {
	for {
		message, err := consumer.Next(context.Background())
		if err == io.EOF {
			return broker.Shutdown(context.Background())
		}
		if err != nil {
			return err
		}
		fmt.Println("EVENT", message.Event, message.MessageID, string(message.Body))
		if err := answer(broker, message); err != nil {
			log.Print(err) // of a SEND that never reaches anybody: it is not asked again
		}
		message.Ack()
	}
}

func main() {
	broker, err := spectacles.NewBroker(spectacles.BrokerConfig{
		URL:    os.Getenv("AMQP_URL"),
		Notify: func(notice spectacles.Notice) { log.Print(notice) },
	})
	if err != nil {
		log.Fatal(err)
	}
	consumer, err := broker.Consume(os.Args[1:]...)
	if err != nil {
		log.Fatal(err)
	}
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-terminate
		broker.Stop()
	}()
	if err := broker.Ready(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println("READY")
	if err := work(broker, consumer); err != nil {
		log.Fatal(err)
	}
}
