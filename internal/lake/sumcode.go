package lake

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// sumsHead says of what sums are.
type sumsHead struct {
	program string // that has made them
	kind    string
	key     string // of the question
	firsts  map[hansard.Tier]uint64
	upTo    map[hansard.Tier]int64
	parts   []summedPart
}

// storedSums is what a fold keeps of one question, as it lies in a file. The file is
// authentic when it is decoded (see sumStore), and its lengths are checked all the
// same.
type storedSums[S any] struct {
	sumsHead
	covered spans
	names   *numbers // of all texts
	hours   map[int64]S
}

// summedPart is a part over whose rows sums were made.
type summedPart struct {
	tier    hansard.Tier
	name    part.Name
	sum     hansard.Hash
	moments span
}

// sumCode says how the sum of an hour is written. own are the numbers that the sums
// of a question have for what they are about, names those of the file.
type sumCode[S any] struct {
	append func(b []byte, s S, own, names *numbers) []byte
	read   func(d *sumReader, names *numbers) S
}

var errSums = errors.New("sums are cut short or malformed")

func appendBytes[T ~string | ~[]byte](b []byte, text T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func appendSpan(b []byte, s span) []byte {
	return binary.AppendVarint(binary.AppendVarint(b, s.from), s.to)
}

// encode returns the bytes of the file.
func (s *storedSums[S]) encode(code sumCode[S]) []byte {
	names, hours := &numbers{}, []byte(nil) // of what is in an hour alone
	for _, hour := range slices.Sorted(maps.Keys(s.hours)) {
		hours = code.append(binary.AppendVarint(hours, hour), s.hours[hour], s.names, names)
	}
	b := s.sumsHead.append(nil)
	b = binary.AppendUvarint(b, uint64(len(s.covered)))
	for _, c := range s.covered {
		b = appendSpan(b, c)
	}
	b = binary.AppendUvarint(b, uint64(names.count()))
	for i := range names.count() {
		b = appendBytes(b, names.text(int32(i)))
	}
	return append(binary.AppendUvarint(b, uint64(len(s.hours))), hours...)
}

func (s *sumsHead) append(b []byte) []byte {
	for _, text := range []string{s.program, s.kind, s.key} {
		b = appendBytes(b, text)
	}
	b = binary.AppendUvarint(b, uint64(len(s.upTo)))
	for _, tier := range slices.Sorted(maps.Keys(s.upTo)) {
		first, there := s.firsts[tier]
		b = binary.AppendVarint(appendBytes(b, tier), s.upTo[tier])
		if there {
			first++ // 0: it has no parts
		}
		b = binary.AppendUvarint(b, first)
	}
	b = binary.AppendUvarint(b, uint64(len(s.parts)))
	for _, p := range s.parts {
		b = appendBytes(b, p.tier)
		for _, n := range []uint64{p.name.First, p.name.End, uint64(p.name.Rewrite)} {
			b = binary.AppendUvarint(b, n)
		}
		b = appendSpan(append(b, p.sum[:]...), p.moments)
	}
	return b
}

// decodeHead reads the head of a file.
func decodeHead(d *sumReader) (s sumsHead, err error) {
	s.program, s.kind, s.key = string(d.bytes()), string(d.bytes()), string(d.bytes())
	s.firsts, s.upTo = map[hansard.Tier]uint64{}, map[hansard.Tier]int64{}
	for range d.count(3) {
		tier := hansard.Tier(d.bytes())
		s.upTo[tier] = d.varint()
		if first := d.uvarint(); first > 0 {
			s.firsts[tier] = first - 1
		}
	}
	for range d.count(38) {
		p := summedPart{tier: hansard.Tier(d.bytes())}
		p.name = part.Name{First: d.uvarint(), End: d.uvarint(), Rewrite: int(d.uvarint() & 0x7fffffff)}
		copy(p.sum[:], d.take(len(p.sum)))
		p.moments = d.span()
		s.parts = append(s.parts, p)
	}
	return s, d.err
}

// decodeSums reads the bytes of a file. Nothing is made much larger than they are.
func decodeSums[S any](b []byte, code sumCode[S]) (s *storedSums[S], err error) {
	d := &sumReader{rest: b}
	s = &storedSums[S]{names: &numbers{}, hours: map[int64]S{}}
	if s.sumsHead, err = decodeHead(d); err != nil {
		return nil, err
	}
	for range d.count(2) {
		s.covered = s.covered.with(d.span())
	}
	for i := range d.count(1) {
		if k := s.names.one(string(d.bytes())); int(k) != i && d.err == nil {
			d.err = errSums // there twice
		}
	}
	for range d.count(1) {
		hour := d.varint()
		sum := code.read(d, s.names)
		if d.err != nil {
			break
		}
		s.hours[hour] = sum
	}
	if d.err == nil && len(d.rest) > 0 {
		d.err = errSums
	}
	return s, d.err
}

// sumReader reads what a file of sums holds. After the first error everything is 0.
type sumReader struct {
	rest []byte
	err  error
}

func (d *sumReader) take(n int) []byte {
	if d.err != nil || n < 0 || n > len(d.rest) {
		d.err = errSums
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

func (d *sumReader) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if d.err != nil || n <= 0 {
		d.err = errSums
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *sumReader) varint() int64 {
	v, n := binary.Varint(d.rest)
	if d.err != nil || n <= 0 {
		d.err = errSums
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// count reads how many things follow, of so many bytes each at least.
func (d *sumReader) count(least int) int {
	n := d.uvarint()
	if n > uint64(len(d.rest)/least) {
		d.err = errSums
		return 0
	}
	return int(n)
}

func (d *sumReader) bytes() []byte { return d.take(d.count(1)) }
func (d *sumReader) span() span    { return span{d.varint(), d.varint()} }

// name reads the number of one of names.
func (d *sumReader) name(names *numbers) int32 {
	n := d.uvarint()
	if n >= uint64(names.count()) {
		d.err = errSums
		return 0
	}
	return int32(n)
}

// The codes of the sums.

func tableCode() sumCode[*tableSum] {
	return sumCode[*tableSum]{
		append: func(b []byte, s *tableSum, own, names *numbers) []byte {
			b = binary.AppendUvarint(b, uint64(len(s.ids)))
			width := 0
			if len(s.ids) > 0 {
				width = len(s.counters) / len(s.ids)
			}
			b = binary.AppendUvarint(b, uint64(width))
			for i, id := range s.ids {
				b = binary.AppendUvarint(b, uint64(names.one(view(own.text(id)))))
				for _, n := range s.counters[i*width : (i+1)*width] {
					b = binary.AppendVarint(b, n)
				}
			}
			return b
		},
		read: func(d *sumReader, names *numbers) *tableSum {
			n, width := d.count(1), d.uvarint()
			if width > uint64(len(d.rest)) || uint64(n)*(width+1) > uint64(len(d.rest)) {
				d.err = errSums
				return nil
			}
			s := &tableSum{ids: make([]int32, n), counters: make([]int64, n*int(width))}
			for i := range s.ids {
				s.ids[i] = d.name(names)
				for k := range int(width) {
					s.counters[i*int(width)+k] = d.varint()
				}
			}
			return s
		},
	}
}

func toolCode() sumCode[*toolSum] {
	return sumCode[*toolSum]{
		append: func(b []byte, s *toolSum, _, names *numbers) []byte {
			b = binary.AppendUvarint(b, uint64(len(s.tools)))
			for _, k := range slices.Sorted(maps.Keys(s.tools)) {
				f := s.tools[k]
				b = binary.AppendUvarint(b, uint64(names.one(view(s.names.text(k)))))
				for _, n := range []int64{f.calls, f.errors, f.sum} {
					b = binary.AppendVarint(b, n)
				}
				b = binary.AppendUvarint(b, uint64(len(f.us)))
				last := int64(0)
				for _, us := range f.us { // sorted
					b = binary.AppendVarint(b, us-last)
					last = us
				}
			}
			return b
		},
		read: func(d *sumReader, names *numbers) *toolSum {
			s := &toolSum{names: names, tools: map[int32]*toolFigures{}}
			for range d.count(5) {
				k := d.name(names)
				f := &toolFigures{calls: d.varint(), errors: d.varint(), sum: d.varint()}
				f.us = make([]int64, d.count(1))
				last := int64(0)
				for i := range f.us {
					last += d.varint()
					f.us[i] = last
				}
				s.tools[k] = f
			}
			return s
		},
	}
}

func tokenCode() sumCode[*tokenSum] {
	return sumCode[*tokenSum]{
		append: func(b []byte, s *tokenSum, _, _ *numbers) []byte {
			b = binary.AppendUvarint(b, uint64(len(s.runs)))
			for _, run := range s.runs {
				b = appendBytes(b, []byte(run))
			}
			return b
		},
		read: func(d *sumReader, _ *numbers) *tokenSum {
			s := &tokenSum{runs: make([]tokenRun, d.count(1))}
			for i := range s.runs {
				if run := d.bytes(); len(run) > 0 {
					s.runs[i] = slices.Clone(run)
				}
				if !s.runs[i].whole() {
					d.err = errSums
				}
			}
			return s
		},
	}
}

func invocationCode() sumCode[*invocationSum] {
	return sumCode[*invocationSum]{
		append: func(b []byte, s *invocationSum, _, names *numbers) []byte {
			b = binary.AppendUvarint(b, uint64(len(s.agents)))
			for _, agent := range slices.Sorted(maps.Keys(s.agents)) {
				f := s.agents[agent]
				b = binary.AppendUvarint(b, uint64(names.one(agent)))
				for _, n := range []int64{f.n, f.failed, f.open, f.timed, f.us} {
					b = binary.AppendVarint(b, n)
				}
			}
			return b
		},
		read: func(d *sumReader, names *numbers) *invocationSum {
			s := &invocationSum{agents: map[string]invocationFigures{}}
			for range d.count(6) {
				k := d.name(names)
				if d.err != nil {
					return s
				}
				s.agents[string(names.text(k))] = invocationFigures{d.varint(), d.varint(), d.varint(), d.varint(), d.varint()}
			}
			return s
		},
	}
}

// whole reports whether a run that was read from a file ends where a group does.
func (r tokenRun) whole() bool {
	d := &sumReader{rest: r}
	for len(d.rest) > 0 && d.err == nil {
		d.bytes()
		for range 6 {
			d.varint()
		}
		masks := d.take(2)
		if d.err != nil {
			break
		}
		for c := range tokenClasses + 1 {
			if masks[0]&(1<<c) == 0 {
				continue
			}
			d.varint()
			d.varint()
			if masks[1]&(1<<c) != 0 {
				d.varint()
			}
		}
	}
	return d.err == nil
}
