import { Button, Menu } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { plain } from "../api/client";

interface Session {
  token_id: string;
  tenant: string;
  role: string;
  cookie: boolean;
}

/** Who says as whom the server knows the reader, and lets them log out. */
export function Who() {
  const session = useQuery({ queryKey: ["session"], queryFn: ({ signal }) => plain<Session>("GET", "/v1/session", undefined, signal), staleTime: 60_000 });
  const s = session.data;
  if (!s || !s.cookie) return null;
  const logout = async () => {
    await plain("DELETE", "/v1/session").catch(() => undefined);
    location.assign("/login");
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" size="compact-md">
          {s.token_id}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {s.role} of {s.tenant}
        </Menu.Label>
        <Menu.Item onClick={() => void logout()}>Log out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
