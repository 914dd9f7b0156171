package lake

// Answer reads the lines of a worker.
var Answer = answer
