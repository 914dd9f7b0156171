import { QueryClient } from "@tanstack/react-query";

import { Problem } from "./client";

/** queries keeps what was asked. What the caller did wrong is not asked again. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      retry: (count, err) => count < 2 && !(err instanceof Problem && err.status >= 400 && err.status < 500),
    },
  },
});
