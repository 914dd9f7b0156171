package lake

import (
	"math"
	"slices"
)

// span is a range of whole numbers, both ends included.
type span struct{ from, to int64 }

// everything is the span of all numbers.
func everything() span { return span{math.MinInt64, math.MaxInt64} }

func (s span) empty() bool           { return s.from > s.to }
func (s span) holds(x int64) bool    { return x >= s.from && x <= s.to }
func (s span) meets(o span) bool     { return s.from <= o.to && o.from <= s.to }
func (s span) within(o span) bool    { return s.from >= o.from && s.to <= o.to }
func (s span) intersect(o span) span { return span{max(s.from, o.from), min(s.to, o.to)} }
func (s span) wider(by int64) span   { return span{less(s.from, by), more(s.to, by)} }
func less(x, by int64) int64         { return max(x, math.MinInt64+by) - by }
func more(x, by int64) int64         { return min(x, math.MaxInt64-by) + by }

// spans are spans in order that do not meet or touch.
type spans []span

// with returns the spans and one more.
func (s spans) with(o span) spans {
	if o.empty() {
		return s
	}
	out := make(spans, 0, len(s)+1)
	for _, x := range s {
		if o.meets(x.wider(1)) {
			o = span{min(o.from, x.from), max(o.to, x.to)}
		} else {
			out = append(out, x)
		}
	}
	out = append(out, o)
	slices.SortFunc(out, func(a, b span) int {
		if a.from < b.from {
			return -1
		}
		return 1
	})
	return out
}

// and returns what is in one or the other.
func (s spans) and(o spans) spans {
	for _, x := range o {
		s = s.with(x)
	}
	return s
}

// without returns the spans but for what lies in o.
func (s spans) without(o span) spans {
	var out spans
	for _, x := range s {
		if !x.meets(o) {
			out = append(out, x)
			continue
		}
		if x.from < o.from {
			out = append(out, span{x.from, o.from - 1})
		}
		if x.to > o.to {
			out = append(out, span{o.to + 1, x.to})
		}
	}
	return out
}

// within returns what of the spans lies in o.
func (s spans) within(o span) spans {
	var out spans
	for _, x := range s {
		if x = x.intersect(o); !x.empty() {
			out = append(out, x)
		}
	}
	return out
}

func (s spans) holds(x int64) bool {
	for _, o := range s {
		if o.holds(x) {
			return true
		}
	}
	return false
}

func (s spans) meet(o span) bool {
	return slices.ContainsFunc(s, func(x span) bool { return x.meets(o) })
}

// bucketOf returns the number of the hour of UTC in which a moment in Unix
// nanoseconds lies; also before 1970.
func bucketOf(at int64) int64 {
	b := at / nanosPerHour
	if at%nanosPerHour < 0 {
		b--
	}
	return b
}

// bucketsIn returns the hours that lie wholly in a span of moments. At the ends of
// what a moment can be, an hour is whole that is cut off there.
func bucketsIn(s span) span {
	b := span{bucketOf(s.from), bucketOf(s.to)}
	if s.from > math.MinInt64 && momentsOf(b.from).from != s.from {
		b.from++
	}
	if s.to < math.MaxInt64 && momentsOf(b.to).to != s.to {
		b.to--
	}
	return b
}

// momentsOf returns the moments of an hour.
func momentsOf(bucket int64) span { return momentsOfSpan(span{bucket, bucket}) }

// momentsOfSpan returns the moments of some hours.
func momentsOfSpan(b span) span {
	first, last := bucketOf(math.MinInt64), bucketOf(math.MaxInt64)
	m := everything()
	if b.from > first {
		m.from = b.from * nanosPerHour
	}
	if b.to < last {
		m.to = b.to*nanosPerHour + (nanosPerHour - 1)
	}
	return m
}

// moments returns the moments of all hours of the spans.
func (s spans) moments() spans {
	out := make(spans, len(s))
	for i, b := range s {
		out[i] = momentsOfSpan(b)
	}
	return out
}
