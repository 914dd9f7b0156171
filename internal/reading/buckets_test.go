package reading

import (
	"slices"
	"testing"
	"time"
)

func zoneOf(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestBuckets divides days with a change of the clock, and zones whose hours are not
// those of UTC.
func TestBuckets(t *testing.T) {
	const clock = "02 15:04 -0700"
	f := func(zone, since, until string, most int, width time.Duration, want ...string) {
		t.Helper()
		loc := zoneOf(t, zone)
		from, err := time.ParseInLocation("2006-01-02 15:04", since, loc)
		if err != nil {
			t.Fatal(err)
		}
		to, err := time.ParseInLocation("2006-01-02 15:04", until, loc)
		if err != nil {
			t.Fatal(err)
		}
		begins, end, got := bucketsOf(from.UnixNano(), to.UnixNano()-1, most, loc)
		var texts []string
		for _, b := range append(slices.Clone(begins), end) {
			texts = append(texts, time.Unix(0, b).In(loc).Format(clock))
		}
		if got != width || !slices.Equal(texts, want) {
			t.Errorf("%s %s: %v of %s, want %v of %s", zone, since, texts, got, want, width)
		}
	}
	f("UTC", "2026-11-23 00:00", "2026-11-24 00:00", 4, 6*time.Hour, "23 00:00 +0000", "23 06:00 +0000", "23 12:00 +0000", "23 18:00 +0000", "24 00:00 +0000")
	// A day of 23 hours, and one of 25.
	f("Europe/Berlin", "2026-03-29 00:00", "2026-03-30 00:00", 4, 6*time.Hour, "29 00:00 +0100", "29 06:00 +0200", "29 12:00 +0200", "29 18:00 +0200", "30 00:00 +0200")
	f("Europe/Berlin", "2026-10-24 00:00", "2026-10-27 00:00", 3, 24*time.Hour, "24 00:00 +0200", "25 00:00 +0200", "26 00:00 +0100", "27 00:00 +0100")
	f("Europe/Berlin", "2026-03-29 01:00", "2026-03-29 04:00", 2, time.Hour, "29 01:00 +0100", "29 03:00 +0200", "29 04:00 +0200")
	f("Europe/Berlin", "2026-10-25 01:00", "2026-10-25 04:00", 4, time.Hour, "25 01:00 +0200", "25 02:00 +0200", "25 02:00 +0100", "25 03:00 +0100", "25 04:00 +0100")
	// Hours that begin at a quarter to the hours of UTC.
	f("Asia/Kathmandu", "2026-11-23 09:00", "2026-11-23 11:00", 2, time.Hour, "23 09:00 +0545", "23 10:00 +0545", "23 11:00 +0545")
	// A change of half an hour: the hour that it ends is as long as it was.
	f("Australia/Lord_Howe", "2026-04-05 01:00", "2026-04-05 03:00", 4, time.Hour, "05 01:00 +1100", "05 01:30 +1030", "05 02:00 +1030", "05 03:00 +1030")
	// A day that begins at one o'clock, and one that begins twice.
	f("America/Sao_Paulo", "2018-11-03 00:00", "2018-11-05 00:00", 2, 24*time.Hour, "03 00:00 -0300", "04 01:00 -0200", "05 00:00 -0200")
	f("America/Havana", "2026-10-31 00:00", "2026-11-02 00:00", 2, 24*time.Hour, "31 00:00 -0400", "01 00:00 -0400", "02 00:00 -0500")
}

// FuzzBuckets holds any division to what a reader counts on: buckets without gaps or
// overlaps that hold the whole span, no more than were asked for, each beginning at
// a multiple of the width by the clock, or with a change of it.
func FuzzBuckets(f *testing.F) {
	zones := []string{"UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana", "Pacific/Apia", "Africa/Monrovia", "America/St_Johns"}
	f.Add(int64(1_774_742_400_000_000_000), int64(86_400_000_000_000), 24, byte(1))
	f.Add(int64(1_541_214_000_000_000_000), int64(40*86_400_000_000_000), 7, byte(2))
	f.Add(int64(-2_000_000_000_000_000_000), int64(3_000_000_000_000_000_000), 1000, byte(7))
	f.Add(int64(1), int64(1), 1, byte(3))
	f.Fuzz(func(t *testing.T, first, length int64, most int, z byte) {
		if length < 0 || most < 1 || most > MaxBuckets || first > 9e18-length || first < -9e18 {
			return
		}
		zone, last := zoneOf(t, zones[int(z)%len(zones)]), first+length
		begins, end, width := bucketsOf(first, last, most, zone)
		if len(begins) == 0 || len(begins) > most || begins[0] > first || end <= last {
			t.Fatalf("%d buckets from %d to %d of %d to %d", len(begins), begins[0], end, first, last)
		}
		if !slices.IsSorted(begins) || len(slices.Compact(slices.Clone(begins))) != len(begins) || end <= begins[len(begins)-1] {
			t.Fatalf("not in order: %v", begins)
		}
		grain := grainOf(begins, width)
		if grain <= 0 || width >= time.Minute && grain < int64(time.Minute) && begins[0]%int64(time.Minute) == 0 {
			t.Fatalf("a grain of %d for a width of %s", grain, width)
		}
		for _, b := range begins {
			if b%grain != 0 {
				t.Fatalf("%d is no multiple of the grain %d", b, grain)
			}
			if at := time.Unix(0, b).In(zone); width <= 12*time.Hour && at.Year() > 1985 && at.Year() < 2200 {
				midnight := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute + time.Duration(at.Second())*time.Second + time.Duration(at.Nanosecond())
				if change, _ := at.ZoneBounds(); midnight%width != 0 && !change.Equal(at) {
					t.Fatalf("%s is no multiple of %s by the clock", at, width)
				}
			}
		}
	})
}
