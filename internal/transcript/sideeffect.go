package transcript

import "strings"

// sideEffect deduces from a tool's name what a call of it does to the world:
// "write" for names that begin with a verb of change, "read" for those that
// begin with a verb of looking, "none" for tools that only think or compute,
// "" (unknown) for all others. It is a guess by name, so events list it in
// attributes.inferred; it never says "irreversible".
func sideEffect(tool string) string {
	f := func(verbs ...string) bool {
		for _, v := range verbs {
			if tool == v || strings.HasPrefix(tool, v+"_") {
				return true
			}
		}
		return false
	}
	switch {
	case f("book", "cancel", "update", "send", "modify", "exchange", "return",
		"create", "add", "append", "delete", "remove", "post", "invite", "reserve",
		"schedule", "reschedule", "share", "write"):
		return "write"
	case f("get", "search", "list", "find", "read", "check"):
		return "read"
	case f("calculate", "think"):
		return "none"
	}
	return ""
}

// escalates reports whether a tool of this name hands the conversation to a
// human.
func escalates(tool string) bool {
	for _, prefix := range []string{"transfer_to_human", "escalate_to_human", "handoff_to_human"} {
		if strings.HasPrefix(tool, prefix) {
			return true
		}
	}
	return false
}
