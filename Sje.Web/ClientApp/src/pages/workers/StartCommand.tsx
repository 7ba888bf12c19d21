import { CopyButton } from "../../ui";

/** The command that starts a worker, to copy. The connection string is not the browser's to know. */
export function StartCommand({ queues = ["default"] }: { queues?: readonly string[] }) {
  const command = `./sje worker --queues ${queues.join(",")} --db "Host=…;Database=sje;Username=sje;Password=…"`;
  return (
    <div className="command">
      <code>{command}</code>
      <CopyButton text={command} label="Copy command" />
    </div>
  );
}
