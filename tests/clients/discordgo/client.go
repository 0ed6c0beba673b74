// discordgo, told where its Discord is. Prints each dispatch as it came.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/bwmarrin/discordgo"
)

func main() {
	discordgo.EndpointAPI = os.Getenv("CLIENT_SCHEME") + "://" + os.Getenv("CLIENT_API") + "/api/v" + discordgo.APIVersion + "/"
	discordgo.EndpointGateway = discordgo.EndpointAPI + "gateway"
	discordgo.EndpointGatewayBot = discordgo.EndpointGateway + "/bot"
	session, err := discordgo.New("Bot " + os.Getenv("CLIENT_TOKEN"))
	if err != nil {
		panic(err)
	}
	session.Identify.Intents = 513
	session.Compress = os.Getenv("CLIENT_COMPRESSION") == "payload"
	session.Identify.Compress = session.Compress
	session.LogLevel = discordgo.LogInformational
	session.SyncEvents = true // else each handler runs in a goroutine of its own, and lines come in any order
	session.AddHandler(func(_ *discordgo.Session, event *discordgo.Event) {
		line, _ := json.Marshal(map[string]any{"op": 0, "s": event.Sequence, "t": event.Type, "d": event.RawData})
		fmt.Println(string(line))
	})
	if err := session.Open(); err != nil {
		panic(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
}
