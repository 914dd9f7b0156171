package trace

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// maxLabel is how much of a label is drawn, in characters.
const maxLabel = 80

// WriteDOT writes the graph in the language of Graphviz. The ids of nodes are
// numbers: what senders wrote stands in labels only, which hold no markup.
func (g Graph) WriteDOT(w io.Writer) error {
	out := bufio.NewWriter(w) // keeps the first error, Flush returns it
	io.WriteString(out, "digraph trace {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n")
	index := g.numbers()
	for i, n := range g.Nodes {
		attributes := ""
		switch {
		case n.Type == NodeMissing:
			attributes = ", style=\"rounded,dashed\", color=gray"
		case n.Erred:
			attributes = ", color=red"
		}
		fmt.Fprintf(out, "  n%d [label=%s%s];\n", i, dotText(n.text("\n")), attributes)
	}
	for _, e := range g.Edges {
		attributes := ""
		if text := e.text(); text != "" {
			attributes = " [label=" + dotText(text) + "]"
		}
		fmt.Fprintf(out, "  n%d -> n%d%s;\n", index[e.From], index[e.To], attributes)
	}
	io.WriteString(out, "}\n")
	return out.Flush()
}

// WriteMermaid writes the graph as a flowchart of Mermaid. What could be markup in
// labels is spelled as character codes.
func (g Graph) WriteMermaid(w io.Writer) error {
	out := bufio.NewWriter(w)
	io.WriteString(out, "flowchart LR\n")
	index := g.numbers()
	failed, missing := false, false
	for i, n := range g.Nodes {
		class := ""
		switch {
		case n.Type == NodeMissing:
			class, missing = ":::missing", true
		case n.Erred:
			class, failed = ":::failed", true
		}
		fmt.Fprintf(out, "  n%d[\"%s\"]%s\n", i, mermaidText(n.text("\n")), class)
	}
	for _, e := range g.Edges {
		arrow := "-->"
		if text := e.text(); text != "" {
			arrow = "-->|\"" + mermaidText(text) + "\"|"
		}
		fmt.Fprintf(out, "  n%d %s n%d\n", index[e.From], arrow, index[e.To])
	}
	if failed {
		io.WriteString(out, "  classDef failed stroke:#c00\n")
	}
	if missing {
		io.WriteString(out, "  classDef missing stroke:#888,stroke-dasharray:4\n")
	}
	return out.Flush()
}

// numbers returns the index of each node by its id.
func (g Graph) numbers() map[string]int {
	index := make(map[string]int, len(g.Nodes))
	for i, n := range g.Nodes {
		index[n.ID] = i
	}
	return index
}

// text returns what is drawn of a node, its lines with sep between them.
func (n GraphNode) text(sep string) string {
	lines := []string{n.Label}
	switch {
	case n.Type == NodeMissing && n.EventID != "":
		lines = append(lines, n.EventID)
	case n.Type == NodeMissing:
		lines = append(lines, "not seen")
	case n.Type == NodeAgent:
		lines[0] = or(n.ID, n.Label)
		lines = append(lines, plural(n.Events, "event"))
		if n.Errors > 0 {
			lines[1] += ", " + plural(n.Errors, "error")
		}
	default:
		if n.Agent != "" {
			lines = append(lines, n.Agent)
		}
		if n.Status != "" && n.Status != "ok" {
			lines = append(lines, n.Status)
		}
	}
	for i := range lines {
		lines[i] = Clean(first(lines[i], maxLabel))
	}
	return strings.Join(lines, sep)
}

// text returns what is drawn of an edge.
func (e GraphEdge) text() string {
	switch {
	case e.Kind == EdgeParent || e.Kind == EdgeResult:
		return ""
	case e.Count > 1:
		return fmt.Sprintf("%s ×%d", e.Kind, e.Count)
	}
	return e.Kind
}

// dotText returns a string of DOT.
func dotText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

// mermaidText returns text for a label in quotes: letters, digits and what means
// nothing in Mermaid or HTML stand as they are.
func mermaidText(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case c == '\n':
			b.WriteString("<br>")
		case strings.ContainsRune("\"#;<>&`\\[]{}()|%$*_~", c):
			fmt.Fprintf(&b, "#%d;", c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}
