package part

import "slices"

// rowGroup collects rows, column by column. They are taken as they come, one after
// the other in memory, and brought into their order at the end, when a column is
// small and near: the rows themselves lie all over the memory in that order.
type rowGroup struct {
	enc    *Encoder
	chunks [MaxID + 1]*chunk
	rows   int
	room   int     // how many rows there may be
	latest []int32 // the last row of each trace, by its slot
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
	g.rows, g.room, g.latest = 0, RowGroup, g.latest[:0]
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
	if err := g.addBody(body, g.follow(traceOf(body))); err != nil {
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

// traceOf returns the trace id that a body has, if any. All columns before it are
// texts. What is wrong with a body is for others to find.
func traceOf(body []byte) []byte {
	for at := 0; at < len(body) && body[at] <= idTraceID; {
		n, k := uvarint(body[at+1:])
		from := at + 1 + k
		if k <= 0 || n > uint64(len(body)-from) {
			return nil
		}
		if body[at] == idTraceID {
			return body[from : from+int(n)]
		}
		at = from + int(n)
	}
	return nil
}

// follow returns the row before the next one in its trace, or, where that is its
// first, the one before it.
func (g *rowGroup) follow(trace []byte) int {
	c := g.chunks[idTraceID]
	slot := 0
	if len(trace) > 0 {
		slot = int(c.find(trace))
	}
	prev := max(0, g.rows-1)
	for len(g.latest) <= slot {
		g.latest = append(g.latest, int32(prev))
	}
	prev, g.latest[slot] = int(g.latest[slot]), int32(g.rows)
	return prev
}

// traces adds the traces of the rows to a set; "" for those without one.
func (g *rowGroup) traces(set map[string]struct{}) {
	c := g.chunks[idTraceID]
	for i := range int32(c.len()) {
		set[string(c.textAt(i))] = struct{}{}
	}
	if len(c.slots) == 0 || slices.Contains(c.slots[:g.rows], 0) {
		set[""] = struct{}{}
	}
}

// addBody adds the values of a row's body. prev is a row that has many in common
// with it.
func (g *rowGroup) addBody(body []byte, prev int) error {
	row, last := g.rows, byte(0)
	for at := 0; at < len(body); {
		id := body[at]
		if id <= last || id > MaxID {
			return errColumn(id, last)
		}
		last = id
		at++
		c := g.chunks[id]
		if row >= len(c.slots) && !c.begin(g.room) {
			return errColumn(id, last)
		}
		if c.texts && at < len(body) && body[at] < 0x80 { // most are short texts
			from := at + 1
			if at = from + int(body[at]); at > len(body) {
				return errShortRow
			}
			c.addText(row, prev, body[from:at])
			continue
		}
		n, k := g.enc.valueLen(id, body[at:])
		if n < 0 {
			return errShortRow
		}
		c.add(row, prev, body[at+k:at+n])
		at += n
	}
	return nil
}
