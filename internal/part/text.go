package part

import (
	"bytes"
	"unicode"
)

// TextFilter says which row groups of a part cannot hold a text. It knows, of a
// row group, which runs of four ASCII letters or digits are in its texts, case
// folded: those of letters alone apart from those with a digit, so that numbers
// and digests do not crowd out words. It says "not here" for certain.
type TextFilter struct {
	Rows int      // of the row group
	bits []uint64 // half of them for letters alone
}

// Bits of a half: some for each row, within bounds. The number is a power of two.
const (
	textBitsPerRow = 8
	minTextBits    = 1 << 10
	maxTextBits    = 1 << 18
)

func newTextFilter(rows int) *TextFilter {
	half := minTextBits
	for half < rows*textBitsPerRow && half < maxTextBits {
		half *= 2
	}
	return &TextFilter{Rows: rows, bits: make([]uint64, half/32)}
}

// TextColumns returns the columns that a full text search looks into.
func TextColumns() []string {
	return []string{
		"agent_name", "action", "tool_name", "params", "result", "reasoning", "decision", "alternatives",
		"handoff_from", "handoff_to", "context_summary", "error", "error_type", "stack_trace",
		"correction", "comment", "follow_up", "messages", "response", "attributes",
	}
}

// texts makes text filters.
type texts struct {
	columns []*Column
	// class keeps ASCII letters, in lower case, and digits; all others are 0.
	class [256]byte
}

func newTexts(columns []*Column) *texts {
	t := &texts{}
	for _, name := range TextColumns() {
		for _, c := range columns {
			if c.Name == name {
				t.columns = append(t.columns, c)
			}
		}
	}
	for c := byte('a'); c <= 'z'; c++ {
		t.class[c], t.class[c-'a'+'A'] = c, c
	}
	for c := byte('0'); c <= '9'; c++ {
		t.class[c] = c
	}
	return t
}

// filter returns the filter of the first row group of the rows.
func (t *texts) filter(enc *Encoder, rows []*Row) (*TextFilter, error) {
	rows = rows[:groupLen(len(rows), func(i int) int { return len(rows[i].Bytes) })]
	f := newTextFilter(len(rows))
	var fields Fields
	for _, row := range rows {
		_, body, err := SplitRow(row.Bytes)
		if err != nil {
			return nil, err
		}
		fields = Fields{}
		if err := enc.fields(&fields, body); err != nil {
			return nil, err
		}
		for _, c := range t.columns {
			if span := fields.at[c.ID]; span.To > span.From {
				t.add(f, body[span.From:span.To])
			}
		}
	}
	return f, nil
}

// AddTexts adds the text filter of the row group that is loaded, whole, to the
// index of its part.
func (r *Group) AddTexts(x *Index) {
	t := newTexts(r.enc.all)
	f := newTextFilter(r.Len())
	for _, c := range t.columns {
		// A text of the dictionary is that of many rows, and of one at least.
		v := &r.vectors[c.ID-1]
		for i := range max(0, len(v.offsets)-1) {
			t.add(f, v.value(int32(i)))
		}
	}
	x.addFilter(f)
}

// Every byte of a run has anyInRun set; a letter has letterInRun set too.
const (
	anyInRun    = 0x20202020
	letterInRun = 0x40404040
)

// add takes in a text. The Kelvin sign and the dotted I fold into ASCII: where
// they are, the folded text is taken in too.
func (t *texts) add(f *TextFilter, text []byte) {
	if t.addRuns(f, text) && (bytes.Contains(text, []byte("\u212a")) || bytes.Contains(text, []byte("\u0130"))) {
		t.addRuns(f, bytes.Map(unicode.ToLower, text))
	}
}

// addRuns reports whether there is something else than ASCII in the text.
func (t *texts) addRuns(f *TextFilter, text []byte) (beyond bool) {
	var w uint32
	var all byte
	for _, c := range text {
		all |= c
		w = w<<8 | uint32(t.class[c])
		if w&anyInRun == anyInRun {
			bit := f.bit(w)
			f.bits[bit/64] |= 1 << (bit % 64)
		}
	}
	return all >= 0x80
}

// bit returns the bit of a run.
func (f *TextFilter) bit(w uint32) uint32 {
	half := uint32(len(f.bits)) * 32
	bit := w * 0x9e3779b1 >> 8 & (half - 1)
	if w&letterInRun != letterInRun {
		bit += half
	}
	return bit
}

// Runs returns the runs of a folded text that a row group must have to hold it;
// none, if every row group may hold it.
func Runs(folded string) []uint32 {
	t := newTexts(nil)
	var runs []uint32
	var w uint32
	for i := range len(folded) {
		w = w<<8 | uint32(t.class[folded[i]])
		if w&anyInRun == anyInRun {
			runs = append(runs, w)
		}
	}
	return runs
}

// May reports whether the row group may hold a text with the runs.
func (f *TextFilter) May(runs []uint32) bool {
	for _, w := range runs {
		if bit := f.bit(w); f.bits[bit/64]&(1<<(bit%64)) == 0 {
			return false
		}
	}
	return true
}
