// Command shard is a shard without the library, by gorilla/websocket and encoding/json: shard COUNT.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"

	"github.com/gorilla/websocket"
)

type payload struct {
	Op   int             `json:"op"`
	Seq  int64           `json:"s"`
	Type string          `json:"t"`
	Data json.RawMessage `json:"d"`
}

func identify(socket *websocket.Conn) error {
	properties := map[string]string{"os": "linux", "browser": "bench", "device": "bench"}
	return socket.WriteJSON(map[string]any{"op": 2, "d": map[string]any{
		"token": os.Getenv("DISCORD_TOKEN"), "intents": 0, "properties": properties, "shard": [2]int{0, 1}}})
}

func main() {
	total, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	socket, _, err := websocket.DefaultDialer.Dial(os.Getenv("GATEWAY_URL")+"/?v=10&encoding=json", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer socket.Close()
	for seen := 0; seen < total; {
		_, text, err := socket.ReadMessage()
		if err != nil {
			log.Fatal(err)
		}
		var read payload
		if err := json.Unmarshal(text, &read); err != nil {
			log.Fatal(err)
		}
		switch {
		case read.Op == 10:
			if err := identify(socket); err != nil {
				log.Fatal(err)
			}
		case read.Op == 0 && read.Type != "READY":
			seen++
			if seen%(total/10) == 0 {
				fmt.Println("EVENTS", seen)
			}
		}
	}
}
