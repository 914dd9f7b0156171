import { plain } from "../api/client";
import { zoneName } from "../api/reports";
import { href, type Change } from "../state/fragment";
import type { Zone } from "../time/format";

/** Command is what a question in words means. */
export interface Command {
  verb: string;
  report?: string;
  subject?: string;
  other?: string;
  q?: string;
  since?: string;
  until?: string;
}

export interface Meaning {
  command: Command;
  line: string; // the command as it is typed in a terminal
  certainty: string; // "none": it was not understood
  ignored: string[] | null;
  nearest: string[] | null;
  value?: string;
}

/** meaning asks what a question means, and does not have it answered: the page that it leads to does that. */
export const meaning = (question: string, zone: Zone, signal?: AbortSignal) =>
  plain<Meaning>("POST", "/v1/ask", { question, explain: true, tz: zoneName(zone) }, signal);

const pagesOfReports: Record<string, string> = { summary: "/", tools: "/tools", errors: "/errors", cost: "/cost", compliance: "/compliance" };

/** pageOf is the page that answers a command. */
export function pageOf(c: Command, value = ""): string {
  const period: Change = { since: c.since ?? (c.until ? "all" : null), until: c.until ?? null };
  const about = c.subject ? encodeURIComponent(c.subject) : "";
  switch (c.verb) {
    case "trace":
    case "replay":
      if (c.other && about) return href("/compare", { a: c.subject, b: c.other });
      return about ? href(`/traces/${about}`, c.verb === "replay" ? { view: "conversation" } : {}) : href("/traces", period);
    case "session":
      return about ? href(`/sessions/${about}`) : href("/sessions", period);
    case "incident":
      return about ? href(`/incidents/${about}`) : href("/incidents", period);
    case "verify":
      return href("/integrity");
    case "report": {
      const page = c.report && !c.subject && !c.q ? pagesOfReports[c.report] : undefined;
      if (page) return href(page, period);
      if (c.report === "agent" && about) return href(`/agents/${about}`, period);
      if (c.report === "session" && about) return href(`/sessions/${about}`);
      return href("/reports", { ...period, report: c.report, subject: c.subject });
    }
  }
  return href("/search", { ...period, since: period.since ?? "all", q: c.q ?? "", value });
}
