// Package forensic finds out where a run went wrong, from its entries alone. No
// model is asked: the same entries always give the same answer, and each answer
// names the entries that it rests on.
//
// # Root cause
//
// Evidence is looked for in this order, and the first that is found answers:
//
//   - A failure on record: the first failed call that nothing later made good. A
//     retry that succeeded is recovered; it is listed and not blamed. Blame goes
//     where the class of the error says: validation and not found to the caller,
//     time-outs, rate limits and server errors to the tool or the provider,
//     authentication to the configuration, a loop to the orchestrator, a denial
//     to the policy. A call that was refused for the state of what it acts on is
//     put down to the call that changed that state.
//   - For one agent that serves a user: a change nobody confirmed, a figure that
//     no tool and no user gave, a run that was cut off.
//   - For several agents that talk: what the texts give away. A briefing that is
//     not about the task, code that failed, data made up, assumptions, figures
//     that appear from nowhere. Each sign has a weight; the step with the most is
//     the answer.
//
// Where none is found the answer is that there is none. The confidence is how
// often the same kind of evidence was right on runs whose cause is known.
//
// # Injection by provenance
//
// A Watch follows traces and reports calls whose destination (an address, an
// account, a URL) no user gave and a tool's answer did, where that answer speaks
// to its reader in orders, or the user asked for nothing of the kind. It keeps
// what it needs of a bounded number of traces, and no list of attack phrases.
package forensic
