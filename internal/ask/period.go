package ask

import (
	"strconv"
	"strings"
	"time"
)

// span is a span of time, from begin up to but not including end. A zero time
// leaves that side open.
type span struct{ begin, end time.Time }

// clock reads times in words against a moment.
type clock struct {
	now   time.Time
	words []word
}

func (c *clock) today() time.Time {
	return time.Date(c.now.Year(), c.now.Month(), c.now.Day(), 0, 0, 0, 0, c.now.Location())
}

// low returns the i-th word, "" beyond the last.
func (c *clock) low(i int) string {
	if i < 0 || i >= len(c.words) || c.words[i].quoted {
		return ""
	}
	return c.words[i].low
}

// period finds the first period of a question and marks its words as used.
func (c *clock) period() (s span, found bool) {
	for i := range c.words {
		if c.words[i].used {
			continue
		}
		if s, n := c.at(i); n > 0 {
			for j := i; j < i+n; j++ {
				c.words[j].used = true
			}
			return s, true
		}
	}
	return span{}, false
}

// at reads a period that begins with the i-th word; n is how many words it has.
func (c *clock) at(i int) (s span, n int) {
	switch c.low(i) {
	case "from", "between":
		if s, n := c.fromTo(i); n > 0 {
			return s, n
		}
		if c.low(i) == "from" { // "from Monday on", and "errors from yesterday"
			return c.after(i, 1, func(m span) span { return m })
		}
	case "since", "after":
		return c.after(i, 1, func(m span) span { return span{begin: m.begin} })
	case "until", "till", "before":
		return c.after(i, 1, func(m span) span { return span{end: m.begin} })
	case "in", "on", "at", "during", "over", "for", "within", "of", "through", "throughout":
		if s, n := c.bare(i + 1); n > 0 {
			return s, n + 1
		}
		return span{}, 0
	}
	return c.bare(i)
}

// after reads a moment behind a preposition and makes a span of it.
func (c *clock) after(i, skip int, f func(span) span) (span, int) {
	if m, n := c.bare(i + skip); n > 0 {
		return f(m), n + skip
	}
	return span{}, 0
}

// fromTo reads "from X to Y" and "between X and Y". Y is included when it is a
// day or longer.
func (c *clock) fromTo(i int) (span, int) {
	a, n := c.bare(i + 1)
	if n == 0 {
		return span{}, 0
	}
	j := i + 1 + n
	switch c.low(j) {
	case "to", "until", "till", "and", "through":
	default:
		return span{}, 0
	}
	b, m := c.bare(j + 1)
	if c.low(j+1) == "now" {
		b, m = span{begin: c.now}, 1
	}
	if m == 0 {
		return span{}, 0
	}
	end := b.end
	if end.IsZero() {
		end = b.begin // a time of the day, "now"
	}
	if !a.begin.Before(end) {
		return span{}, 0
	}
	return span{a.begin, end}, j + 1 + m - i
}

// bare reads a period without a preposition: "yesterday", "the last 24 hours",
// "November 2025", "2 hours ago", "14:00".
func (c *clock) bare(i int) (span, int) {
	skip := 0
	if c.low(i) == "the" {
		skip = 1
	}
	for _, read := range []func(int) (span, int){c.fixed, c.back, c.ago, c.calendar, c.quarter, c.date, c.weekday, c.month, c.timeOfDay} {
		s, n := read(i + skip)
		if n == 0 {
			continue
		}
		n += skip
		if s, more := c.narrowed(i+n, s); more > 0 {
			return s, n + more
		}
		return s, n
	}
	return span{}, 0
}

// narrowed reads a part of a day behind a day: "yesterday morning", "Monday at
// 14:00".
func (c *clock) narrowed(i int, day span) (span, int) {
	if day.end.Sub(day.begin) > 25*time.Hour || day.end.IsZero() {
		return day, 0
	}
	skip := 0
	if w := c.low(i); w == "at" || w == "in" || w == "from" || w == "after" || w == "since" {
		skip = 1
		if c.low(i+1) == "the" {
			skip = 2
		}
	}
	if from, to, ok := partOfDay(c.low(i + skip)); ok {
		return span{day.begin.Add(from), day.begin.Add(to)}, skip + 1
	}
	if at, n, ok := c.hours(i + skip); ok && skip > 0 || ok && strings.Contains(c.low(i), ":") {
		end := day.begin.Add(at + time.Hour)
		if w := c.low(i); w == "from" || w == "after" || w == "since" {
			end = day.end
		}
		return span{day.begin.Add(at), end}, skip + n
	}
	return day, 0
}

// partOfDay returns a part of a day by its hours.
func partOfDay(low string) (from, to time.Duration, ok bool) {
	switch low {
	case "morning":
		return 6 * time.Hour, 12 * time.Hour, true
	case "noon":
		return 12 * time.Hour, 13 * time.Hour, true
	case "afternoon":
		return 12 * time.Hour, 18 * time.Hour, true
	case "evening":
		return 18 * time.Hour, 24 * time.Hour, true
	case "night":
		return 18 * time.Hour, 30 * time.Hour, true
	}
	return 0, 0, false
}

// fixed reads single words, and two.
func (c *clock) fixed(i int) (span, int) {
	today := c.today()
	day := func(n int) span { return span{today.AddDate(0, 0, n), today.AddDate(0, 0, n+1)} }
	switch c.low(i) {
	case "today", "todays":
		return day(0), 1
	case "yesterday", "yesterdays":
		return day(-1), 1
	case "tonight":
		return span{today.Add(18 * time.Hour), today.Add(30 * time.Hour)}, 1
	case "overnight":
		return span{today.Add(-6 * time.Hour), today.Add(6 * time.Hour)}, 1
	case "day":
		if c.low(i+1) == "before" && c.low(i+2) == "yesterday" {
			return day(-2), 3
		}
	case "last":
		if c.low(i+1) == "night" {
			return span{today.Add(-6 * time.Hour), today.Add(6 * time.Hour)}, 2
		}
	case "this":
		if from, to, ok := partOfDay(c.low(i + 1)); ok {
			return span{today.Add(from), today.Add(to)}, 2
		}
	case "ever", "always":
		return span{}, 1
	case "all":
		if c.low(i+1) == "time" || c.low(i+1) == "times" {
			return span{}, 2
		}
	}
	if s, ok := c.compact(c.low(i)); ok {
		return s, 1
	}
	return span{}, 0
}

// compact reads "24h", "7d", "90min".
func (c *clock) compact(low string) (span, bool) {
	n := len(low) - len(strings.TrimLeft(low, "0123456789"))
	if n == 0 || n > 5 || n == len(low) {
		return span{}, false
	}
	count, _ := strconv.Atoi(low[:n])
	if !strings.Contains(" m min mins h hr hrs d w mo y ", " "+low[n:]+" ") {
		return span{}, false
	}
	begin, ok := c.before(count, low[n:])
	return span{begin: begin}, ok
}

// before returns the time that is so many units before now.
func (c *clock) before(n int, unit string) (time.Time, bool) {
	if n < 0 || n > 100_000 {
		return time.Time{}, false
	}
	switch unit {
	case "second", "seconds", "sec", "secs":
		return c.now.Add(-time.Duration(n) * time.Second), true
	case "minute", "minutes", "min", "mins", "m":
		return c.now.Add(-time.Duration(n) * time.Minute), true
	case "hour", "hours", "h", "hr", "hrs":
		return c.now.Add(-time.Duration(n) * time.Hour), true
	case "day", "days", "d":
		return c.now.AddDate(0, 0, -n), true
	case "week", "weeks", "w":
		return c.now.AddDate(0, 0, -7*n), true
	case "fortnight", "fortnights":
		return c.now.AddDate(0, 0, -14*n), true
	case "month", "months", "mo":
		return c.now.AddDate(0, -n, 0), true
	case "quarter", "quarters":
		return c.now.AddDate(0, -3*n, 0), true
	case "year", "years", "y":
		return c.now.AddDate(-n, 0, 0), true
	}
	return time.Time{}, false
}

// count reads a number in digits or words; n is how many words it has.
func (c *clock) count(i int) (count, n int) {
	low := c.low(i)
	if v, err := strconv.Atoi(low); err == nil && v >= 0 {
		return v, 1
	}
	for v, name := range strings.Fields("zero one two three four five six seven eight nine ten eleven twelve") {
		if low == name {
			return v, 1
		}
	}
	switch {
	case low == "a" && c.low(i+1) == "couple" && c.low(i+2) == "of":
		return 2, 3
	case low == "couple" && c.low(i+1) == "of":
		return 2, 2
	case low == "few":
		return 3, 1
	case low == "a" && c.low(i+1) == "few":
		return 3, 2
	case low == "half" && c.low(i+1) == "an":
		return 0, 0
	case low == "a" || low == "an":
		return 1, 1
	case low == "thirty":
		return 30, 1
	case low == "ninety":
		return 90, 1
	case low == "twenty-four":
		return 24, 1
	}
	return 0, 0
}

// back reads "last 24 hours", "past two weeks", "past day".
func (c *clock) back(i int) (span, int) {
	switch c.low(i) {
	case "last", "past", "previous", "preceding":
	default:
		return span{}, 0
	}
	if n, words := c.count(i + 1); words > 0 {
		if begin, ok := c.before(n, c.low(i+1+words)); ok && n > 0 {
			return span{begin: begin}, words + 2
		}
		return span{}, 0
	}
	if s, ok := c.compact(c.low(i + 1)); ok {
		return s, 2
	}
	unit := c.low(i + 1)
	if c.low(i) == "past" || unit == "hour" || unit == "minute" || unit == "day" {
		if begin, ok := c.before(1, unit); ok {
			return span{begin: begin}, 2
		}
	}
	return span{}, 0
}

// ago reads "2 hours ago": from then on. Days and longer ago are that day.
func (c *clock) ago(i int) (span, int) {
	n, words := c.count(i)
	if words == 0 || c.low(i+words+1) != "ago" {
		return span{}, 0
	}
	begin, ok := c.before(n, c.low(i+words))
	if !ok {
		return span{}, 0
	}
	switch unit := c.low(i + words); {
	case strings.HasPrefix(unit, "h"), strings.HasPrefix(unit, "min"), strings.HasPrefix(unit, "sec"):
		return span{begin: begin}, words + 2
	}
	day := time.Date(begin.Year(), begin.Month(), begin.Day(), 0, 0, 0, 0, begin.Location())
	return span{day, day.AddDate(0, 0, 1)}, words + 2
}
