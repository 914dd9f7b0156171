import { kindOf, weightOf, type Entry } from "../api/entry";
import { Inert } from "../text/Inert";

/** StatusMark says how it ended, in words and not by colour alone. */
export function StatusMark({ status }: { status: string | undefined }) {
  if (!status) return null;
  const style = status === "error" || status === "timeout" ? "h-mark-error" : status === "denied" || status === "cancelled" ? "h-mark-warn" : "h-mark-ok";
  return (
    <span className={`h-mark ${style}`}>
      <Inert text={status} />
    </span>
  );
}

/** KindMark is the event's type. */
export function KindMark({ entry }: { entry: Entry }) {
  const weight = weightOf(entry);
  const style = weight === "error" ? "h-mark-error" : weight === "security" ? "h-mark-security" : weight === "human" ? "h-mark-warn" : "";
  return (
    <span className={`h-mark ${style}`}>
      <Inert text={kindOf(entry.event_type)} />
    </span>
  );
}
