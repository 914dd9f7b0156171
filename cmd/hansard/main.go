// Command hansard keeps the record of what a team of AI agents said, decided,
// did and spent, and answers questions about it. There is one file per verb;
// backend.go says whom the reading verbs ask, wiring.go puts the parts of
// a server together.
package main

import "os"

// version is the program's version; the build sets it (-X main.version).
var version string

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ())) }
