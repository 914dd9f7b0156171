package client_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard/client"
)

// The types of the tests: what encoding/json does with a struct, each rule once.
type (
	plain struct {
		Name   string
		Long   string `json:"long_name"`
		Hidden string `json:"-"`
		//lint:ignore SA5008 a name of one hyphen is what is tried
		Dash  string `json:"-,"`
		inner string
		//lint:ignore SA5008 a name that is none is what is tried
		Bad  string `json:"no\"name"`
		Int  int8   `json:",omitempty"`
		Uint uint16 `json:"u"`
		Ptr  uintptr
		F    float64
		F32  float32
		Yes  bool
		Word word
	}
	word    string
	bytes_  []byte
	options struct {
		E1 string            `json:"e1,omitempty"`
		E2 []int             `json:"e2,omitempty"`
		E3 map[string]any    `json:"e3,omitempty"`
		E4 map[string]string `json:"e4,omitempty"`
		E5 *int              `json:"e5,omitempty"`
		E6 any               `json:"e6,omitempty"`
		E7 [0]int            `json:"e7,omitempty"`
		E8 time.Time         `json:"e8,omitempty"`
		E9 struct{ A int }   `json:"e9,omitempty"`
		Z1 time.Time         `json:"z1,omitzero"`
		Z2 struct{ A int }   `json:"z2,omitzero"`
		Z3 [2]int            `json:"z3,omitzero"`
		Z4 []int             `json:"z4,omitzero"`
		Z5 float64           `json:"z5,omitzero,omitempty"`
	}
	holder struct {
		Any    any
		Err    error
		Map    map[string]any
		Texts  map[string]string
		Raw    json.RawMessage
		Bytes  []byte
		Named  bytes_
		List   []plain
		Array  [2]*plain
		Next   *holder
		Nested []holder
		At     time.Time
		AtPtr  *time.Time
		Empty  struct{}
		Runes  []rune
		Octets [3]byte
	}
	// What is left to encoding/json.
	embeds struct{ plain }
	quotes struct {
		N int `json:",string"`
	}
	twice struct {
		A int `json:"B"` // wins
		B int
	}
	speaks struct{ N int }
	shouts struct{ N int }
	zeroed struct {
		N never `json:",omitzero"`
	}
	never   struct{ N int }
	number  struct{ N json.Number }
	keyed   struct{ M map[int]string }
	mapped  map[string]any
	through struct {
		S []speaks
		P *shouts
	}
	looped *looped
)

func (speaks) MarshalJSON() ([]byte, error)  { return []byte(`"I"`), nil }
func (*shouts) MarshalText() ([]byte, error) { return []byte(`HEY`), nil }
func (never) IsZero() bool                   { return false }

// shapedValues are values of the callers' own types.
func shapedValues() []any {
	at := time.Date(2026, 11, 26, 12, 0, 0, 5, time.FixedZone("", 3600))
	full := plain{"n", "l\"\n\u2028 é\xff", "h", "d", "i", "b", -5, 7, 9, 1e-7, 0.1, true, "w"}
	one := 1
	some := options{"a", []int{1}, map[string]any{"a": 1}, map[string]string{"b": "c"}, &one, 0, [0]int{}, at, struct{ A int }{1}, at, struct{ A int }{2}, [2]int{0, 1}, []int{}, 0.5}
	return []any{
		full, &full, plain{}, (*plain)(nil), []plain{full, {}}, []*plain{&full, nil}, []plain(nil), []plain{}, [1]plain{full},
		some, options{}, &some, options{Z1: time.Time{}.Local(), Z4: []int{}},
		holder{}, &holder{
			Any: full, Err: errors.New("e"), Map: map[string]any{"b": &full, "a": []any{1, nil, "x", map[string]any{}}, "c": errors.New("e"), "d": at},
			Texts: map[string]string{"z": "1", "a": "2"}, Raw: json.RawMessage(` {"a": [1, 2]} `), Bytes: []byte("bytes"), Named: bytes_("b"),
			List: []plain{full}, Array: [2]*plain{nil, &full}, Next: &holder{Any: json.RawMessage(`1`)}, Nested: []holder{{At: at}}, At: at, AtPtr: &at,
			Runes: []rune("ab"), Octets: [3]byte{1, 2, 3},
		},
		word("w"), int8(-3), uint8(3), uint16(3), float32(0.1), float32(1e-8), float32(3e30), uint64(math.MaxUint64), [2]bool{true}, []float64{1.5, 1e22, 1e-9}, []int64{1},
		[]byte("bytes"), bytes_(nil), [3]byte{1}, []any{full}, map[string]any{"a": full}, struct{}{}, &one,
		embeds{full}, quotes{1}, twice{1, 2}, speaks{1}, &shouts{1}, shouts{1}, []shouts{{1}}, zeroed{}, number{"12"}, keyed{map[int]string{1: "a"}},
		mapped{"a": 1}, through{[]speaks{{1}}, &shouts{}}, []mapped{{"a": 1}}, time.Second, [][]string{{"a"}, nil}, []map[string]any{{"a": full}},
	}
}

// TestShapes holds the JSON of values of all types against encoding/json's: the same
// members in the same order with the same values.
func TestShapes(t *testing.T) {
	for i, v := range shapedValues() {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
		got := client.AppendValue(nil, v)
		if d := cmp.Diff(tokens(t, b.Bytes()), tokens(t, got)); d != "" {
			t.Errorf("value %d, a %T: %s\n(-want +got):\n%s", i, v, got, d)
		}
	}
}

// tokens returns what a JSON text is made of, in its order, numbers by their value.
func tokens(t *testing.T, text []byte) []any {
	t.Helper()
	if !json.Valid(text) {
		t.Fatalf("no JSON: %s", text)
	}
	var list []any
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		tok, err := d.Token()
		if err != nil {
			return list
		}
		list = append(list, tok)
	}
}

// TestShapesRefuse gives values that have no JSON, within what has: the whole becomes a
// text that says so, as with encoding/json.
func TestShapesRefuse(t *testing.T) {
	var loop looped
	loop = &loop
	cycle := &holder{}
	cycle.Next = cycle
	deep := &holder{}
	for range 100 {
		deep = &holder{Next: deep}
	}
	for i, v := range []any{
		struct{ F float64 }{math.NaN()}, []float32{float32(math.Inf(1))}, holder{Any: make(chan int)}, holder{Raw: json.RawMessage("{oops")},
		holder{Raw: json.RawMessage{}}, holder{At: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, loop, cycle, deep, holder{Map: map[string]any{"f": func() {}}},
		struct{ C chan int }{}, []complex64{1},
	} {
		got := string(client.AppendValue(nil, v))
		if !strings.HasPrefix(got, `"(no JSON form: `) || !json.Valid([]byte(got)) {
			t.Errorf("value %d, a %T: %.200s", i, v, got)
		}
	}
}

// TestShapesAllocate: no value of a plain type costs an allocation once its type is known.
func TestShapesAllocate(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates")
	}
	at := time.Now()
	h := &holder{
		Any: word("x"), Map: map[string]any{"a": 1, "b": "x"}, Texts: map[string]string{"a": "b"}, Raw: json.RawMessage(`{"a":1}`), Bytes: []byte("bytes"),
		List: []plain{{Name: "a"}}, Array: [2]*plain{nil, {}}, Next: &holder{}, Nested: []holder{{}}, At: at, AtPtr: &at, Runes: []rune("ab"),
	}
	encode := client.ValueEncoder()
	buf := make([]byte, 0, 1<<12)
	if n := testing.AllocsPerRun(100, func() { buf = encode(buf[:0], h) }); n > 0 {
		t.Errorf("%v allocations for %s", n, buf)
	}
}

// FuzzShapes encodes a struct that JSON is decoded into.
func FuzzShapes(f *testing.F) {
	f.Add([]byte(`{"Any":{"a":[1,null,"x\u2028"]},"List":[{"F":1e-9,"long_name":"\ud800"}],"Nested":[{"At":"2026-01-01T00:00:00Z"}],"Bytes":"aGk="}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var h struct {
			holder
			Err *plain
		}
		if json.Unmarshal(text, &h) != nil {
			t.Skip()
		}
		want, err := json.Marshal(h.holder)
		if err != nil {
			t.Skip()
		}
		got := client.AppendValue(nil, h.holder)
		if strings.Contains(string(got), "nested too deep") {
			t.Skip()
		}
		if !reflect.DeepEqual(tokens(t, want), tokens(t, got)) {
			t.Errorf("%s\nwant %s", got, want)
		}
	})
}
