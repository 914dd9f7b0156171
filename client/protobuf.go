package client

import (
	"encoding/binary"
	"math"
)

// The wire types of Protocol Buffers that OTLP needs.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

func appendTag(dst []byte, field, wire int) []byte {
	return binary.AppendUvarint(dst, uint64(field)<<3|uint64(wire))
}

func appendVarint(dst []byte, field int, v uint64) []byte {
	return binary.AppendUvarint(appendTag(dst, field, wireVarint), v)
}

func appendFixed64(dst []byte, field int, v uint64) []byte {
	return binary.LittleEndian.AppendUint64(appendTag(dst, field, wireFixed64), v)
}

func appendDouble(dst []byte, field int, v float64) []byte {
	return appendFixed64(dst, field, math.Float64bits(v))
}

func appendString[T string | []byte](dst []byte, field int, v T) []byte {
	dst = binary.AppendUvarint(appendTag(dst, field, wireBytes), uint64(len(v)))
	return append(dst, v...)
}

// appendMessage appends what write appends as a message of its own.
func appendMessage(dst []byte, field int, write func([]byte) []byte) []byte {
	dst = appendTag(dst, field, wireBytes)
	start := len(dst)
	dst = write(dst)
	n := len(dst) - start
	var size [binary.MaxVarintLen64]byte
	k := binary.PutUvarint(size[:], uint64(n))
	dst = append(dst, size[:k]...)
	copy(dst[start+k:], dst[start:start+n])
	copy(dst[start:], size[:k])
	return dst
}

// eachField calls f with the fields of a message until the end or the first
// malformed one. v is the value of a varint field, b the bytes of a length-delimited
// one.
func eachField(msg []byte, f func(field int, v uint64, b []byte)) {
	for len(msg) > 0 {
		tag, n := binary.Uvarint(msg)
		if n <= 0 {
			return
		}
		msg = msg[n:]
		field := int(tag >> 3)
		switch tag & 7 {
		case wireVarint:
			v, n := binary.Uvarint(msg)
			if n <= 0 {
				return
			}
			f(field, v, nil)
			msg = msg[n:]
		case wireBytes:
			size, n := binary.Uvarint(msg)
			if n <= 0 || size > uint64(len(msg)-n) {
				return
			}
			f(field, 0, msg[n:n+int(size)])
			msg = msg[n+int(size):]
		case wireFixed64:
			if len(msg) < 8 {
				return
			}
			msg = msg[8:]
		case wireFixed32:
			if len(msg) < 4 {
				return
			}
			msg = msg[4:]
		default:
			return
		}
	}
}
