package spectacles

// #include "engine.h"
import "C"

import (
	"strconv"
	"time"
)

// Declare is what a broker does about the exchange and its queues.
type Declare uint32

// What a broker may do; the later two are for accounts that may not declare.
const (
	DeclareAll     Declare = C.SPECTACLES_DECLARE         // declares and binds them
	DeclarePassive Declare = C.SPECTACLES_DECLARE_PASSIVE // looks whether they exist
	DeclareNothing Declare = C.SPECTACLES_DECLARE_NOTHING // asks for nothing
)

// QueueType is the type of the queues that a broker declares.
type QueueType uint32

// The types of queues.
const (
	QueueDefault QueueType = C.SPECTACLES_QUEUE_DEFAULT // that of the virtual host
	QueueClassic QueueType = C.SPECTACLES_QUEUE_CLASSIC
	QueueQuorum  QueueType = C.SPECTACLES_QUEUE_QUORUM
)

// BrokerConfig has the settings of a broker. URL or URLs is required; everything else has a default.
type BrokerConfig struct {
	URL  string   // amqp://user:password@host:port/vhost, or amqps://
	URLs []string // of several nodes, in the place of URL
	// Group is the exchange; default "gateway".
	Group string
	// Name is shown in RabbitMQ's list of connections.
	Name      string
	Prefetch  uint32 // deliveries that are not acknowledged, for each queue; default 64
	Format    Format // in which bodies are written; default JSON
	Declare   Declare
	QueueType QueueType
	// Window is how many publishes may be unconfirmed; beyond it, Publish waits. Default 2000.
	Window      uint32
	WindowBytes uint64        // of their bodies; default 1 MiB
	MaxMessage  uint64        // bytes of a body that is received; default 16 MiB
	DrainTime   time.Duration // that Shutdown waits for confirms and replies; default 5 s
	Heartbeat   time.Duration // for URLs that name none; default 20 s
	Fanout      bool          // the exchange of the group gives each message to all of its queues
	Transport   Transport

	// Notify is told what happens by itself, one after the other. The broker waits for it meanwhile.
	Notify func(Notice)
}

func (s *scratch) brokerConfig(config *BrokerConfig) (*C.spectacles_broker_config, error) {
	made := one[C.spectacles_broker_config](s)
	C.spectacles_broker_config_init(made, C.sizeof_spectacles_broker_config)
	urls := config.URLs
	if config.URL != "" {
		urls = append([]string{config.URL}, urls...)
	}
	made.urls, made.url_count = s.texts(urls)
	if config.Group != "" {
		made.group = s.text(config.Group)
	}
	made.name, made.seed = s.text(config.Name), C.spectacles_random_seed()
	made.prefetch = or(C.uint32_t(config.Prefetch), made.prefetch)
	made.format = or(C.uint32_t(config.Format), made.format)
	made.declare, made.queue_type = C.uint32_t(config.Declare), C.uint32_t(config.QueueType)
	made.window_count = or(C.uint32_t(config.Window), made.window_count)
	made.window_bytes = or(C.uint64_t(config.WindowBytes), made.window_bytes)
	made.max_message = or(C.uint64_t(config.MaxMessage), made.max_message)
	made.drain_timeout = or(C.uint32_t(config.DrainTime.Milliseconds()), made.drain_timeout)
	made.heartbeat = or(C.uint32_t(config.Heartbeat/time.Second), made.heartbeat)
	if config.Fanout {
		made.exchange_type = C.SPECTACLES_EXCHANGE_FANOUT
	}
	return made, s.err
}

// Publishing is a message to publish.
type Publishing struct {
	Key    string // the name of an event
	Body   []byte
	Format Format // of Body: JSON and its like are rewritten in the format of the broker; Raw (default) goes out as it is
	// MessageID is the same for all copies of a message. A lost connection publishes a message again: give it one.
	MessageID  string
	Exchange   string // "": that of the group
	ToQueue    bool   // Key is the name of a queue: the default exchange
	Mandatory  bool   // an error when no queue takes it
	Transient  bool   // it is lost when RabbitMQ restarts
	Expiration time.Duration
	Priority   uint8
	Headers    map[string]any

	ContentType   string
	CorrelationID string
	ReplyTo       string
}

func (s *scratch) message(from *Publishing) (*C.spectacles_message, error) {
	made := one[C.spectacles_message](s)
	C.spectacles_message_init(made, C.sizeof_spectacles_message)
	made.key, made.key_length = s.chars(from.Key)
	made.body, made.body_length = s.bytes(from.Body)
	made.format, made.priority = C.uint32_t(from.Format), C.uint32_t(from.Priority)
	made.message_id, made.exchange = s.text(from.MessageID), s.text(from.Exchange)
	if from.ToQueue {
		made.exchange = s.notNil("")
	}
	made.content_type, made.correlation_id, made.reply_to = s.text(from.ContentType), s.text(from.CorrelationID), s.text(from.ReplyTo)
	if from.Expiration > 0 {
		made.expiration = s.text(strconv.FormatInt(from.Expiration.Milliseconds(), 10))
	}
	if from.Mandatory {
		made.flags |= C.SPECTACLES_MESSAGE_MANDATORY
	}
	if from.Transient {
		made.flags |= C.SPECTACLES_MESSAGE_TRANSIENT
	}
	var err error
	made.headers, made.header_count, err = s.headers(from.Headers)
	return made, first(s.err, err)
}
