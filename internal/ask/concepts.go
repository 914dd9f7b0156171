package ask

import "strings"

// concept is a thing that people ask about, with the words that they use for it.
type concept struct{ name, words string }

// concepts lists what is understood.
func concepts() []concept {
	return []concept{
		{"error", "error errors exception exceptions failure failures problem problems bug bugs issue issues fault faults"},
		{"fail", "fail fails failed failing wrong break breaks broke broken crash crashed crashes erred"},
		{"timeout", "timeout timeouts timed time-out time-outs"},
		{"denied", "denied denial denials refused blocked forbidden"},
		{"summary", "summary summaries summarise summarize overview statistics stats figures numbers totals dashboard status"},
		{"report", "report reports reporting"},
		{"daily", "daily digest"},
		{"analysis", "analysis analyse analyze analytics breakdown"},
		{"tool", "tool tools function functions"},
		{"use", "use used usage uses using calls call called"},
		{"slow", "slow slowest slower latency latencies duration durations fast fastest"},
		{"cost", "cost costs costing spend spent spending expense expenses expensive money price prices pay paid dollars usd euros budget budgets"},
		{"token", "token tokens"},
		{"compliance", "compliance compliant comply complies conformity regulation regulatory gdpr dsgvo soc2 iso27001 hipaa"},
		{"aiact", "ai-act act"},
		{"check", "check checks control controls audit-report"},
		{"export", "export exports exporting download downloads dump extract archive save"},
		{"forensic", "forensic forensics incident incidents investigate investigation investigating post-mortem postmortem rca diagnose diagnosis"},
		{"cause", "cause causes caused reason root-cause"},
		{"root", "root"},
		{"trace", "trace traces tracing follow runs"},
		{"task", "task tasks job jobs"},
		{"timeline", "timeline timelines sequence steps"},
		{"replay", "replay replays rerun"},
		{"compare", "compare compared comparison diff difference differences differ versus vs"},
		{"session", "session sessions conversation conversations chat chats"},
		{"agent", "agent agents bot bots assistant assistants"},
		{"audit", "audit audits audited auditing"},
		{"log", "log logs journal history record records trail"},
		{"event", "event events entry entries everything"},
		{"activity", "activity activities active busy"},
		{"now", "now currently going moment running ongoing"},
		{"feed", "feed ticker stream news live"},
		{"reader", "reader readers"},
		{"look", "read reads looked accessed access accesses queried viewed saw seen exported"},
		{"approve", "approve approved approves approval approvals approver sign-off sign-offs signed"},
		{"reject", "reject rejected rejects rejection rejections declined"},
		{"escalate", "escalate escalated escalation escalations"},
		{"human", "human humans intervention interventions manual"},
		{"override", "override overrides overridden overruled"},
		{"stop", "stopped stop stops aborted killed"},
		{"handoff", "handoff handoffs handover handovers hand-off hand-offs hand-overs delegated delegation delegations transferred"},
		{"decision", "decision decisions decide decided choices"},
		{"reasoning", "reasoning reasonings thought thoughts think thinking thinks rationale"},
		{"feedback", "feedback rating ratings complaint complaints complained reviews"},
		{"security", "security injection injections injected attack attacks leak leaks leaked exfiltration breach breaches suspicious malicious"},
		{"model", "model models llm llms"},
		{"retry", "retry retries retried"},
		{"verify", "verify verified verification tamper tampered tampering integrity intact genuine unchanged manipulated"},
		{"user", "user users customer customers person client"},
		{"work", "doing work worked working did done do does"},
	}
}

// known finds the concepts of words.
type known struct {
	exact map[string]string
	long  []string // words that may be misspelt
}

func newKnown() *known {
	k := &known{exact: map[string]string{}}
	for _, c := range concepts() {
		for _, w := range strings.Fields(c.words) {
			k.exact[w] = c.name
			if len(w) >= 5 {
				k.long = append(k.long, w)
			}
		}
	}
	return k
}

// of returns the concept of a word; exact is false for one that is misspelt.
func (k *known) of(low string) (name string, exact bool) {
	if name := k.exact[low]; name != "" {
		return name, true
	}
	if len(low) >= 4 && !filler(low) {
		for _, w := range k.long {
			if within1(low, w) {
				return k.exact[w], false
			}
		}
	}
	return "", false
}
