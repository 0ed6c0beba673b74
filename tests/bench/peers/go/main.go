// The pipeline as it is written in Go: gorilla/websocket and amqp091-go with confirms, one goroutine for each shard.
//
//	relay GATEWAY_URL SHARDS AMQP_URL
//
// The envelope is read by encoding/json, and d is published as it came. Without compression: neither library inflates a
// stream of Discord's.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"math/rand"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	amqp "github.com/rabbitmq/amqp091-go"
)

type envelope struct {
	Op   int             `json:"op"`
	Seq  int64           `json:"s"`
	Name string          `json:"t"`
	Data json.RawMessage `json:"d"`
}

type shard struct {
	number, count int
	channel       *amqp.Channel
	socket        *websocket.Conn
	writing       sync.Mutex // a WebSocket has one writer at a time: heartbeats, and answers
	session       string
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func (self *shard) write(payload any) {
	self.writing.Lock()
	defer self.writing.Unlock()
	check(self.socket.WriteJSON(payload))
}

func (self *shard) beat(interval time.Duration) {
	time.Sleep(time.Duration(rand.Float64() * float64(interval)))
	for {
		self.write(map[string]any{"op": 1, "d": nil})
		time.Sleep(interval)
	}
}

func (self *shard) hello(data json.RawMessage) {
	var hello struct {
		Interval int64 `json:"heartbeat_interval"`
	}
	check(json.Unmarshal(data, &hello))
	properties := map[string]string{"os": "linux", "browser": "bench", "device": "bench"}
	identify := map[string]any{"token": "t", "intents": 0, "properties": properties, "shard": []int{self.number, self.count}}
	self.write(map[string]any{"op": 2, "d": identify})
	go self.beat(time.Duration(hello.Interval) * time.Millisecond)
}

func (self *shard) publish(event *envelope) {
	if event.Name == "READY" {
		var ready struct {
			Session string `json:"session_id"`
		}
		check(json.Unmarshal(event.Data, &ready))
		self.session = ready.Session
	}
	check(self.channel.PublishWithContext(context.Background(), "gateway", event.Name, false, false, amqp.Publishing{
		ContentType:  "application/json",
		DeliveryMode: amqp.Persistent,
		MessageId:    self.session + ":" + strconv.FormatInt(event.Seq, 10),
		Body:         event.Data,
	}))
}

func (self *shard) run(url string) {
	var err error
	self.socket, _, err = websocket.DefaultDialer.Dial(url+"/?v=10&encoding=json", nil)
	check(err)
	for {
		_, message, err := self.socket.ReadMessage()
		check(err)
		var event envelope
		check(json.Unmarshal(message, &event))
		switch event.Op {
		case 0:
			self.publish(&event)
		case 10:
			self.hello(event.Data)
		}
	}
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: relay GATEWAY_URL SHARDS AMQP_URL")
	}
	count, err := strconv.Atoi(os.Args[2])
	check(err)
	connection, err := amqp.Dial(os.Args[3])
	check(err)
	channel, err := connection.Channel()
	check(err)
	check(channel.Confirm(false))
	confirms := channel.NotifyPublish(make(chan amqp.Confirmation, 1024))
	for number := 0; number < count; number++ {
		go (&shard{number: number, count: count, channel: channel}).run(os.Args[1])
	}
	for confirm := range confirms {
		if !confirm.Ack {
			log.Fatal(fmt.Sprint("refused: ", confirm.DeliveryTag))
		}
	}
}
