import { ActionIcon, AppShell, Burger, Group, Tooltip, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCommand, IconMoon, IconSun } from "@tabler/icons-react";
import { useEffect, useRef, type ReactNode } from "react";
import { Link, useLocation } from "wouter";

import { href, useFragment } from "../state/fragment";
import { changeSettings, useSettings } from "../state/settings";
import { offset } from "../time/format";
import { CommandBar, openCommands } from "./CommandBar";
import { PeriodPicker } from "./PeriodPicker";
import { places } from "./routes";
import { Shortcuts } from "./Shortcuts";
import { Who } from "./Who";

/** timeless are pages whose content no period bounds. */
const timeless = ["/live", "/integrity", "/reference", "/about", "/login", "/compare"];

/** Frame is what every page has around it. */
export function Frame({ children }: { children: ReactNode }) {
  const [opened, nav] = useDisclosure();
  const [path] = useLocation();
  const before = useRef(path);
  useEffect(() => {
    nav.close();
    if (before.current === path) return;
    before.current = path;
    // Keys and screen readers go on in the page that was opened, not in the link that opened it.
    document.getElementById("content")?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [path]);
  const root = "/" + (path.split("/")[1] ?? "");
  return (
    <AppShell header={{ height: 52 }} navbar={{ width: 190, breakpoint: "sm", collapsed: { mobile: !opened } }} padding="md">
      <AppShell.Header style={{ background: "var(--h-surface)", borderColor: "var(--h-line)" }}>
        <a className="h-skip" href="#content" onClick={skip}>
          Skip to content
        </a>
        <Group h="100%" px="sm" gap="xs" wrap="nowrap">
          <Burger opened={opened} onClick={nav.toggle} hiddenFrom="sm" size="sm" aria-label={opened ? "Close the navigation" : "Open the navigation"} />
          <Link href={href("/")} className="h-brand" aria-label="Hansard, to the overview">
            <img src="/favicon.svg" width="24" height="24" alt="" />
            <span className="h-brand-name">Hansard</span>
          </Link>
          <div style={{ flex: 1 }} />
          {!timeless.includes(root) && (path.split("/").length < 3 || root === "/agents") && <PeriodPicker />}
          <Tools />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" style={{ background: "var(--h-surface)", borderColor: "var(--h-line)", overflowY: "auto" }} aria-label="Pages">
        <Navigation root={root} />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} style={{ outline: "none" }}>
        {children}
      </AppShell.Main>
      <CommandBar />
      <Shortcuts />
    </AppShell>
  );
}

/** skip moves to the content without changing the fragment, which is the page's state. */
function skip(e: React.MouseEvent) {
  e.preventDefault();
  document.getElementById("content")?.focus();
}

function Navigation({ root }: { root: string }) {
  useFragment(); // links carry the period
  return (
    <>
      {places.map((p, i) => (
        <div key={p.path}>
          {i > 0 && places[i - 1]!.group !== p.group && <hr className="h-nav-rule" />}
          <Link href={href(p.path)} className="h-nav-link" aria-current={p.path === root ? "page" : undefined}>
            <p.icon size={18} stroke={1.7} />
            {p.name}
          </Link>
        </div>
      ))}
    </>
  );
}

function Tools() {
  const { zone } = useSettings();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const other = zone === "utc" ? "local" : "utc";
  return (
    <Group gap={6} wrap="nowrap">
      <Tooltip label={`Times are in ${offset(new Date(), zone)}${zone === "local" ? " (this browser's zone)" : ""}; show them in ${other === "utc" ? "UTC" : "the local zone"}`}>
        <ActionIcon variant="default" size="lg" w="auto" px={8} aria-label={`Show times in ${other === "utc" ? "UTC" : "the local zone"}`} onClick={() => changeSettings({ zone: other })}>
          <span style={{ fontSize: "0.75rem" }}>{zone === "utc" ? "UTC" : "Local"}</span>
        </ActionIcon>
      </Tooltip>
      <Tooltip label={scheme === "dark" ? "Light colours" : "Dark colours"}>
        <ActionIcon variant="default" size="lg" aria-label={scheme === "dark" ? "Light colours" : "Dark colours"} onClick={() => setColorScheme(scheme === "dark" ? "light" : "dark")}>
          {scheme === "dark" ? <IconSun size={18} /> : <IconMoon size={18} />}
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Commands (Ctrl-K)">
        <ActionIcon variant="default" size="lg" aria-label="Commands" onClick={openCommands}>
          <IconCommand size={18} />
        </ActionIcon>
      </Tooltip>
      <Who />
    </Group>
  );
}
