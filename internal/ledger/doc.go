// Package ledger is the record: it appends records to logs, makes them durable
// before it says so, proves what it holds, and finds it all again after a
// crash.
//
// One goroutine, the committer, places entries: it gives each its log, index,
// position and receipt time, renders its leaf and grows the tree. What arrived
// together is one commit: one frame in the journal, one fdatasync, then the
// acknowledgements. A second goroutine, the sealer, moves entries from the
// journal into parts and tiles, and frees the journal. A third signs
// checkpoints.
//
//	Append ─> committer ─> JOURNAL (write, fdatasync) ─> Follower.Committed ─> acknowledge
//	                          │
//	           sealer <───────┘   tiles (synced) ─> part (synced, read back) ─> index ─> rename
//	                              ─> Follower.Sealed ─> statement in the meta log ─> journal freed
//
// On disk a log is the folder tenants/<tenant>/<tier>; docs/FORMAT.md draws the
// bytes.
package ledger
