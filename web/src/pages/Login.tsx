import { Button, PasswordInput } from "@mantine/core";
import { useState } from "react";

import { plain } from "../api/client";
import { Page } from "../parts/Page";
import { Failed } from "../parts/states";
import { useFragment } from "../state/fragment";

/** Login shows the server a token once; from then on the browser has a cookie that no script can read. */
export default function Login() {
  const f = useFragment();
  const [token, setToken] = useState("");
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const login = async (e: React.FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await plain("POST", "/v1/session", { token: token.trim() });
      location.assign(nextOf(f.get("next")));
    } catch (err) {
      setError(err);
    }
    setBusy(false);
  };
  return (
    <Page title="Log in">
      <form onSubmit={(e) => void login(e)} className="h-panel" style={{ maxWidth: "28rem", display: "grid", gap: "0.8rem" }}>
        {error ? <Failed error={error} /> : null}
        <PasswordInput label="Token" description="One with the role reader or admin; hansard token new makes one." value={token} onChange={(e) => setToken(e.currentTarget.value)} autoComplete="current-password" required autoFocus />
        <Button type="submit" loading={busy} disabled={token.trim() === ""}>
          Log in
        </Button>
        <p className="h-muted" style={{ margin: 0 }}>
          The token is sent once and not kept by this page. The session lasts twelve hours.
        </p>
      </form>
    </Page>
  );
}

/** nextOf is where to go after logging in: a page of this server and nothing else. */
export function nextOf(next: string): string {
  return /^\/(?![/\\])/.test(next) && !next.startsWith("/login") ? next : "/";
}
