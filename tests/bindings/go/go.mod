// What people of Go use today, for ./dev bench bindings: the programs shard and consume of tests/bindings/README.md.
module peers

go 1.19

require (
	github.com/gorilla/websocket v1.5.3
	github.com/rabbitmq/amqp091-go v1.9.0
)
