import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Problem } from "../api/client";
import { Failed, Loading, Nothing } from "./states";

/** Await shows an answer when it is there, and says what keeps it away until then. */
export function Await<T>({ query, what, children }: { query: UseQueryResult<T>; what: string; children: (data: T) => ReactNode }) {
  if (query.error instanceof Problem && (query.error.status === 405 || (query.error.status === 404 && query.error.detail.startsWith("there is nothing at"))))
    return <Nothing title={`This server has no ${what}`}>It may be of an older version than these pages.</Nothing>;
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <Failed error={query.error} again={() => void query.refetch()} />;
  return <Loading what={`Reading the ${what}`} />;
}
