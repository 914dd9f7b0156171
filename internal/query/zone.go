package query

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
)

// Zone returns a time zone by its IANA name, or by its distance from UTC as +02:00.
// "" is the local one, by its IANA name where that can be found out: "Local" means
// another zone on another machine. The error is of KindInvalid.
func Zone(name string) (*time.Location, error) {
	if name == "" {
		return localZone(), nil
	}
	if t, err := time.Parse("-07:00", name); err == nil {
		_, seconds := t.Zone()
		return time.FixedZone(name, seconds), nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		err := hansard.Errorf(hansard.KindInvalid, "there is no time zone of this name")
		return nil, hansard.WithHint(err, "a name such as UTC, Europe/Berlin or America/New_York, or +02:00")
	}
	return loc, nil
}

// localZone returns the local zone under its own name.
func localZone() *time.Location {
	name, set := os.LookupEnv("TZ")
	if !set {
		if link, err := filepath.EvalSymlinks("/etc/localtime"); err == nil {
			_, name, _ = strings.Cut(link, "zoneinfo/")
		}
	}
	name = strings.TrimPrefix(name, "Etc/")
	now := time.Now()
	if loc, err := time.LoadLocation(name); err == nil && name != "" && sameNow(loc, now) {
		return loc
	}
	if _, offset := now.Zone(); offset == 0 && now.In(time.Local).Format("MST") == "UTC" {
		return time.UTC
	}
	return time.Local
}

// sameNow reports whether a zone agrees with the local one.
func sameNow(loc *time.Location, now time.Time) bool {
	_, a := now.In(loc).Zone()
	_, b := now.In(time.Local).Zone()
	return a == b
}
