import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./design/tokens.css";
import "./design/base.css";
import "./ui/ui.css";
import "./app/app.css";
import { router } from "./app/router";
import { watchKeys } from "./base/keys";
import { watchPreferences } from "./base/preferences";
import { queryClient } from "./base/query";
import { stream } from "./live/stream";

watchPreferences();
watchKeys();
stream.start();

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
