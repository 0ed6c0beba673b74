package spectacles

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestTranscode(t *testing.T) {
	for _, format := range []Format{ETF, MsgPack, MsgPackJSON} {
		written, err := Transcode(format, JSON, []byte(`{"a":[1,true,null]}`))
		if errors.Is(err, ErrUnsupported) {
			continue // a build without MessagePack
		}
		if err != nil || FormatOf(written) != format {
			t.Fatal(format, FormatOf(written), err)
		}
		read, err := Transcode(JSON, Raw, written)
		if err != nil || string(read) != `{"a":[1,true,null]}` {
			t.Fatal(format, string(read), err)
		}
		var value struct{ A []any }
		if err := decode(written, format, &value); err != nil || len(value.A) != 3 {
			t.Fatal(value, err)
		}
	}
	if _, err := Transcode(ETF, JSON, []byte("{")); !errors.Is(err, ErrProtocol) {
		t.Fatal(err)
	}
}

func TestNames(t *testing.T) {
	format, err := ParseFormat("msgpack-json")
	if err != nil || format != MsgPackJSON || format.String() != "MSGPACK_JSON" || format.ContentType() != "application/msgpack" {
		t.Error(format, err)
	}
	if _, err := ParseFormat("yaml"); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "yaml") {
		t.Error(err)
	}
	if intent, err := ParseIntent("guild_messages"); err != nil || intent != IntentGuildMessages {
		t.Error(intent, err)
	}
	if _, err := ParseIntent("GUILD"); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	if IntentsFor("MESSAGE_CREATE") != IntentGuildMessages|IntentDirectMessages || (IntentGuilds|IntentMessageContent).Privileged() != IntentMessageContent {
		t.Error(IntentsFor("MESSAGE_CREATE"))
	}
	if EventShardReady.String() != "SHARD_READY" || CommandsBroker.String() != "commands" || SendKey() != "SEND" || GapKey() != "SPECTACLES_GAP" {
		t.Error(EventShardReady, CommandsBroker, SendKey(), GapKey())
	}
	if !Supports("json") || Supports("nothing") || strings.Count(Version(), ".") != 2 || RouteShard(3<<22, 2) != 1 {
		t.Error(Version(), RouteShard(3<<22, 2))
	}
}

func TestPackets(t *testing.T) {
	request := MembersRequest{GuildID: 7, UserIDs: []uint64{1, 2}, Nonce: "n"}
	d, err := request.Packet()
	if err != nil || CheckJSON(d) != nil {
		t.Fatal(string(d), err)
	}
	packet := []byte(`{"op":8,"d":` + string(d) + `}`)
	body, err := SendBody(7, packet)
	if err != nil || !strings.HasPrefix(string(body), `{"guild_id":"7","packet":{"op":8`) || CheckPacket(packet) != nil {
		t.Fatal(string(body), err)
	}
	if _, err := SendBody(0, packet); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	if err := CheckPacket([]byte(`{"op":2,"d":{}}`)); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
	if err := CheckJSON([]byte("{]")); !errors.Is(err, ErrProtocol) {
		t.Error(err)
	}
	if CheckToken("MQ.a.token") != nil || !errors.Is(CheckToken("a b"), ErrInvalid) || !errors.Is(CheckToken(""), ErrInvalid) || TokenBot("MTIzNDU2Nzg5MDEyMzQ1Njc4.a.b") != 123456789012345678 {
		t.Error(CheckToken("MQ.a.token"), CheckToken("a b"), TokenBot("MTIzNDU2Nzg5MDEyMzQ1Njc4.a.b"))
	}
}

func TestTheAnswerOfGatewayBot(t *testing.T) {
	answer := ReadGatewayBot(&http.Response{StatusCode: 200}, []byte(`{"url":"wss://gateway.discord.gg","shards":9,
		"session_start_limit":{"total":1000,"remaining":999,"reset_after":14400000,"max_concurrency":2}}`))
	if answer.Verdict != BotFine || answer.Shards != 9 || answer.MaxConcurrency != 2 || answer.URL != "wss://gateway.discord.gg" {
		t.Fatal(answer)
	}
	gateway := newGateway(t, GatewayConfig{})
	if err := gateway.SetLimits(answer); err != nil || gateway.Stats().IdentifiesLeft != 999 {
		t.Error(err, gateway.Stats().IdentifiesLeft)
	}
	refused := ReadGatewayBot(&http.Response{StatusCode: 401}, []byte(`{"message":"401: Unauthorized","code":0}`))
	if refused.Verdict != BotToken || refused.Text == "" || !errors.Is(gateway.SetLimits(refused), ErrInvalid) {
		t.Error(refused)
	}
	slow := ReadGatewayBot(&http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"7"}}}, nil)
	if slow.Verdict != BotAgain || slow.Wait.Seconds() != 7 || slow.Verdict.String() != "AGAIN" {
		t.Error(slow)
	}
}
