package spectacles

// #include "engine.h"
import "C"

import "time"

// EventType says what a GatewayEvent tells.
type EventType uint32

// What happens to a gateway.
const (
	EventShardConnecting    EventType = C.SPECTACLES_RELAY_EVENT_SHARD_CONNECTING
	EventShardIdentifying   EventType = C.SPECTACLES_RELAY_EVENT_SHARD_IDENTIFYING
	EventShardReady         EventType = C.SPECTACLES_RELAY_EVENT_SHARD_READY
	EventShardResumed       EventType = C.SPECTACLES_RELAY_EVENT_SHARD_RESUMED
	EventShardDisconnected  EventType = C.SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED
	EventShardGap           EventType = C.SPECTACLES_RELAY_EVENT_SHARD_GAP
	EventShardClosed        EventType = C.SPECTACLES_RELAY_EVENT_SHARD_CLOSED
	EventShardFatal         EventType = C.SPECTACLES_RELAY_EVENT_SHARD_FATAL // Discord will never accept this shard
	EventShardLatency       EventType = C.SPECTACLES_RELAY_EVENT_SHARD_LATENCY
	EventShardLate          EventType = C.SPECTACLES_RELAY_EVENT_SHARD_LATE
	EventShardPlain         EventType = C.SPECTACLES_RELAY_EVENT_SHARD_PLAIN
	EventShardRemoved       EventType = C.SPECTACLES_RELAY_EVENT_SHARD_REMOVED
	EventBrokerConnecting   EventType = C.SPECTACLES_RELAY_EVENT_BROKER_CONNECTING
	EventBrokerReady        EventType = C.SPECTACLES_RELAY_EVENT_BROKER_READY
	EventBrokerDisconnected EventType = C.SPECTACLES_RELAY_EVENT_BROKER_DISCONNECTED
	EventBrokerBlocked      EventType = C.SPECTACLES_RELAY_EVENT_BROKER_BLOCKED
	EventBrokerUnblocked    EventType = C.SPECTACLES_RELAY_EVENT_BROKER_UNBLOCKED
	EventBrokerClosed       EventType = C.SPECTACLES_RELAY_EVENT_BROKER_CLOSED
	EventSubscribed         EventType = C.SPECTACLES_RELAY_EVENT_SUBSCRIBED
	EventUnsubscribed       EventType = C.SPECTACLES_RELAY_EVENT_UNSUBSCRIBED
	EventPublishFailed      EventType = C.SPECTACLES_RELAY_EVENT_PUBLISH_FAILED
	EventUnroutable         EventType = C.SPECTACLES_RELAY_EVENT_UNROUTABLE
	EventCommandRouted      EventType = C.SPECTACLES_RELAY_EVENT_COMMAND_ROUTED
	EventCommandSent        EventType = C.SPECTACLES_RELAY_EVENT_COMMAND_SENT
	EventCommandRejected    EventType = C.SPECTACLES_RELAY_EVENT_COMMAND_REJECTED
	EventIdentifyLimit      EventType = C.SPECTACLES_RELAY_EVENT_IDENTIFY_LIMIT
	EventRateLimited        EventType = C.SPECTACLES_RELAY_EVENT_RATE_LIMITED
	EventCommandLimited     EventType = C.SPECTACLES_RELAY_EVENT_COMMAND_LIMITED
	EventMessage            EventType = C.SPECTACLES_RELAY_EVENT_MESSAGE // an event of Discord, without a broker: Ack it
)

// String is the name of the type: "SHARD_READY".
func (t EventType) String() string {
	return textAt(C.spectacles_relay_event_type_name(C.uint32_t(t)))
}

// BrokerRole is one of the two connections to RabbitMQ of a gateway.
type BrokerRole uint32

// The connections.
const (
	EventsBroker   BrokerRole = C.SPECTACLES_RELAY_EVENTS   // publishes events
	CommandsBroker BrokerRole = C.SPECTACLES_RELAY_COMMANDS // consumes commands
)

func (r BrokerRole) String() string {
	if r == CommandsBroker {
		return "commands"
	}
	return "events"
}

// GatewayEvent is something that has happened to a gateway. Fields that the type does not need are zero.
type GatewayEvent struct {
	Type         EventType
	ShardID      uint32
	Broker       BrokerRole
	Code         int   // of WebSocket, HTTP or AMQP; 0: none
	Err          error // nil, or the kind of the error
	Op           uint32
	Seq          uint64
	Ticket       uint64 // of a packet that Send was given
	Duration     time.Duration
	Wait         time.Duration // until it is tried again
	Time         time.Time     // when a loss was noticed
	Name         string        // of an event, a routing key or a nonce
	Text         string        // one sentence
	SessionID    string
	OldSessionID string

	// Of EventMessage: the body, and the id that all copies of it have.
	Body      []byte
	Format    Format
	MessageID string

	line    string
	gateway *gateway
}

func (g *gateway) event(item *C.sgo_item) *GatewayEvent {
	made := &GatewayEvent{Type: EventType(item._type), ShardID: uint32(item.shard_id), Broker: BrokerRole(item.broker),
		Code: int(item.code), Op: uint32(item.op), Seq: uint64(item.seq), Ticket: uint64(item.number),
		Duration: time.Duration(item.duration) * time.Millisecond, Wait: waitOf(item), Name: g.names.of(g.bytes(item.name)),
		Format: Format(item.format), MessageID: g.text(item.message_id), gateway: g}
	if made.Type == EventMessage {
		made.Body = g.data(item.data)
		return made
	}
	if item.error != 0 {
		made.Err = Kind(item.error)
	}
	if item.unix_time != 0 {
		made.Time = time.UnixMilli(int64(item.unix_time))
	}
	made.Text, made.line = g.text(item.text), g.text(item.line)
	made.SessionID, made.OldSessionID = g.text(item.session_id), g.text(item.old_session_id)
	return made
}

// Decode reads the body into a value, as package encoding/json does, whatever the format is.
func (e *GatewayEvent) Decode(value any) error { return decode(e.Body, e.Format, value) }

// Ack says that the work of an EventMessage is done. What is not acknowledged comes again when its session is resumed.
func (e *GatewayEvent) Ack() error { return e.gateway.acknowledge(e.Ticket) }

// String is a line for a log.
func (e *GatewayEvent) String() string {
	if e.Type == EventMessage {
		return e.Name + " " + e.MessageID
	}
	return e.line
}
