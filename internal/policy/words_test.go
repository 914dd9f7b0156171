package policy

import "testing"

func TestPercent(t *testing.T) {
	f := func(share float64, want string) {
		t.Helper()
		if got := percent(share); got != want {
			t.Errorf("%g is %q, want %q", share, got, want)
		}
	}
	f(0, "0%")
	f(0.2, "20%")
	f(1, "100%")
	f(1.0/3, "33.3%")
	f(0.9999, "99.99%")
	f(0.00001, "0.001%")
	f(1.00001, "100.001%")
	f(2.5, "250%")
}
