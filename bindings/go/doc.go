// Package spectacles is libspectacles for Go: Discord's gateway, and the Spectacles protocol over AMQP.
//
// Three handles do the work:
//
//   - Shard is one connection to Discord's gateway.
//   - Broker is one connection to RabbitMQ: it publishes, consumes and asks.
//   - Gateway is a whole gateway: shards, and RabbitMQ behind them, or its owner in the place of RabbitMQ.
//
// # Events
//
// Events are pulled by Next, which waits for as long as its context lets it:
//
//	for {
//		event, err := shard.Next(ctx)
//		if err == io.EOF {
//			return nil // it was stopped
//		}
//		if err != nil {
//			return err // the context has ended, or Discord will never accept the settings
//		}
//		fmt.Println(event.Name)
//	}
//
// With Go 1.23 and later, All gives the same as an iterator for range. Cancelling a wait loses nothing: the next call
// goes on where the former one was. What Next returns is memory of Go and belongs to the caller.
//
// Who does not call Next holds a shard or a gateway up, once some hundred events wait: heartbeats go on, and Discord
// waits.
//
// # Goroutines
//
// Every handle may be used by several goroutines at the same time. From the first call that needs its connection on, a
// handle has one goroutine of its own, which the poller of Go's runtime wakes up when there are bytes or when its time
// has come. No thread is held while nothing happens. While a single caller waits, the caller does the work of that
// goroutine: Notify is told by a goroutine of its own.
//
// # Errors
//
// Errors carry the sentence of the library, which says what is wrong and what to do. [errors.Is] finds their kind
// ([ErrInvalid], [ErrState] and so on), and [errors.As] what else there is to know: *[Error], *[FatalError],
// *[PublishError], *[CallError].
//
// What happens by itself and is no error of a call (a connection that is lost, a session that Discord gave up) is told
// to Notify of the configuration.
//
// # The end
//
// Close ends a handle at once. Shutdown ends it in order, and waits for that. A handle that nobody refers to any more is
// closed by the garbage collector; the order of handles does not matter.
package spectacles
