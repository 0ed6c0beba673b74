package spectacles

// #include "engine.h"
import "C"

import "context"

// Kind is what an error is about: a value of enum spectacles_error. Kinds are errors themselves, for errors.Is.
type Kind int32

// The kinds of errors.
const (
	// ErrNoMemory: memory ran out.
	ErrNoMemory Kind = C.SPECTACLES_E_NOMEM
	// ErrInvalid: an argument or a setting is wrong.
	ErrInvalid Kind = C.SPECTACLES_E_INVAL
	// ErrState: the call is not possible now: not connected, stopped or closed.
	ErrState Kind = C.SPECTACLES_E_STATE
	// ErrAgain: a limit is reached; try again later.
	ErrAgain Kind = C.SPECTACLES_E_AGAIN
	// ErrProtocol: bytes from outside break their protocol or their format.
	ErrProtocol Kind = C.SPECTACLES_E_PROTO
	// ErrLost: the peer closed the connection, or the connection was lost.
	ErrLost Kind = C.SPECTACLES_E_CLOSED
	// ErrTLS: the certificate, the host name or the handshake.
	ErrTLS Kind = C.SPECTACLES_E_TLS
	// ErrSystem: the operating system refused.
	ErrSystem Kind = C.SPECTACLES_E_SYS
	// ErrTooBig: something is larger than a limit.
	ErrTooBig Kind = C.SPECTACLES_E_TOOBIG
	// ErrAuth: credentials were refused.
	ErrAuth Kind = C.SPECTACLES_E_AUTH
	// ErrUnsupported: this build or this version of the library cannot do it.
	ErrUnsupported Kind = C.SPECTACLES_E_UNSUPPORTED
	// ErrUnreachable: the peer was not reached.
	ErrUnreachable Kind = C.SPECTACLES_E_UNREACHABLE
)

// Error is a short sentence.
func (k Kind) Error() string { return textAt(C.spectacles_strerror(C.int(k))) }

// Name is the name of the kind in C, without its prefix: "E_INVAL".
func (k Kind) Name() string { return textAt(C.spectacles_error_name(C.int(k))) }

// Error is a call that failed. errors.Is(err, ErrInvalid) asks for its kind.
type Error struct {
	Kind     Kind
	Sentence string // of the library: what is wrong, and what to do; never has a secret in it
}

func (e *Error) Error() string {
	if e.Sentence == "" {
		return e.Kind.Error()
	}
	return e.Sentence
}

// Unwrap gives the kind.
func (e *Error) Unwrap() error { return e.Kind }

// FatalError is what Next returns when Discord will never accept the settings of a shard.
type FatalError struct {
	Kind      Kind
	Sentence  string
	CloseCode int // of the gateway of Discord
}

func (e *FatalError) Error() string { return e.Sentence }

// Unwrap gives the kind.
func (e *FatalError) Unwrap() error { return e.Kind }

// PublishError is a message that will never be delivered: no queue takes it (ReplyCode 312), or RabbitMQ refuses it.
type PublishError struct {
	Sentence  string
	ReplyCode int
}

func (e *PublishError) Error() string { return e.Sentence }

// Failure is why a call has no reply.
type Failure uint32

// The reasons of a CallError.
const (
	// CallTimeout: no reply came in time. The request may still be worked on.
	CallTimeout Failure = C.SPECTACLES_CALL_TIMEOUT
	// CallUnroutable: no queue takes the request.
	CallUnroutable Failure = C.SPECTACLES_CALL_UNROUTABLE
	// CallRefused: RabbitMQ does not take the request.
	CallRefused Failure = C.SPECTACLES_CALL_REFUSED
	// CallLost: the connection was lost behind the request. Whether it was carried out is not known.
	CallLost Failure = C.SPECTACLES_CALL_LOST
	// CallClosed: the broker was shut down.
	CallClosed Failure = C.SPECTACLES_CALL_CLOSED
	// CallBadReply: the reply is too large.
	CallBadReply Failure = C.SPECTACLES_CALL_BAD_REPLY
)

// String is the name of the reason: "TIMEOUT".
func (f Failure) String() string { return textAt(C.spectacles_call_failure_name(C.uint32_t(f))) }

// CallError is a call without a reply.
type CallError struct {
	Reason   Failure
	Sentence string
}

func (e *CallError) Error() string { return e.Sentence }

// Is is true for context.DeadlineExceeded, when no reply came in time.
func (e *CallError) Is(target error) bool {
	return target == context.DeadlineExceeded && e.Reason == CallTimeout
}

// problem is where a call without a handle leaves its sentence.
func (s *scratch) problem() *C.spectacles_problem { return one[C.spectacles_problem](s) }

// check makes an error of the result of such a call.
func check(code C.int, problem *C.spectacles_problem) error {
	if code >= 0 {
		return nil
	}
	sentence := textAt(&problem.text[0])
	if word := textAt(&problem.word[0]); word != "" {
		sentence += ": " + word
	}
	return &Error{Kind(code), sentence}
}

// failed makes an error of the result of a call with a handle.
func failed(code C.int, sentence *C.char) error {
	if code >= 0 {
		return nil
	}
	return &Error{Kind(code), textAt(sentence)}
}

func closedError(what string) error {
	return &Error{ErrState, "the " + what + " is closed"}
}
