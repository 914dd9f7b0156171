// Package ask reads questions as people put them ("what failed yesterday?", "audit
// agent billing since Monday") and says which command answers them. It is a table
// of words and a few rules, nothing learned: the same question always means the
// same, and what was not understood is said.
//
// It is pure: it reads no record and runs nothing. Who asks may tell it which
// agents and tools there are, so that their bare names are understood.
package ask
