package spectacles

// #include "engine.h"
import "C"

import (
	"fmt"
	"math"
	"time"
	"unsafe"
)

// headers writes those of a message: nil, bool, integers, floats, strings, bytes and times.
func (s *scratch) headers(headers map[string]any) (*C.spectacles_header, C.size_t, error) {
	made, all := slice[C.spectacles_header](s, len(headers))
	at := 0
	for key, value := range headers {
		header := &all[at]
		header.key, header.key_length = s.chars(key)
		if err := s.header(header, value); err != nil {
			return nil, 0, fmt.Errorf("header %q: %w", key, err)
		}
		at++
	}
	return made, C.size_t(at), nil
}

func (s *scratch) header(to *C.spectacles_header, value any) error {
	number := func(value int64) {
		to._type, to.integer = C.SPECTACLES_HEADER_INTEGER, C.int64_t(value)
	}
	switch value := value.(type) {
	case nil:
		to._type = C.SPECTACLES_HEADER_NOTHING
	case bool:
		to._type, to.integer = C.SPECTACLES_HEADER_BOOLEAN, C.int64_t(flag(value))
	case int:
		number(int64(value))
	case int32:
		number(int64(value))
	case int64:
		number(value)
	case uint32:
		number(int64(value))
	case float64:
		to._type, to.real = C.SPECTACLES_HEADER_REAL, C.double(value)
	case string:
		to._type = C.SPECTACLES_HEADER_TEXT
		to.bytes, to.bytes_length = s.bytes([]byte(value))
	case []byte:
		to._type = C.SPECTACLES_HEADER_BINARY
		to.bytes, to.bytes_length = s.bytes(value)
	case time.Time:
		to._type, to.integer = C.SPECTACLES_HEADER_TIMESTAMP, C.int64_t(value.Unix())
	default:
		return &Error{ErrInvalid, fmt.Sprintf("a header cannot be a %T", value)}
	}
	return nil
}

// headerReader reads what engine.c writes of headers.
type headerReader struct{ left []byte }

func (r *headerReader) number() (number uint64) {
	to := (*[8]byte)(unsafe.Pointer(&number))
	r.left = r.left[copy(to[:], r.left):]
	return number
}

func (r *headerReader) sized() []byte {
	var length uint32
	r.left = r.left[copy((*[4]byte)(unsafe.Pointer(&length))[:], r.left):]
	bytes := r.left[:length]
	r.left = r.left[length:]
	return bytes
}

func (r *headerReader) next() (key string, value any) {
	kind := r.left[0]
	r.left = r.left[1:]
	key = string(r.sized())
	switch kind {
	case C.SPECTACLES_HEADER_BOOLEAN:
		return key, r.number() != 0
	case C.SPECTACLES_HEADER_INTEGER:
		return key, int64(r.number())
	case C.SPECTACLES_HEADER_TIMESTAMP:
		return key, time.Unix(int64(r.number()), 0)
	case C.SPECTACLES_HEADER_REAL:
		return key, math.Float64frombits(r.number())
	case C.SPECTACLES_HEADER_TABLE:
		inside := headerReader{r.sized()}
		return key, inside.table()
	case C.SPECTACLES_HEADER_ARRAY:
		inside := headerReader{r.sized()}
		return key, inside.array()
	}
	bytes := r.sized()
	switch kind {
	case C.SPECTACLES_HEADER_NOTHING:
		return key, nil
	case C.SPECTACLES_HEADER_TEXT:
		return key, string(bytes)
	}
	return key, append([]byte{}, bytes...)
}

func (r *headerReader) table() map[string]any {
	table := map[string]any{}
	for len(r.left) > 0 {
		key, value := r.next()
		table[key] = value
	}
	return table
}

func (r *headerReader) array() []any {
	array := []any{}
	for len(r.left) > 0 {
		_, value := r.next()
		array = append(array, value)
	}
	return array
}
