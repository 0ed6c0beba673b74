// Command consume is a worker without the library, by amqp091-go: consume COUNT.
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"

	amqp "github.com/rabbitmq/amqp091-go"
)

func deliveries() (*amqp.Connection, <-chan amqp.Delivery, error) {
	connection, err := amqp.Dial(os.Getenv("AMQP_URL"))
	if err != nil {
		return nil, nil, err
	}
	channel, err := connection.Channel()
	if err != nil {
		return nil, nil, err
	}
	if err := channel.Qos(1000, 0, false); err != nil {
		return nil, nil, err
	}
	made, err := channel.Consume("bench:consume", "", false, false, false, false, nil)
	return connection, made, err
}

func main() {
	total, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	connection, messages, err := deliveries()
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	seen := 0
	for message := range messages {
		if err := message.Ack(false); err != nil {
			log.Fatal(err)
		}
		seen++
		if seen%(total/10) == 0 {
			fmt.Println("EVENTS", seen)
		}
		if seen == total {
			return
		}
	}
}
