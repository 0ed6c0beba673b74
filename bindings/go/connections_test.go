package spectacles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// These need a RabbitMQ (AMQP_URL) or a stand-in for Discord (GATEWAY_URL, DISCORD_TOKEN): ./dev test bindings go has them.

func connected(t *testing.T, config BrokerConfig) *Broker {
	t.Helper()
	if config.URL = os.Getenv("AMQP_URL"); config.URL == "" {
		t.Skip("AMQP_URL is not set")
	}
	return newBroker(t, config)
}

func consuming(t *testing.T, broker *Broker, events ...string) *Consumer {
	t.Helper()
	consumer, err := broker.Consume(events...)
	if err != nil {
		t.Fatal(err)
	}
	if err := broker.Ready(long(t)); err != nil {
		t.Fatal(err)
	}
	return consumer
}

func TestHeadersThereAndBack(t *testing.T) {
	broker := connected(t, BrokerConfig{})
	consumer := consuming(t, broker, "GO_HEADERS")
	sent := map[string]any{"nothing": nil, "yes": true, "number": int64(-7), "real": 0.5, "text": "ä", "bytes": "\x00\x01", "time": time.Unix(1700000000, 0)}
	sent["bytes"] = []byte{0, 1}
	message := Publishing{Key: "GO_HEADERS", Body: []byte(`{"a":1}`), MessageID: "m", Headers: sent, Priority: 3, CorrelationID: "c", Expiration: time.Minute}
	if err := broker.Publish(long(t), message); err != nil {
		t.Fatal(err)
	}
	got, err := consumer.Next(long(t))
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got.Headers) != fmt.Sprint(sent) || got.MessageID != "m" || got.Priority != 3 || got.CorrelationID != "c" || got.Expiration != "60000" {
		t.Errorf("%v\n%v %+v", got.Headers, sent, got)
	}
	if !got.IsHeld() {
		t.Error("it is ours")
	}
	got.Ack()
	if got.IsHeld() {
		t.Error("it is not ours any more")
	}
	if err := broker.Publish(long(t), Publishing{Key: "A", Headers: map[string]any{"x": struct{}{}}}); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), `"x"`) {
		t.Error(err)
	}
}

// A rejected message goes to the dead-letter exchange, and comes back with headers that are tables in an array.
func TestHeadersOfRabbitMQ(t *testing.T) {
	broker := connected(t, BrokerConfig{})
	consumer, err := broker.Subscribe(Subscription{Events: []string{"GO_LIVING"}, Arguments: map[string]any{
		"x-dead-letter-exchange": "gateway", "x-dead-letter-routing-key": "GO_DEAD"}})
	if err != nil {
		t.Fatal(err)
	}
	dead := consuming(t, broker, "GO_DEAD")
	if err := broker.Publish(long(t), Publishing{Key: "GO_LIVING", Body: []byte("1")}); err != nil {
		t.Fatal(err)
	}
	message, err := consumer.Next(long(t))
	if err != nil {
		t.Fatal(err)
	}
	message.Reject()
	message, err = dead.Next(long(t))
	if err != nil {
		t.Fatal(err)
	}
	message.Ack()
	deaths, ok := message.Headers["x-death"].([]any)
	if !ok || len(deaths) != 1 || deaths[0].(map[string]any)["reason"] != "rejected" {
		t.Fatal(message.Headers)
	}
}

func TestQueuesByTheirOwnNames(t *testing.T) {
	broker := connected(t, BrokerConfig{Heartbeat: 7 * time.Second})
	named, err := broker.Subscribe(Subscription{Queue: "go.of.my.own"})
	if err != nil {
		t.Fatal(err)
	}
	exclusive, err := broker.Subscribe(Subscription{Events: []string{"GO_EXCLUSIVE"}, Exclusive: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := broker.Ready(long(t)); err != nil {
		t.Fatal(err)
	}
	for _, message := range []Publishing{{Key: "go.of.my.own", ToQueue: true}, {Key: "GO_EXCLUSIVE", Mandatory: true}} {
		if err := broker.Publish(long(t), message); err != nil {
			t.Fatal(err)
		}
	}
	for _, consumer := range []*Consumer{named, exclusive} {
		message, err := consumer.Next(long(t))
		if err != nil {
			t.Fatal(err)
		}
		message.Ack()
	}
}

func TestWhatNobodyTakes(t *testing.T) {
	broker := connected(t, BrokerConfig{})
	var refused *PublishError
	if err := broker.Publish(long(t), Publishing{Key: "GO_NOBODY", Mandatory: true}); !errors.As(err, &refused) || refused.ReplyCode != 312 {
		t.Error(err)
	}
	var failed *CallError
	if _, err := broker.Call(long(t), Publishing{Key: "GO_NOBODY"}); !errors.As(err, &failed) || failed.Reason != CallUnroutable {
		t.Error(err)
	}
}

func TestCallAndReply(t *testing.T) {
	broker, asker := connected(t, BrokerConfig{}), connected(t, BrokerConfig{})
	consumer := consuming(t, broker, "GO_ASK")
	go func() {
		for {
			question, err := consumer.Next(context.Background())
			if err != nil {
				return
			}
			if string(question.Body) != "say nothing" {
				question.Reply(context.Background(), append([]byte("you said "), question.Body...))
			}
			question.Ack()
		}
	}()
	reply, err := asker.Call(long(t), Publishing{Key: "GO_ASK", Body: []byte("hello")})
	if err != nil || string(reply.Body) != "you said hello" {
		t.Fatal(reply, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := asker.Call(ctx, Publishing{Key: "GO_ASK", Body: []byte("say nothing")}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

// More publish than the window holds: they wait for room, and each is confirmed.
func TestManyPublishThroughASmallWindow(t *testing.T) {
	const count = 300
	broker := connected(t, BrokerConfig{Window: 5, Prefetch: 7})
	consumer := consuming(t, broker, "GO_WINDOW")
	var waiting sync.WaitGroup
	for i := 0; i < count; i++ {
		waiting.Add(1)
		go func(i int) {
			defer waiting.Done()
			if err := broker.PublishJSON(long(t), "GO_WINDOW", i); err != nil {
				t.Error(err)
			}
		}(i)
	}
	seen := map[int]bool{}
	for len(seen) < count {
		message, err := consumer.Next(long(t))
		if err != nil {
			t.Fatal(err)
		}
		var number int
		if err := message.Decode(&number); err != nil {
			t.Fatal(err)
		}
		seen[number] = true
		message.Ack()
	}
	waiting.Wait()
	if err := broker.Shutdown(long(t)); err != nil {
		t.Fatal(err)
	}
}

func TestCopiesAreLeftOut(t *testing.T) {
	broker := connected(t, BrokerConfig{})
	consumer := consuming(t, broker, "GO_COPIES")
	for _, id := range []string{"1", "1", "2"} {
		if err := broker.Publish(long(t), Publishing{Key: "GO_COPIES", Body: []byte(id), MessageID: id}); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"1", "2"} {
		message, err := consumer.Next(long(t))
		if err != nil || string(message.Body) != id {
			t.Fatal(message, err)
		}
		message.Ack()
	}
	if err := consumer.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := consumer.Next(long(t)); err != io.EOF {
		t.Fatal(err)
	}
	if stats := broker.Stats(); stats.Delivered != 3 || stats.Confirmed != 3 {
		t.Error(stats)
	}
}

func waitUntil(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !isSo(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

// ofShards publishes an event as a fleet does while it is resharded. Equal events have one digest.
func ofShards(t *testing.T, broker *Broker, key string, shards int, event, id string) {
	t.Helper()
	headers := map[string]any{"shards": shards, "digest": strings.Repeat(event, 32)}
	if err := broker.Publish(long(t), Publishing{Key: key, Body: []byte(event), MessageID: id, Headers: headers}); err != nil {
		t.Fatal(err)
	}
}

func publishPairs(t *testing.T, broker *Broker, key string) {
	t.Helper()
	ofShards(t, broker, key, 4, "a", "4:a")
	ofShards(t, broker, key, 8, "a", "8:a")
	ofShards(t, broker, key, 8, "b", "8:b:1")
	ofShards(t, broker, key, 8, "b", "8:b:2")
	ofShards(t, broker, key, 4, "b", "4:b:1")
	ofShards(t, broker, key, 4, "b", "4:b:2")
	ofShards(t, broker, key, 4, "c", "4:c")
}

// expect takes messages, acknowledges each once the next one has come, and stops the consumer.
func expect(t *testing.T, consumer *Consumer, ids ...string) {
	t.Helper()
	var last *Message
	for _, id := range ids {
		message, err := consumer.Next(long(t))
		if err != nil || message.MessageID != id {
			t.Fatal(id, message, err)
		}
		if last != nil {
			last.Ack()
		}
		last = message
	}
	last.Ack()
	if err := consumer.Stop(); err != nil {
		t.Fatal(err)
	}
	if message, err := consumer.Next(long(t)); err != io.EOF {
		t.Fatal(message, err)
	}
}

// Though the first message is still being worked on, what another number of shards has brought is left out.
func TestCopiesOfAnotherNumberOfShardsAreLeftOut(t *testing.T) {
	broker := connected(t, BrokerConfig{})
	consumer := consuming(t, broker, "GO_SHARDS")
	publishPairs(t, broker, "GO_SHARDS")
	expect(t, consumer, "4:a", "8:b:1", "8:b:2", "4:c")
	waitUntil(t, "what was left out is acknowledged", func() bool { return broker.Stats().Acknowledged == 7 })
}

func TestCopiesAreHandedOutToWhoWantsThem(t *testing.T) {
	broker := connected(t, BrokerConfig{})
	consumer, err := broker.Subscribe(Subscription{Events: []string{"GO_ALL"}, Copies: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := broker.Ready(long(t)); err != nil {
		t.Fatal(err)
	}
	publishPairs(t, broker, "GO_ALL")
	ofShards(t, broker, "GO_ALL", 4, "a", "4:a")
	expect(t, consumer, "4:a", "8:a", "8:b:1", "8:b:2", "4:b:1", "4:b:2", "4:c", "4:a")
}

// More acknowledgements wait than one call settles: what is handed out next knows all of them.
func TestEveryAcknowledgementCounts(t *testing.T) {
	const count = 4 * 1024
	broker := connected(t, BrokerConfig{Prefetch: count + 2})
	consumer := consuming(t, broker, "GO_EVERY")
	var publishing sync.WaitGroup
	publish := func(id string) {
		publishing.Add(1)
		go func() {
			defer publishing.Done()
			if err := broker.Publish(long(t), Publishing{Key: "GO_EVERY", MessageID: id}); err != nil {
				t.Error(err)
			}
		}()
	}
	for i := 0; i < count; i++ {
		publish(fmt.Sprint(i))
	}
	publishing.Wait()
	messages := make([]*Message, count)
	for i := range messages {
		message, err := consumer.Next(long(t))
		if err != nil {
			t.Fatal(err)
		}
		messages[i] = message
	}
	for _, id := range []string{messages[count-1].MessageID, "last"} {
		publish(id)
		publishing.Wait()
	}
	waitUntil(t, "all of them have come", func() bool { return broker.Stats().Delivered == count+2 })
	broker.core.mu.Lock() // no turn settles some of them
	for _, message := range messages {
		message.Ack()
	}
	broker.core.mu.Unlock()
	expect(t, consumer, "last")
}

// What was handed out before a stop can be acknowledged, and what was not comes again.
func TestAcknowledgementsGoOutBeforeTheEnd(t *testing.T) {
	broker := connected(t, BrokerConfig{})
	consumer := consuming(t, broker, "GO_END")
	for i := 0; i < 2; i++ {
		if err := broker.PublishJSON(long(t), "GO_END", i); err != nil {
			t.Fatal(err)
		}
	}
	message, err := consumer.Next(long(t))
	if err != nil {
		t.Fatal(err)
	}
	message.Ack()
	if err := broker.Shutdown(long(t)); err != nil {
		t.Fatal(err)
	}
	again := consuming(t, connected(t, BrokerConfig{}), "GO_END")
	message, err = again.Next(long(t))
	if err != nil || string(message.Body) != "1" || !message.Redelivered {
		t.Fatal(message, err)
	}
	message.Ack()
}

func standIn(t *testing.T) (token, url string) {
	t.Helper()
	if token, url = os.Getenv("DISCORD_TOKEN"), os.Getenv("GATEWAY_URL"); url == "" {
		t.Skip("GATEWAY_URL is not set")
	}
	return token, url
}

// A bot in one process: its packets go out, its session can be resumed.
func TestAGatewayWithoutABroker(t *testing.T) {
	token, url := standIn(t)
	gateway, err := NewGateway(GatewayConfig{Token: token, URL: url, Intents: IntentGuilds, AllEvents: true})
	if err != nil {
		t.Fatal(err)
	}
	defer gateway.Close()
	var ticket uint64
	for sent := false; !sent; {
		event, err := gateway.Next(long(t))
		if err != nil {
			t.Fatal(err)
		}
		switch event.Type {
		case EventMessage:
			if err := event.Ack(); err != nil || event.MessageID == "" {
				t.Fatal(event, err)
			}
			if err := event.Ack(); err == nil {
				t.Fatal("it is acknowledged already")
			}
			if ticket == 0 {
				request := MembersRequest{GuildID: 2 << 22}
				d, _ := request.Packet()
				if ticket, err = gateway.Send(0, 8, d); err != nil {
					t.Fatal(err)
				}
			}
		case EventCommandSent:
			sent = event.Ticket == ticket
		}
	}
	if gateway.Session(0) == nil || gateway.Stats().Sent != 1 || gateway.EventCounts()["READY"] != 1 {
		t.Error(gateway.Session(0), gateway.Stats(), gateway.EventCounts())
	}
	if err := gateway.Stop(0); err != nil {
		t.Fatal(err)
	}
	if err := drain(long(t), gateway.Next); err != nil {
		t.Fatal(err)
	}
	if state, _, err := gateway.State(); err != nil || !strings.Contains(string(state), `"session":"`) {
		t.Error(string(state), err)
	}
}

func TestAShardSendsAndResumes(t *testing.T) {
	token, url := standIn(t)
	first, err := NewShard(ShardConfig{Token: token, URL: url, Intents: IntentGuilds})
	if err != nil {
		t.Fatal(err)
	}
	if event, err := first.Next(long(t)); err != nil || event.Name != "READY" {
		t.Fatal(event, err)
	}
	if err := first.RequestMembers(long(t), MembersRequest{GuildID: 2 << 22}); err != nil {
		t.Fatal(err)
	}
	if err := first.Send(long(t), 8, "{"); !errors.Is(err, ErrProtocol) {
		t.Error(err)
	}
	session := first.Session()
	if err := first.Shutdown(long(t)); err != nil {
		t.Fatal(err)
	}
	second, err := NewShard(ShardConfig{Token: token, URL: url, Intents: IntentGuilds, Session: session})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	for {
		event, err := second.Next(long(t))
		if err != nil || event.Name == "READY" {
			t.Fatal("the session was not resumed", event, err)
		}
		if event.Name == "RESUMED" {
			return
		}
	}
}
