import { useRouter, useRouterState, type ErrorComponentProps } from "@tanstack/react-router";
import { messageOf } from "../api/client";
import { Button, ButtonLink } from "../ui/Button";
import { PageHead } from "../ui/Card";
import { EmptyState } from "../ui/placeholders";
import { hasReloaded, MissingPart, reloadForNewVersion } from "../base/load";

/** What is said of an address that no page has. */
export function NotFound() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  return (
    <>
      <PageHead title="Page not found" />
      <EmptyState
        title={`Nothing is at ${path}`}
        actions={
          <>
            <ButtonLink to="/ops" tone="primary">
              Operations
            </ButtonLink>
            <ButtonLink to="/executions">Executions</ButtonLink>
          </>
        }
      >
        The address may be mistyped, or what was there is gone. <kbd>Ctrl K</kbd> finds pages, executions and jobs by name.
      </EmptyState>
    </>
  );
}

/** What is said when a page could not be drawn. The rest of the program goes on. */
export function PageFailure({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  if (error instanceof MissingPart) {
    const again = hasReloaded();
    return (
      <>
        <PageHead title={again ? "This page cannot be loaded" : "New version"} />
        <EmptyState
          title={again ? "The page's program is not on the server, and reloading did not help." : "SJE was updated while this page was open."}
          actions={
            <Button tone="primary" icon="retry" onClick={reloadForNewVersion}>
              {again ? "Reload" : "New version – reload"}
            </Button>
          }
        />
      </>
    );
  }
  return (
    <>
      <PageHead title="This page failed" />
      <EmptyState
        title={messageOf(error)}
        actions={
          <Button
            tone="primary"
            icon="retry"
            onClick={() => {
              reset();
              void router.invalidate();
            }}
          >
            Try again
          </Button>
        }
      >
        The rest of the program still works.
      </EmptyState>
    </>
  );
}
