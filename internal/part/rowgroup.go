package part

import "encoding/binary"

// rowGroup collects rows, column by column, in the order in which they are written.
type rowGroup struct {
	enc    *Encoder
	chunks [MaxID + 1]*chunk
	rows   int
	room   int  // how many rows there may be
	seen   byte // of what was looked at to have it near; means nothing
}

func newRowGroup(enc *Encoder) *rowGroup {
	g := &rowGroup{enc: enc, room: RowGroup}
	for _, col := range enc.all {
		g.chunks[col.ID] = newChunk(col)
	}
	return g
}

func (g *rowGroup) reset() {
	for _, c := range g.chunks[1:] {
		c.reset()
	}
	g.rows, g.room = 0, RowGroup
}

// addAll adds rows in the given order. In that they lie all over the memory: some are
// looked at before the first of them is added, so that the processor fetches them side
// by side.
func (g *rowGroup) addAll(rows [][]byte, order []int32) error {
	const some = 16
	g.room = len(rows)
	for len(order) > 0 {
		next := order[:min(some, len(order))]
		for _, i := range next {
			g.seen += look(rows[i])
		}
		for _, i := range next {
			if err := g.add(rows[i]); err != nil {
				return err
			}
		}
		order = order[len(next):]
	}
	return nil
}

// look reads a byte of each line of the processor's cache that a row lies in.
func look(row []byte) (sum byte) {
	for at := 0; at < len(row); at += 64 {
		sum += row[at]
	}
	return sum
}

// add adds a row.
func (g *rowGroup) add(row []byte) error {
	p, body, err := SplitRow(row)
	if err != nil {
		return err
	}
	g.addPlace(idIndex, int64(p.Index))
	g.addPlace(idPosition, int64(p.Position))
	g.addPlace(idReceivedAt, p.ReceivedAt)
	g.addPlace(idTimestamp, p.Timestamp)
	if err := g.addBody(body); err != nil {
		return err
	}
	if g.rows++; len(g.chunks[idVersion].ints) != g.rows { // of all that no row goes without
		return errShortRow
	}
	return nil
}

// idVersion is the column of the leaf encoder's version.
const idVersion = 64

func (g *rowGroup) addPlace(id int, v int64) {
	c := g.chunks[id]
	c.ints = append(c.ints, v)
}

// traces adds the traces of the rows to a set; "" for those without one.
func (g *rowGroup) traces(set map[string]struct{}) {
	c := g.chunks[idTraceID]
	for i := range int32(c.len()) {
		set[string(c.textAt(i))] = struct{}{}
	}
	if c.count < g.rows {
		set[""] = struct{}{}
	}
}

// addBody adds the values of a row's body.
func (g *rowGroup) addBody(body []byte) error {
	row, last := g.rows, byte(0)
	for at := 0; at < len(body); {
		id := body[at]
		if id <= last || id > MaxID {
			return errColumn(id, last)
		}
		last = id
		at++
		c := g.chunks[id]
		if row >= len(c.levels) && !c.begin(g.room) {
			return errColumn(id, last)
		}
		switch {
		case c.texts && at < len(body) && body[at] < 0x80: // most are short texts
			from := at + 1
			if at = from + int(body[at]); at > len(body) {
				return errShortRow
			}
			c.addText(row, body[from:at])
			continue
		case c.integers:
			v, n := binary.Varint(body[at:])
			if n <= 0 {
				return errShortRow
			}
			at += n
			c.addInt(row, v)
			continue
		}
		n, k := g.enc.valueLen(id, body[at:])
		if n < 0 {
			return errShortRow
		}
		c.add(row, body[at+k:at+n])
		at += n
	}
	return nil
}
