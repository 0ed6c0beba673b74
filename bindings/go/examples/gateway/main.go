// Command gateway is a gateway: the shards of a bot, and a RabbitMQ. It prints each event as a line.
//
//	DISCORD_TOKEN=... AMQP_URL=amqp://... gateway SHARDS EVENT...
//
// SIGTERM stops it in order. When Discord refuses every shard for good, it stops, and ends with status 1. GATEWAY_URL is
// for tests.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"spectacles"
)

// config is that of the environment and the arguments.
func config(arguments []string) (spectacles.GatewayConfig, error) {
	if len(arguments) == 0 {
		return spectacles.GatewayConfig{}, errors.New("usage: gateway SHARDS EVENT...")
	}
	shards, err := strconv.ParseUint(arguments[0], 10, 32)
	if err != nil {
		return spectacles.GatewayConfig{}, err
	}
	intents := spectacles.IntentGuilds
	for _, event := range arguments[1:] {
		intents |= spectacles.IntentsFor(event)
	}
	return spectacles.GatewayConfig{
		Token:   os.Getenv("DISCORD_TOKEN"),
		URL:     os.Getenv("GATEWAY_URL"),
		Intents: intents,
		Shards:  uint32(shards),
		Events:  arguments[1:],
		Broker:  &spectacles.BrokerConfig{URL: os.Getenv("AMQP_URL")},
	}, nil
}

func show(event *spectacles.GatewayEvent) {
	switch {
	case event.Type == spectacles.EventShardLatency:
	case strings.HasPrefix(event.Type.String(), "BROKER"):
		fmt.Println(event.Type, event.Broker, event)
	default:
		fmt.Println(event.Type, event.ShardID, event)
	}
}

// serve returns how many shards Discord has not refused for good.
func serve(gateway *spectacles.Gateway, shards uint32) (uint32, error) {
	for {
		event, err := gateway.Next(context.Background())
		if err == io.EOF {
			return shards, nil
		}
		if err != nil {
			return shards, err
		}
		show(event)
		if event.Type == spectacles.EventShardFatal {
			shards--
			if shards == 0 {
				gateway.Stop(0)
			}
		}
	}
}

func main() {
	settings, err := config(os.Args[1:])
	if err != nil {
		log.Fatal(err)
	}
	gateway, err := spectacles.NewGateway(settings)
	if err != nil {
		log.Fatal(err)
	}
	defer gateway.Close()
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-terminate
		gateway.Stop(0)
	}()
	left, err := serve(gateway, settings.Shards)
	if err != nil {
		log.Fatal(err)
	}
	if left == 0 {
		os.Exit(1)
	}
}
