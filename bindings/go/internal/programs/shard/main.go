// Command shard takes the events of one shard, with name and bytes, and without looking into them: shard COUNT.
package main

import (
	"context"
	"log"
	"os"

	"spectacles"
	"spectacles/internal/count"
)

func main() {
	counted := count.FromArguments()
	shard, err := spectacles.NewShard(spectacles.ShardConfig{
		Token: os.Getenv("DISCORD_TOKEN"), URL: os.Getenv("GATEWAY_URL"), Compression: spectacles.CompressionNone})
	if err != nil {
		log.Fatal(err)
	}
	defer shard.Close()
	for {
		event, err := shard.Next(context.Background())
		if err != nil {
			log.Fatal(err)
		}
		if event.Name != "READY" && counted.Add(len(event.Data)) {
			return
		}
	}
}
