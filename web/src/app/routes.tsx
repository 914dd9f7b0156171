import {
  IconActivity, IconApi, IconAlertTriangle, IconCertificate, IconChecklist, IconCoin, IconFileText, IconGauge, IconInfoCircle, IconMessages, IconRobot,
  IconRoute, IconSearch, IconShieldCheck, IconTool, IconUsers, IconZoomExclamation,
} from "@tabler/icons-react";
import { lazy, type ComponentType } from "react";

/** Place is a page that the navigation names. key is pressed after g. */
export interface Place {
  path: string;
  name: string;
  key?: string;
  icon: ComponentType<{ size?: number; stroke?: number }>;
  group: number;
}

/** places are the pages in the order of the navigation. */
export const places: Place[] = [
  { path: "/", name: "Overview", key: "o", icon: IconGauge, group: 0 },
  { path: "/live", name: "Live", key: "l", icon: IconActivity, group: 0 },
  { path: "/search", name: "Search", key: "s", icon: IconSearch, group: 0 },
  { path: "/traces", name: "Traces", key: "t", icon: IconRoute, group: 1 },
  { path: "/sessions", name: "Sessions", key: "e", icon: IconMessages, group: 1 },
  { path: "/tasks", name: "Tasks", key: "k", icon: IconChecklist, group: 1 },
  { path: "/users", name: "Users", key: "w", icon: IconUsers, group: 1 },
  { path: "/agents", name: "Agents", key: "a", icon: IconRobot, group: 1 },
  { path: "/tools", name: "Tools", key: "u", icon: IconTool, group: 1 },
  { path: "/errors", name: "Errors", key: "r", icon: IconAlertTriangle, group: 1 },
  { path: "/cost", name: "Cost", key: "c", icon: IconCoin, group: 1 },
  { path: "/compliance", name: "Compliance", key: "p", icon: IconCertificate, group: 2 },
  { path: "/incidents", name: "Incidents", key: "n", icon: IconZoomExclamation, group: 2 },
  { path: "/reports", name: "Reports", key: "d", icon: IconFileText, group: 2 },
  { path: "/integrity", name: "Integrity", key: "i", icon: IconShieldCheck, group: 2 },
  { path: "/reference", name: "API", icon: IconApi, group: 3 },
  { path: "/about", name: "About", icon: IconInfoCircle, group: 3 },
];

/** pages are loaded when they are opened. internal/web has the first elements of their paths too. */
export const pages: { path: string; page: ComponentType<{ params: Record<string, string | undefined> }> }[] = [
  { path: "/", page: lazy(() => import("../pages/Overview")) },
  { path: "/live", page: lazy(() => import("../pages/Live")) },
  { path: "/search", page: lazy(() => import("../pages/Search")) },
  { path: "/traces", page: lazy(() => import("../pages/Traces")) },
  { path: "/traces/:id", page: lazy(() => import("../pages/Trace")) },
  { path: "/compare", page: lazy(() => import("../pages/Compare")) },
  { path: "/sessions", page: lazy(() => import("../pages/Sessions")) },
  { path: "/sessions/:id", page: lazy(() => import("../pages/Session")) },
  { path: "/tasks", page: lazy(() => import("../pages/Tasks")) },
  { path: "/users", page: lazy(() => import("../pages/Users")) },
  { path: "/agents/:id", page: lazy(() => import("../pages/Agent")) },
  { path: "/agents", page: lazy(() => import("../pages/Agents")) },
  { path: "/tools", page: lazy(() => import("../pages/Tools")) },
  { path: "/errors", page: lazy(() => import("../pages/Errors")) },
  { path: "/cost", page: lazy(() => import("../pages/Cost")) },
  { path: "/compliance", page: lazy(() => import("../pages/Compliance")) },
  { path: "/incidents", page: lazy(() => import("../pages/Incidents")) },
  { path: "/incidents/:id", page: lazy(() => import("../pages/Incident")) },
  { path: "/reports", page: lazy(() => import("../pages/Reports")) },
  { path: "/integrity", page: lazy(() => import("../pages/Integrity")) },
  { path: "/reference", page: lazy(() => import("../pages/Reference")) },
  { path: "/about", page: lazy(() => import("../pages/About")) },
  { path: "/login", page: lazy(() => import("../pages/Login")) },
];
