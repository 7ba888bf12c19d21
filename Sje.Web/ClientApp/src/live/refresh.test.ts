import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";
import { readAgain } from "./refresh";

/** A server whose answers come when the test says so: each call tells the value of the time at which it was made. */
function slowServer() {
  const waiting: (() => void)[] = [];
  let value = "queued";
  return {
    read: () => {
      const now = value;
      return new Promise<string>((answer) => waiting.push(() => answer(now)));
    },
    become: (next: string) => void (value = next),
    async answer() {
      for (const one of waiting.splice(0)) one();
      for (let i = 0; i < 20; i++) await Promise.resolve();
      await new Promise((done) => setTimeout(done));
    },
    calls: () => waiting.length,
  };
}

function watched() {
  const server = slowServer();
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, networkMode: "always" } } });
  const observer = new QueryObserver(client, { queryKey: ["list"], queryFn: server.read });
  observer.subscribe(() => {});
  return { server, client, observer, shown: () => observer.getCurrentResult().data };
}

describe("what is read again", () => {
  it("is newer than a change that was told of while the first answer was on its way", async () => {
    const { server, client, shown } = watched();
    expect(server.calls()).toBe(1);
    server.become("succeeded");
    void readAgain(client, ["list"]);
    for (let i = 0; i < 3; i++) await server.answer();
    expect(shown()).toBe("succeeded");
  });

  it("is newer than a change that was told of while a later answer was on its way", async () => {
    const { server, client, observer, shown } = watched();
    await server.answer();
    expect(shown()).toBe("queued");
    void observer.refetch();
    expect(server.calls()).toBe(1);
    server.become("succeeded");
    void readAgain(client, ["list"]);
    for (let i = 0; i < 3; i++) await server.answer();
    expect(shown()).toBe("succeeded");
  });
});
