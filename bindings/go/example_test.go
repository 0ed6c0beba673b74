package spectacles_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"spectacles"
)

func ExampleShard() {
	shard, err := spectacles.NewShard(spectacles.ShardConfig{
		Token:   os.Getenv("DISCORD_TOKEN"),
		Intents: spectacles.IntentGuilds | spectacles.IntentGuildMessages,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer shard.Close()
	for {
		event, err := shard.Next(context.Background())
		var fatal *spectacles.FatalError
		if errors.As(err, &fatal) {
			log.Fatalf("Discord refuses the bot (%d): %v", fatal.CloseCode, fatal)
		}
		if err != nil {
			return
		}
		fmt.Println(event.Name)
	}
}

func ExampleBroker() {
	broker, err := spectacles.NewBroker(spectacles.BrokerConfig{URL: "amqp://guest:guest@localhost"})
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()
	consumer, err := broker.Consume("MESSAGE_CREATE")
	if err != nil {
		log.Fatal(err)
	}
	for {
		message, err := consumer.Next(context.Background())
		if err != nil {
			return
		}
		fmt.Println(message.Event, string(message.Body))
		message.Ack()
	}
}

func ExampleBroker_Call() {
	broker, err := spectacles.NewBroker(spectacles.BrokerConfig{URL: "amqp://guest:guest@localhost"})
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	reply, err := broker.Call(ctx, spectacles.Publishing{Key: "ASK", Body: []byte(`{"question":"?"}`)})
	var failure *spectacles.CallError
	switch {
	case errors.As(err, &failure) && failure.Reason == spectacles.CallUnroutable:
		fmt.Println("nobody answers questions")
	case err != nil:
		fmt.Println(err)
	default:
		fmt.Println(string(reply.Body))
	}
}

// A bot in one process, without RabbitMQ: what was not acknowledged comes again.
func ExampleGateway() {
	gateway, err := spectacles.NewGateway(spectacles.GatewayConfig{
		Token:   os.Getenv("DISCORD_TOKEN"),
		Intents: spectacles.IntentGuildMessages,
		Events:  []string{"MESSAGE_CREATE"},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer gateway.Close()
	for {
		event, err := gateway.Next(context.Background())
		if err == io.EOF {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		switch event.Type {
		case spectacles.EventMessage:
			fmt.Println(event.Name, string(event.Body))
			event.Ack()
		case spectacles.EventShardFatal:
			gateway.Stop(0)
		default:
			log.Print(event.Type, " ", event)
		}
	}
}

// Settings that are wrong say what is wrong with them.
func ExampleError() {
	_, err := spectacles.NewBroker(spectacles.BrokerConfig{URL: "http://localhost"})
	fmt.Println(errors.Is(err, spectacles.ErrInvalid))
	// Output: true
}

func ExampleTranscode() {
	term, err := spectacles.Transcode(spectacles.ETF, spectacles.JSON, []byte(`{"a":1}`))
	fmt.Println(spectacles.FormatOf(term), err)
	json, err := spectacles.Transcode(spectacles.JSON, spectacles.Raw, term)
	fmt.Println(string(json), err)
	// Output:
	// ETF <nil>
	// {"a":1} <nil>
}
