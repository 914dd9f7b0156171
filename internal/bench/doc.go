// Package bench measures a server at work. It makes the events of an invented
// team of agents (Workload), starts this program as a server of its own, sends
// it the events over HTTP as a client would, and asks it questions; what the
// server's process costs (processor time, memory, bytes on the disk) is read
// from outside of it. Everything is on: redaction, durability, proofs, the lake.
//
// Processor time is the server's alone, user and system, as the operating
// system accounts for it; what the client takes on the same machine is not in
// it, but competes for the same cores, so that rates by the clock are lower than
// a client elsewhere would see.
package bench
