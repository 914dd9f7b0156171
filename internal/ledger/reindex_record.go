package ledger

import (
	"bytes"
	"encoding/json"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// record is the parts whose bytes statements of meta logs have put on record: their
// rows were read back and met the tree when they were written. A reindex need not
// render the leaves of such a part where its tiles are whole: no tile is made of
// rows then, and the root of the tiles is held against the checkpoint.
type record map[recorded]bool

// recorded is a part with the hash of its file.
type recorded struct {
	log, date, name, sum string
}

// read takes in what statements say. What cannot be read is not on record, and
// costs time only: leaves are rendered then.
func (r record) read(s statementSource) {
	_ = s.each(0, func(_ uint64, _ int64, text []byte) error {
		if !bytes.Contains(text, []byte(`"sha256"`)) {
			return nil
		}
		var body stated
		if err := json.Unmarshal(text, &body); err != nil || body.Kind != "seal" {
			return nil
		}
		for _, p := range body.Parts {
			r[recorded{body.Log, p.Date, p.Name, p.SHA256}] = true
		}
		return nil
	})
}

// has reports whether a part with this hash is on record.
func (r record) has(p part.Info, sum hansard.Hash) bool {
	return r[recorded{p.Log.String(), p.Date, p.Name.String(), sum.String()}]
}
