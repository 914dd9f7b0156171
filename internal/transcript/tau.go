package transcript

import "github.com/hansardhq/hansard"

// convertTau reads a run of tau-bench: `task_id, trial, reward, info, traj`.
// Its trace id is tau:<task_id>:<trial>.
func convertTau(rec *recorder, raw []byte) (string, error) {
	all := members(raw)
	task, trial := scalar(find(all, "task_id")), scalar(find(all, "trial"))
	if task == "" || trial == "" {
		return "", hansard.Errorf(hansard.KindInvalid, "the run has no task_id or no trial")
	}
	return "", customerService(rec, all, "tau:"+task+":"+trial, "tau-bench")
}

// convertAgentRx reads a run of AgentRx, which has the form of tau-bench; a task
// was run once, and the field trial repeats its number. Its trace id is
// rx:<task_id>.
func convertAgentRx(rec *recorder, raw []byte) (string, error) {
	all := members(raw)
	task := scalar(find(all, "task_id"))
	if task == "" {
		return "", hansard.Errorf(hansard.KindInvalid, "the run has no task_id")
	}
	return "", customerService(rec, all, "rx:"+task, "agentrx")
}

// customerService reads a run of one agent that serves one customer. A tool
// reports an error by a content that begins with "Error".
func customerService(rec *recorder, all []member, id, service string) error {
	info := members(find(all, "info"))
	rec.begin(id, hansard.Event{
		AgentName: "assistant",
		Service:   service,
		TaskID:    scalar(find(all, "task_id")),
		UserID:    scalar(find(members(find(info, "task")), "user_id")),
	})
	c := newChat(rec)
	c.errorPrefix = "Error"
	if err := c.messages(find(all, "traj")); err != nil {
		return err
	}
	rec.end(c.n, without(all, "traj")).ParentEventID = c.root
	return nil
}
