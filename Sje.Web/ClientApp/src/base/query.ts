import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "../api/client";

/** The one cache of what the server said. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // The live stream says what changed; this only covers what has no event.
      staleTime: 10_000,
      gcTime: 5 * 60_000,
      networkMode: "always",
      refetchOnWindowFocus: true,
      retry: (failures, error) => failures < 2 && (!(error instanceof ApiError) || error.status >= 500),
      retryDelay: (failures) => 300 * 2 ** failures,
    },
    mutations: { networkMode: "always", retry: false },
  },
});
