package transcript

import "github.com/hansardhq/hansard"

// convertAgentDojo reads a run of AgentDojo: `index, messages, metadata`, the
// last two as JSON or as JSON in a string. The file's first line is a header
// without messages. The trace id is dojo:<stem>:<index>.
func convertAgentDojo(rec *recorder, raw []byte) (string, error) {
	all := members(raw)
	depth := rec.reader.opt.MaxDepth
	meta := members(embedded(find(all, "metadata"), depth))
	if find(all, "messages") == nil && find(all, "index") == nil && len(meta) > 0 {
		return "header", nil
	}
	index := scalar(find(all, "index"))
	if index == "" {
		return "", hansard.Errorf(hansard.KindInvalid, "the run has no index")
	}
	suite, task := text(find(meta, "suite_name")), text(find(meta, "user_task_id"))
	if suite != "" && task != "" {
		task = suite + "/" + task // tasks are numbered within their suite
	}
	rec.begin("dojo:"+rec.reader.stem+":"+index, hansard.Event{
		AgentName: "assistant",
		Service:   "agentdojo",
		TaskID:    task,
	})
	c := newChat(rec)
	c.model = text(find(meta, "model"))
	c.drop = "tool_call"
	if err := c.messages(embedded(find(all, "messages"), depth)); err != nil {
		return "", err
	}
	facts := append(without(all, "messages", "metadata"), without(meta)...)
	rec.end(c.n, facts).ParentEventID = c.root
	return "", nil
}
