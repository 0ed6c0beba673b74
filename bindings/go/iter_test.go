//go:build go1.23

package spectacles

import (
	"context"
	"testing"
)

func TestAllEndsWithTheShard(t *testing.T) {
	shard := newShard(t, ShardConfig{})
	shard.Close()
	for range shard.All(context.Background()) {
		t.Fatal("a closed shard has an event")
	}
}

func TestAllGivesTheErrorOfTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	count := 0
	for _, err := range newShard(t, ShardConfig{}).All(ctx) {
		if count++; err != context.Canceled {
			t.Fatal(err)
		}
	}
	if count != 1 {
		t.Fatalf("%d errors", count)
	}
}
