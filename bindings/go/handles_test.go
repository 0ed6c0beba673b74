package spectacles

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// nowhere is an address that refuses connections.
const nowhere = "127.0.0.1:1"

const patience = time.Minute

func newShard(t *testing.T, config ShardConfig) *Shard {
	t.Helper()
	config.Token, config.URL = "MQ.a.token", or(config.URL, "ws://"+nowhere)
	shard, err := NewShard(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shard.Close() })
	return shard
}

func newBroker(t *testing.T, config BrokerConfig) *Broker {
	t.Helper()
	config.URL = or(config.URL, "amqp://"+nowhere)
	broker, err := NewBroker(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { broker.Close() })
	return broker
}

func newGateway(t *testing.T, config GatewayConfig) *Gateway {
	t.Helper()
	config.Token, config.URL, config.AllEvents = or(config.Token, "MQ.a.token"), or(config.URL, "ws://"+nowhere), true
	gateway, err := NewGateway(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gateway.Close() })
	return gateway
}

func short(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func long(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func TestBadSettingsCarryTheSentence(t *testing.T) {
	failures := map[string]error{}
	_, failures["a token"] = NewShard(ShardConfig{Token: "a b"})
	_, failures["no token"] = NewShard(ShardConfig{})
	_, failures["a URL"] = NewShard(ShardConfig{Token: "t", URL: "https://x"})
	_, failures["a NUL"] = NewShard(ShardConfig{Token: "t\x00"})
	_, failures["a compression"] = NewShard(ShardConfig{Token: "t", Compression: 17})
	_, failures["a parameter"] = NewBroker(BrokerConfig{URL: "amqp://h/?x=1"})
	_, failures["no broker"] = NewBroker(BrokerConfig{})
	_, failures["no events"] = NewGateway(GatewayConfig{Token: "t"})
	_, failures["a shard"] = NewGateway(GatewayConfig{Token: "t", AllEvents: true, Shards: 2, ShardIDs: []uint32{2}})
	for what, err := range failures {
		var failure *Error
		if !errors.Is(err, ErrInvalid) || !errors.As(err, &failure) || len(failure.Sentence) < 20 {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := NewBroker(BrokerConfig{URL: "amqp://guest:secret@localhost:99999"}); !strings.Contains(err.Error(), "port") || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}

func TestKindsHaveNames(t *testing.T) {
	if ErrInvalid.Name() != "E_INVAL" || ErrNoMemory.Error() == "" || CallTimeout.String() != "TIMEOUT" {
		t.Fatal(ErrInvalid.Name(), ErrNoMemory, CallTimeout)
	}
}

func TestCertificatesThatCannotBeRead(t *testing.T) {
	_, err := NewShard(ShardConfig{Token: "t", Transport: Transport{CAFile: "/nowhere/ca.pem"}})
	if !errors.Is(err, ErrTLS) || !strings.Contains(err.Error(), "/nowhere/ca.pem") {
		t.Fatal(err)
	}
}

// What never comes is waited for until the context ends.
func TestWaitsEndWithTheirContext(t *testing.T) {
	shard, broker, gateway := newShard(t, ShardConfig{}), newBroker(t, BrokerConfig{}), newGateway(t, GatewayConfig{Broker: &BrokerConfig{URL: "amqp://" + nowhere}})
	consumer, err := broker.Consume("A")
	if err != nil {
		t.Fatal(err)
	}
	for ctx := short(t); ; {
		if _, err = gateway.Next(ctx); err != nil {
			break
		}
	}
	waits := map[string]error{"gateway": err, "publish": broker.Publish(short(t), Publishing{Key: "A"}), "ready": broker.Ready(short(t))}
	_, waits["shard"] = shard.Next(short(t))
	_, waits["consumer"] = consumer.Next(short(t))
	_, waits["call"] = broker.Call(short(t), Publishing{Key: "A"})
	for what, err := range waits {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestALossIsNoticed(t *testing.T) {
	notices := make(chan Notice, 100)
	shard := newShard(t, ShardConfig{Notify: func(notice Notice) { notices <- notice }})
	shard.Next(short(t))
	for notice := range notices {
		if notice.Type == "DISCONNECTED" {
			if !errors.Is(notice.Err, ErrSystem) || !strings.Contains(notice.String(), "shard 0 DISCONNECTED: ") {
				t.Fatal(notice.Err, notice)
			}
			return
		}
	}
}

func TestAHostThatDoesNotExist(t *testing.T) {
	notices := make(chan Notice, 100)
	shard := newShard(t, ShardConfig{URL: "ws://nowhere.invalid", Notify: func(notice Notice) { notices <- notice }})
	shard.Next(short(t))
	for notice := range notices {
		if notice.Type == "DISCONNECTED" {
			if !strings.Contains(notice.Text, "nowhere.invalid") {
				t.Fatal(notice)
			}
			return
		}
	}
}

func TestCloseEndsEveryWait(t *testing.T) {
	shard, broker := newShard(t, ShardConfig{}), newBroker(t, BrokerConfig{})
	consumer, err := broker.Consume("A")
	if err != nil {
		t.Fatal(err)
	}
	var waiting sync.WaitGroup
	expect := func(what string, wait func() error, wanted error) {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			if err := wait(); !errors.Is(err, wanted) {
				t.Errorf("%s: %v", what, err)
			}
		}()
	}
	for i := 0; i < 4; i++ {
		expect("shard", func() error { _, err := shard.Next(long(t)); return err }, io.EOF)
		expect("consumer", func() error { _, err := consumer.Next(long(t)); return err }, io.EOF)
		expect("ready", func() error { return broker.Ready(long(t)) }, ErrState)
	}
	time.Sleep(10 * time.Millisecond) // most of them wait by then; none has to
	shard.Close()
	broker.Close()
	waiting.Wait()
}

func TestCallsAfterClose(t *testing.T) {
	shard, broker, gateway := newShard(t, ShardConfig{}), newBroker(t, BrokerConfig{}), newGateway(t, GatewayConfig{})
	for _, handle := range []io.Closer{shard, broker, gateway, shard, broker, gateway} {
		handle.Close()
	}
	if _, err := shard.Next(long(t)); err != io.EOF {
		t.Error(err)
	}
	if _, err := gateway.Next(long(t)); err != io.EOF {
		t.Error(err)
	}
	_, consume := broker.Consume("A")
	for what, err := range map[string]error{"send": shard.Send(long(t), 3, "{}"), "publish": broker.Publish(long(t), Publishing{}), "consume": consume,
		"stop": gateway.Stop(0), "add": gateway.AddShard(1, nil), "commit": shard.Commit(1), "reconnect": shard.Reconnect()} {
		if !errors.Is(err, ErrState) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if shard.State() != "" || broker.State() != "" || shard.Session() != nil || gateway.ShardIDs() != nil {
		t.Error("a closed handle says something")
	}
}

func TestShutdownOfWhatNeverConnected(t *testing.T) {
	for what, err := range map[string]error{"shard": newShard(t, ShardConfig{}).Shutdown(long(t)), "broker": newBroker(t, BrokerConfig{}).Shutdown(long(t)),
		"gateway": newGateway(t, GatewayConfig{}).Shutdown(long(t))} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// goroutines is for what the garbage collector takes.
func waitForGoroutines(t *testing.T, count int) {
	t.Helper()
	for end := time.Now().Add(patience); runtime.NumGoroutine() > count; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines are left of %d", runtime.NumGoroutine(), count)
		}
		runtime.GC()
	}
}

func TestTheGarbageCollectorCloses(t *testing.T) {
	before := runtime.NumGoroutine()
	for i := 0; i < 10; i++ {
		shard, _ := NewShard(ShardConfig{Token: "t", URL: "ws://" + nowhere})
		shard.Next(short(t))
		broker, _ := NewBroker(BrokerConfig{URL: "amqp://" + nowhere})
		consumer, _ := broker.Consume("A")
		consumer.Next(short(t))
		gateway, _ := NewGateway(GatewayConfig{Token: "t", URL: "ws://" + nowhere, AllEvents: true})
		gateway.Next(short(t))
	}
	waitForGoroutines(t, before)
}

// A handle that somebody waits for is not taken.
func TestTheGarbageCollectorLeavesWhatIsWaitedFor(t *testing.T) {
	broker, _ := NewBroker(BrokerConfig{URL: "amqp://" + nowhere})
	consumer, _ := broker.Consume("A")
	broker = nil
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			runtime.GC()
			time.Sleep(time.Millisecond)
		}
	}()
	if _, err := consumer.Next(ctx); err != context.DeadlineExceeded {
		t.Fatal(err)
	}
}

func TestTwoConsumersOfOneQueue(t *testing.T) {
	broker := newBroker(t, BrokerConfig{})
	if _, err := broker.Consume("A", "B"); err != nil {
		t.Fatal(err)
	}
	if _, err := broker.Consume("B"); !errors.Is(err, ErrState) {
		t.Fatal(err)
	}
	if _, err := broker.Consume(); !errors.Is(err, ErrInvalid) {
		t.Fatal(err)
	}
}

func TestAGatewayWithoutConnection(t *testing.T) {
	gateway := newGateway(t, GatewayConfig{Shards: 3, ShardIDs: []uint32{0, 1}})
	if err := gateway.AddShard(1, nil); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	if err := gateway.AddShard(2, &Session{ID: "s", Seq: 7, ShardID: 2, Shards: 3}); err != nil {
		t.Error(err)
	}
	if err := gateway.DropShard(0); err != nil {
		t.Error(err)
	}
	if ids := gateway.ShardIDs(); len(ids) != 2 || ids[0] != 1 || ids[1] != 2 {
		t.Error(ids)
	}
	if session := gateway.Session(2); session == nil || session.ID != "s" || session.Seq != 7 {
		t.Error(session)
	}
	if err := gateway.SetPresence("{}"); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	if stats, err := gateway.ShardStats(2); err != nil || stats.State != "IDLE" {
		t.Error(stats, err)
	}
	if stats := gateway.Stats(); stats.Shards != 2 {
		t.Error(stats)
	}
}

func TestTheStateOfAFormerGateway(t *testing.T) {
	former := newGateway(t, GatewayConfig{Shards: 2, NoShards: true})
	if err := former.AddShard(1, &Session{ID: "s", Seq: 7, ShardID: 1, Shards: 2}); err != nil {
		t.Fatal(err)
	}
	state, changed, err := former.State()
	if err != nil || !changed || len(state) == 0 {
		t.Fatal(string(state), changed, err)
	}
	if session := newGateway(t, GatewayConfig{Shards: 2, State: state}).Session(1); session == nil || session.Seq != 7 {
		t.Error(session)
	}
	if _, err := NewGateway(GatewayConfig{Token: "other", AllEvents: true, Shards: 2, State: state}); !errors.Is(err, ErrAuth) {
		t.Error(err)
	}
	if _, err := NewGateway(GatewayConfig{Token: "t", AllEvents: true, State: []byte("torn")}); !errors.Is(err, ErrProtocol) {
		t.Error(err)
	}
}
