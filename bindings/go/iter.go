//go:build go1.23

package spectacles

import (
	"context"
	"io"
	"iter"
)

// All gives the events of a shard to range, until it is stopped; then the last error, unless it is io.EOF.
func (s *Shard) All(ctx context.Context) iter.Seq2[Event, error] { return all(ctx, s.Next) }

// All gives the events of a gateway to range, until it has stopped; then the last error, unless it is io.EOF.
func (g *Gateway) All(ctx context.Context) iter.Seq2[*GatewayEvent, error] { return all(ctx, g.Next) }

// All gives the messages of a consumer to range, until it has ended; then the last error, unless it is io.EOF.
func (c *Consumer) All(ctx context.Context) iter.Seq2[*Message, error] { return all(ctx, c.Next) }

func all[T any](ctx context.Context, next func(context.Context) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			item, err := next(ctx)
			if err == io.EOF || !yield(item, err) || err != nil {
				return
			}
		}
	}
}
