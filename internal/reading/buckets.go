package reading

import (
	"slices"
	"time"
)

// widths are the widths of buckets, below days.
var widths = [...]time.Duration{
	time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond,
	250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second,
	15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute,
	30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
}

const day = 24 * time.Hour

// bucketsOf divides the nanoseconds from first to last into at most so many buckets
// of the least round width: by the clock of a zone, so that an hour begins at the
// full hour there and a day at midnight. It returns where they begin, and where the
// last one ends. On the days when a zone changes its clock, a bucket of hours or
// days is as much longer or shorter; one of an hour or less ends with the change.
func bucketsOf(first, last int64, most int, zone *time.Location) (begins []int64, end int64, width time.Duration) {
	for _, width = range widths {
		if begins, end, ok := divide(first, last, most, width, zone); ok {
			return begins, end, width
		}
	}
	for width = day; width < 1<<61; width *= 2 {
		if begins, end, ok := divide(first, last, most, width, zone); ok {
			return begins, end, width
		}
	}
	return []int64{first}, last + 1, time.Duration(last - first) // beyond what a clock shows
}

// divide divides a span into buckets of a width; ok is false when there are more
// than most.
func divide(first, last int64, most int, width time.Duration, zone *time.Location) (begins []int64, end int64, ok bool) {
	if (last-first)/int64(width) > 2*int64(most) {
		return nil, 0, false // also without the clock's changes, which are less than half of a bucket
	}
	at := clock{zone}
	begin := at.floor(first, width)
	for begin <= last {
		if len(begins) == most {
			return nil, 0, false
		}
		begins = append(begins, begin)
		next := at.next(begin, width)
		if next <= begin {
			return nil, 0, false // never, of a clock that goes on
		}
		begin = next
	}
	return begins, begin, true
}

// clock is the clock of a zone. Its offsets are taken to the minute: before there
// was standard time they had seconds.
type clock struct{ zone *time.Location }

// offset returns how much the clock is ahead of UTC, in nanoseconds.
func (c clock) offset(t int64) int64 {
	_, seconds := time.Unix(0, t).In(c.zone).Zone()
	return floor(int64(seconds), 60) * int64(time.Second)
}

// changes returns the changes of the clock around t: the last one that is not after
// it, and the next. ok says whether there is one.
func (c clock) changes(t int64) (before, after int64, hasBefore, hasAfter bool) {
	start, end := time.Unix(0, t).In(c.zone).ZoneBounds()
	minute := int64(time.Minute)
	if !start.IsZero() && start.Year() > 1700 {
		before, hasBefore = floor(start.UnixNano(), minute), true
	}
	if !end.IsZero() && end.Year() < 2250 {
		after, hasAfter = floor(end.UnixNano(), minute), true
	}
	return before, after, hasBefore, hasAfter
}

// floor returns the begin of the bucket of a width that holds t.
func (c clock) floor(t int64, width time.Duration) int64 {
	offset, w := c.offset(t), int64(width)
	if width <= time.Hour {
		begin := floor(t+offset, w) - offset
		if before, _, has, _ := c.changes(t); has && before > begin && before <= t {
			begin = before
		}
		return begin
	}
	wall := t + offset
	if width < day {
		midnight := floor(wall, int64(day))
		wall = midnight + floor(wall-midnight, w)
	} else {
		wall = floor(wall, w)
	}
	return c.instant(wall)
}

// next returns the begin of the bucket after that which begins at begin.
func (c clock) next(begin int64, width time.Duration) int64 {
	if width <= time.Hour {
		offset := c.offset(begin)
		next := floor(begin+offset, int64(width)) - offset + int64(width)
		if _, after, _, has := c.changes(begin); has && after > begin && after < next {
			next = after
		}
		return next
	}
	// By the wall: the clock may have been put forward at the begin, so that it
	// shows a later time than the bucket is named for.
	wall := floor(begin+c.offset(begin), int64(min(width, day)))
	if width >= day {
		wall = floor(wall, int64(width))
	}
	for next := wall + int64(width); ; next += int64(width) {
		if at := c.instant(next); at > begin {
			return at
		}
	}
}

// instant returns when the clock shows a time, given as if it were UTC: the first of
// two when it was put back, and the change when it was put forward over the time.
func (c clock) instant(wall int64) int64 {
	early, late := c.offset(wall-int64(26*time.Hour)), c.offset(wall+int64(26*time.Hour))
	candidates := []int64{wall - early, wall - late}
	slices.Sort(candidates)
	for _, t := range candidates {
		if t+c.offset(t) == wall {
			return t
		}
	}
	if _, after, _, has := c.changes(candidates[0]); has {
		return after
	}
	return candidates[0]
}

// floor returns the greatest multiple of width that is not above t.
func floor(t, width int64) int64 { return t - (t%width+width)%width }

// grainOf returns the greatest width, at most an hour, of which all begins are
// multiples, in UTC: the record is counted by it.
func grainOf(begins []int64, width time.Duration) int64 {
	grain := min(int64(width), int64(time.Hour))
	for _, b := range begins {
		for rest := b; rest != 0; { // the greatest common divisor
			grain, rest = rest, grain%rest
		}
		if grain < 0 {
			grain = -grain
		}
	}
	return grain
}
