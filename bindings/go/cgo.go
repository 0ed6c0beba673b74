package spectacles

// #cgo pkg-config: spectacles
// #cgo CFLAGS: -O2 -std=c11 -D_GNU_SOURCE
// #include <stdlib.h>
// #include "engine.h"
import "C"

import (
	"strings"
	"unsafe"
)

// scratchSize is enough for most calls.
const scratchSize = 4096

// scratch is memory of C that lasts as long as a call. What C has to read is copied here, so that C never sees a pointer
// to memory of Go.
type scratch struct {
	first  unsafe.Pointer // kept by reset
	used   C.size_t       // of first
	others []unsafe.Pointer
	err    error // the first text that C cannot have
}

// alloc returns size bytes, all of them 0.
func (s *scratch) alloc(size C.size_t) unsafe.Pointer {
	size = (size + 15) &^ 15
	if s.first == nil {
		s.first = C.malloc(scratchSize)
	}
	var made unsafe.Pointer
	if size <= scratchSize-s.used {
		made = unsafe.Add(s.first, int(s.used))
		s.used += size
	} else {
		made = C.malloc(size)
		s.others = append(s.others, made)
	}
	cleared := unsafe.Slice((*byte)(made), int(size))
	for i := range cleared {
		cleared[i] = 0
	}
	return made
}

// text is NUL-terminated; nil for "".
func (s *scratch) text(text string) *C.char {
	if text == "" {
		return nil
	}
	if strings.IndexByte(text, 0) >= 0 && s.err == nil {
		s.err = &Error{Kind: ErrInvalid, Sentence: "a text has a NUL character in it"}
	}
	to := s.alloc(C.size_t(len(text) + 1))
	copy(unsafe.Slice((*byte)(to), len(text)), text)
	return (*C.char)(to)
}

// notNil is text, and "" for "".
func (s *scratch) notNil(text string) *C.char {
	if made := s.text(text); made != nil {
		return made
	}
	return (*C.char)(s.alloc(1))
}

// slice is an array of a type of C.
func slice[T any](s *scratch, count int) (*T, []T) {
	if count == 0 {
		return nil, nil
	}
	var one T
	made := (*T)(s.alloc(C.size_t(count) * C.size_t(unsafe.Sizeof(one))))
	return made, unsafe.Slice(made, count)
}

// one is a struct of C.
func one[T any](s *scratch) *T {
	made, _ := slice[T](s, 1)
	return made
}

func (s *scratch) texts(texts []string) (**C.char, C.size_t) {
	first, all := slice[*C.char](s, len(texts))
	for i, text := range texts {
		all[i] = s.text(text)
	}
	return first, C.size_t(len(texts))
}

func (s *scratch) bytes(from []byte) (*C.uint8_t, C.size_t) {
	to, all := slice[byte](s, len(from))
	copy(all, from)
	return (*C.uint8_t)(unsafe.Pointer(to)), C.size_t(len(from))
}

// chars are bytes of a text that needs no NUL.
func (s *scratch) chars(text string) (*C.char, C.size_t) {
	to, all := slice[byte](s, len(text))
	copy(all, text)
	return (*C.char)(unsafe.Pointer(to)), C.size_t(len(text))
}

// reset forgets everything, and keeps some memory for the next call.
func (s *scratch) reset() {
	for _, other := range s.others {
		C.free(other)
	}
	s.used, s.others, s.err = 0, nil, nil
}

func (s *scratch) free() {
	s.reset()
	C.free(s.first)
	s.first = nil
}

// view is bytes of C, as long as they stand. No copy is made.
func view(at *C.uint8_t, length C.size_t) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(at)), int(length))
}

// textAt is a NUL-terminated text of C, copied.
func textAt(at *C.char) string {
	if at == nil {
		return ""
	}
	return C.GoString(at)
}
