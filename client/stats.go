package client

import "time"

// Stats are figures of a client since it was made.
type Stats struct {
	// Logged counts the events that the helpers were given.
	Logged uint64
	// QueueBytes is what waits for the pump, in bytes of memory.
	QueueBytes int
	// LateCalls counts events that were logged after Close. They are not on record.
	LateCalls uint64
	// Withheld counts events that the redaction hook kept back.
	Withheld uint64
	// Sinks has one entry for each sink, in the order of Config.Sinks.
	Sinks []SinkStats
}

// SinkStats are figures of one sink. Logged = Sent + Rejected + Dropped + Waiting
// when the queue is empty, apart from what an earlier run left in the spool and
// the events that tell of losses.
type SinkStats struct {
	Name string
	// Sent counts events that the sink has for good; Duplicates those of
	// them that it had already; Conflicts those whose id it had with other
	// content.
	Sent, Duplicates, Conflicts uint64
	// Rejected counts events that the sink will never take.
	Rejected uint64
	// Retries counts failed tries.
	Retries uint64
	// Dropped counts events that were given up before they reached the sink.
	// DroppedByReason says why; the words are in the package's documentation
	// of losses: queue_full, memory_full, spool_full, spool_error,
	// spool_damaged, too_large, redaction_failed, encoding_failed, closed.
	Dropped         uint64
	DroppedByTier   map[string]uint64
	DroppedByReason map[string]uint64
	// Waiting counts events in memory or in the spool, and WaitingBytes what
	// they take there.
	Waiting      int
	WaitingBytes int64
	// Away says that the last try failed, with LastError.
	Away        bool
	LastError   string
	LastSuccess time.Time
}
