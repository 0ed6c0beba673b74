package spectacles

// #include "engine.h"
import "C"

import (
	"net/http"
	"time"
)

// Verdict is what an answer of GET /gateway/bot means.
type Verdict uint32

// The verdicts.
const (
	BotFine  Verdict = C.SPECTACLES_GATEWAY_BOT_FINE
	BotAgain Verdict = C.SPECTACLES_GATEWAY_BOT_AGAIN // ask again, after Wait or a wait of your own
	BotToken Verdict = C.SPECTACLES_GATEWAY_BOT_TOKEN // Discord refuses the token
)

// String is the name of the verdict: "FINE".
func (v Verdict) String() string {
	return textAt(C.spectacles_gateway_bot_verdict_name(C.uint32_t(v)))
}

// GatewayBot is an answer of GET /gateway/bot.
type GatewayBot struct {
	Verdict        Verdict
	Text           string        // unless it is fine: what is wrong, and what to do
	Wait           time.Duration // that Discord asks for; 0: it does not say
	Global         bool          // the wait is of every request of the bot
	URL            string
	Shards         uint32 // that Discord recommends
	MaxConcurrency uint32
	Total          uint32 // identifies a day
	Remaining      uint32 // of these
	ResetAfter     time.Duration

	status     int
	retryAfter string
	body       []byte
}

// ReadGatewayBot reads an answer: any status and any body end in a verdict. response has the status and the headers; its
// body was read by the caller.
func ReadGatewayBot(response *http.Response, body []byte) *GatewayBot {
	made := &GatewayBot{status: response.StatusCode, retryAfter: response.Header.Get("Retry-After"), body: append([]byte{}, body...)}
	var memory scratch
	defer memory.free()
	from := made.read(&memory)
	made.Verdict, made.Text, made.URL = Verdict(from.verdict), textAt(&from.text[0]), textAt(&from.url[0])
	made.Wait, made.Global = time.Duration(from.wait)*time.Millisecond, from.global != 0
	made.Shards, made.MaxConcurrency = uint32(from.shard_count), uint32(from.max_concurrency)
	made.Total, made.Remaining = uint32(from.total), uint32(from.remaining)
	made.ResetAfter = time.Duration(from.reset_after) * time.Millisecond
	return made
}

func (b *GatewayBot) read(memory *scratch) *C.spectacles_gateway_bot {
	out := one[C.spectacles_gateway_bot](memory)
	C.spectacles_gateway_bot_init(out, C.sizeof_spectacles_gateway_bot)
	retry, retryLength := memory.chars(b.retryAfter)
	bytes, length := memory.bytes(b.body)
	C.spectacles_gateway_bot_read(out, C.uint32_t(b.status), retry, retryLength, bytes, length)
	return out
}
