package ask

import (
	"strconv"
	"strings"
	"time"
)

// calendar reads "last week", "this month", "last year", "last weekend".
func (c *clock) calendar(i int) (span, int) {
	back := 0
	switch c.low(i) {
	case "this", "current":
	case "last", "previous":
		back = 1
	case "weekend":
		return c.weekend(), 1
	default:
		return span{}, 0
	}
	today := c.today()
	monday := today.AddDate(0, 0, -(int(today.Weekday())+6)%7)
	first := today.AddDate(0, 0, 1-today.Day())
	quarter := time.Date(today.Year(), (today.Month()-1)/3*3+1, 1, 0, 0, 0, 0, today.Location())
	year := time.Date(today.Year(), 1, 1, 0, 0, 0, 0, today.Location())
	switch c.low(i + 1) {
	case "week":
		return span{monday.AddDate(0, 0, -7*back), monday.AddDate(0, 0, 7-7*back)}, 2
	case "weekend":
		return c.weekend(), 2
	case "month":
		return span{first.AddDate(0, -back, 0), first.AddDate(0, 1-back, 0)}, 2
	case "quarter":
		return span{quarter.AddDate(0, -3*back, 0), quarter.AddDate(0, 3-3*back, 0)}, 2
	case "year":
		return span{year.AddDate(-back, 0, 0), year.AddDate(1-back, 0, 0)}, 2
	case "hour":
		if back == 0 {
			hour := c.now.Truncate(time.Hour)
			return span{hour, hour.Add(time.Hour)}, 2
		}
	}
	return span{}, 0
}

// weekend is the last Saturday and Sunday that began.
func (c *clock) weekend() span {
	today := c.today()
	saturday := today.AddDate(0, 0, -(int(today.Weekday())+1)%7)
	return span{saturday, saturday.AddDate(0, 0, 2)}
}

// quarter reads "Q3", "Q3 2025", "the third quarter".
func (c *clock) quarter(i int) (span, int) {
	n, words := 0, 1
	switch low := c.low(i); {
	case len(low) == 2 && low[0] == 'q' && low[1] >= '1' && low[1] <= '4':
		n = int(low[1] - '0')
	case c.low(i+1) == "quarter":
		words = 2
		for k, name := range []string{"first", "second", "third", "fourth"} {
			if low == name {
				n = k + 1
			}
		}
	}
	if n == 0 {
		return span{}, 0
	}
	year, given := c.year(i + words)
	if given == 0 {
		year = c.now.Year()
	}
	begin := time.Date(year, time.Month(3*n-2), 1, 0, 0, 0, 0, c.now.Location())
	if given == 0 && begin.After(c.now) {
		begin = begin.AddDate(-1, 0, 0)
	}
	return span{begin, begin.AddDate(0, 3, 0)}, words + given
}

// year reads a year, with "of" before it or without.
func (c *clock) year(i int) (year, n int) {
	if c.low(i) == "of" {
		i, n = i+1, 1
	}
	v, err := strconv.Atoi(c.low(i))
	if err != nil || v < 1970 || v > 2200 || len(c.low(i)) != 4 {
		return 0, 0
	}
	return v, n + 1
}

// date reads "2026-11-23", "2026-11", an RFC 3339 time, "23.11.2026", and a year.
func (c *clock) date(i int) (span, int) {
	if i >= len(c.words) || c.words[i].quoted {
		return span{}, 0
	}
	raw, loc := c.words[i].raw, c.now.Location()
	if t, err := time.Parse(time.RFC3339, raw); err == nil {
		return span{begin: t.In(loc)}, 1
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, raw, loc); err == nil {
			return span{begin: t}, 1
		}
	}
	for _, layout := range []string{"2006-01-02", "2.1.2006", "2006/01/02"} {
		if t, err := time.ParseInLocation(layout, raw, loc); err == nil {
			return span{t, t.AddDate(0, 0, 1)}, 1
		}
	}
	if t, err := time.ParseInLocation("2006-01", raw, loc); err == nil {
		return span{t, t.AddDate(0, 1, 0)}, 1
	}
	if year, n := c.year(i); n == 1 {
		t := time.Date(year, 1, 1, 0, 0, 0, 0, loc)
		return span{t, t.AddDate(1, 0, 0)}, 1
	}
	return span{}, 0
}

// weekday reads "Monday", "last Friday": the last one that began.
func (c *clock) weekday(i int) (span, int) {
	words, before := 1, false
	if c.low(i) == "last" || c.low(i) == "previous" {
		words, before = 2, true
	} else if c.low(i) == "this" {
		words = 2
	}
	name := strings.TrimSuffix(c.low(i+words-1), "s")
	for d := time.Sunday; d <= time.Saturday; d++ {
		full := strings.ToLower(d.String())
		if name != full && name != full[:3] {
			continue
		}
		today := c.today()
		back := (int(today.Weekday()) - int(d) + 7) % 7
		if back == 0 && before {
			back = 7
		}
		begin := today.AddDate(0, 0, -back)
		return span{begin, begin.AddDate(0, 0, 1)}, words
	}
	return span{}, 0
}

// month reads "November", "Nov 2025", "November 23", "23 November 2025", "the 23rd
// of November". A month or a day without a year is the last one that began.
func (c *clock) month(i int) (span, int) {
	words := 0
	if c.low(i) == "last" && monthOf(c.low(i+1)) != 0 {
		words = 1
	}
	day, n := dayOf(c.low(i))
	if n > 0 {
		words = 1
		if c.low(i+1) == "of" {
			words = 2
		}
	}
	m := monthOf(c.low(i + words))
	if m == 0 {
		return span{}, 0
	}
	if c.low(i+words) == "may" && i+words < len(c.words) && c.words[i+words].raw == "may" && c.low(i-1) != "in" && c.low(i-1) != "since" && day == 0 {
		return span{}, 0 // the verb
	}
	words++
	if day == 0 {
		if d, n := dayOf(c.low(i + words)); n > 0 {
			day, words = d, words+1
		}
	}
	year, given := c.year(i + words)
	if given == 0 {
		year = c.now.Year()
	}
	begin := time.Date(year, m, max(day, 1), 0, 0, 0, 0, c.now.Location())
	if begin.Month() != m {
		return span{}, 0 // the 31st of November
	}
	if given == 0 && begin.After(c.now) {
		begin = time.Date(year-1, m, max(day, 1), 0, 0, 0, 0, c.now.Location())
	}
	if day > 0 {
		return span{begin, begin.AddDate(0, 0, 1)}, words + given
	}
	return span{begin, begin.AddDate(0, 1, 0)}, words + given
}

func monthOf(low string) time.Month {
	for m := time.January; m <= time.December; m++ {
		full := strings.ToLower(m.String())
		if low == full || low == full[:3] || m == time.September && low == "sept" {
			return m
		}
	}
	return 0
}

// dayOf reads "23" and "23rd".
func dayOf(low string) (day, n int) {
	for _, ending := range []string{"st", "nd", "rd", "th", ""} {
		if v, err := strconv.Atoi(strings.TrimSuffix(low, ending)); err == nil && v >= 1 && v <= 31 && len(low) <= 4 {
			return v, 1
		}
	}
	return 0, 0
}

// timeOfDay reads "14:00" and "2pm": from then on, of the last one there was.
func (c *clock) timeOfDay(i int) (span, int) {
	at, n, ok := c.hours(i)
	if !ok {
		return span{}, 0
	}
	begin := c.today().Add(at)
	switch c.low(i + n) { // "14:00 yesterday"
	case "yesterday":
		begin = begin.AddDate(0, 0, -1)
		return span{begin, begin.Add(time.Hour)}, n + 1
	case "today":
		n++
	}
	if begin.After(c.now) {
		begin = begin.AddDate(0, 0, -1)
	}
	return span{begin: begin}, n
}

// hours reads a time of the day.
func (c *clock) hours(i int) (at time.Duration, n int, ok bool) {
	low := c.low(i)
	switch low {
	case "noon":
		return 12 * time.Hour, 1, true
	case "midnight":
		return 0, 1, true
	}
	for _, layout := range []string{"15:04", "15:04:05", "3pm", "3:04pm"} {
		if t, err := time.Parse(layout, low); err == nil {
			return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second, 1, true
		}
	}
	if next := c.low(i + 1); next == "am" || next == "pm" || next == "o'clock" {
		v, err := strconv.Atoi(low)
		if err != nil || v < 1 || v > 12 && next != "o'clock" || v > 24 {
			return 0, 0, false
		}
		if next == "pm" && v < 12 {
			v += 12
		}
		if next == "am" && v == 12 {
			v = 0
		}
		return time.Duration(v) * time.Hour, 2, true
	}
	return 0, 0, false
}
