import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { answer, plain } from "../api/client";
import type { Entry } from "../api/entry";
import { useLogs } from "../parts/record";
import { Failed, Loading } from "../parts/states";
import { verdictOf, verify, type Step } from "./proof";

const words = { ok: "holds", bad: "does not hold", open: "cannot be said here" };
const style = { ok: "h-mark-ok", bad: "h-mark-error", open: "h-mark-warn" };

/** ProofSteps checks, in this browser, that the event is in its log, and shows each step. */
export function ProofSteps({ id }: { id: string }) {
  const [asked, setAsked] = useState("");
  if (asked !== id) {
    return (
      <Button size="compact-sm" variant="default" onClick={() => setAsked(id)}>
        Check the proof here
      </Button>
    );
  }
  return <Checked id={id} />;
}

function Checked({ id }: { id: string }) {
  const logs = useLogs(0);
  const [own, setOwn] = useState(""); // a key that the reader brings
  const at = `/v1/events/${encodeURIComponent(id)}`;
  const got = useQuery({
    queryKey: ["proof", id],
    queryFn: async ({ signal }) => {
      const entry = await plain<Entry>("GET", at, undefined, signal);
      const proof = await answer<string>(fetch(`${at}/proof?disclose=true`, { signal }).then(async (response) => ({ data: await response.text(), response })));
      return { entry, proof };
    },
    retry: false,
  });
  const log = logs.data?.logs.find((l) => l.log === got.data?.entry.log);
  const key = own.trim() || (log?.vkey ?? "");
  const steps = useQuery({ queryKey: ["proved", id, key], queryFn: () => verify(got.data!.proof, key, got.data!.entry as unknown as Record<string, unknown>), enabled: !!got.data && key !== "" });
  if (got.error) return <Failed error={got.error} again={() => void got.refetch()} />;
  if (!steps.data) return <Loading what="Checking" />;
  const verdict = verdictOf(steps.data);
  return (
    <div className="h-proof">
      <p role="status" className={`h-proof-verdict h-proof-${verdict}`}>
        {verdict === "proved" ? "Proved: this event is in the log that the key signed." : verdict === "refuted" ? "Not proved: see which step does not hold." : "Not decided: a step cannot be checked in this browser."}
      </p>
      <ol>
        {steps.data.map((s) => (
          <StepView key={s.name} step={s} />
        ))}
      </ol>
      <TextInput size="xs" label="Verifier key" description={own.trim() ? "A key that you brought." : "As this server gives it. An auditor compares it with one kept elsewhere, or puts that one here."} placeholder={log?.vkey} value={own} onChange={(e) => setOwn(e.currentTarget.value)} />
      <p className="h-muted" style={{ fontSize: "0.8rem" }}>
        All of it is computed in this browser, from the <a href={`${at}/proof?disclose=true`} download={`${id.replace(/[^\w.-]/g, "_")}.proof`}>proof</a> (C2SP tlog-proof) and the key. Without any server: <code>hansard verify FILE.proof --key KEY</code>.
      </p>
    </div>
  );
}

function StepView({ step: s }: { step: Step }) {
  return (
    <li>
      <strong>{s.name}</strong> <span className={`h-mark ${style[s.verdict]}`}>{words[s.verdict]}</span> <span>{s.says}</span>
      {s.hashes && (
        <details className="h-details">
          <summary>{s.hashes.length === 1 ? s.hashes[0]!.label : `${s.hashes.length} hashes`}</summary>
          <table className="h-table">
            <tbody>
              {s.hashes.map((h, i) => (
                <tr key={i}>
                  <th scope="row">{h.label}</th>
                  <td className="h-mono" style={{ overflowWrap: "anywhere" }}>{h.value}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </li>
  );
}
