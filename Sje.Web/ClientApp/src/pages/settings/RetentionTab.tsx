import type { HistoryPart, TablePart } from "../../api/schema";
import { runRetention, settingKeys, useRetention } from "../../api/settings";
import { Button, Bytes, Card, Count, ErrorState, Icon, Skeleton, Time } from "../../ui";
import { DataTable, type Column } from "../../ui/DataTable";
import { Facts, Stats, useAct } from "../parts";
import { reportInWords } from "./retention";

const HISTORY: Column<HistoryPart>[] = [
  { id: "from", header: "From", width: "minmax(110px, 1fr)", cell: (part) => (part.from || part.to ? <Time at={part.from} none="the beginning" /> : "of no certain time") },
  { id: "to", header: "To", width: "minmax(110px, 1fr)", cell: (part) => <Time at={part.to} /> },
  { id: "rows", header: "Rows, about", width: "100px", align: "end", cell: (part) => <Count value={part.rows} /> },
  { id: "bytes", header: "Size", width: "90px", align: "end", cell: (part) => <Bytes value={part.bytes} /> },
  { id: "logs", header: "Logs go", width: "130px", align: "end", above: 640, cell: (part) => <Time at={part.logsDropAfter} none="stay" /> },
  { id: "drop", header: "All of it goes", width: "150px", align: "end", above: 640, cell: (part) => <Time at={part.dropAfter} none="stays" /> },
];

const TABLES: Column<TablePart>[] = [
  { id: "table", header: "Table", width: "minmax(140px, 2fr)", cell: (part) => <span className="mono">{part.table}</span> },
  { id: "rows", header: "Rows, about", width: "120px", align: "end", cell: (part) => <Count value={part.rows} /> },
  { id: "bytes", header: "Size", width: "110px", align: "end", cell: (part) => <Bytes value={part.bytes} /> },
];

/** What is kept for how long, how much of it there is, and the round that removes the rest. */
export function RetentionTab() {
  const read = useRetention();
  const act = useAct();
  const { data } = read;
  if (!data) return read.error ? <ErrorState error={read.error} onRetry={() => void read.refetch()} /> : <Skeleton lines={10} />;
  const { settings, lastRun, history, tables } = data;
  const going = lastRun.beganAt !== null && (lastRun.endedAt === null || lastRun.endedAt < lastRun.beganAt);
  const size = [...history, ...tables].reduce((sum, part) => sum + part.bytes, 0);
  return (
    <div className="stack">
      <Stats
        label="What is kept"
        stats={[
          { name: "History", value: settings.history },
          { name: "Logs", value: settings.logs },
          { name: "Dead letters", value: settings.deadLetters },
          { name: "Idempotency keys", value: settings.idempotencyKeys },
          { name: "Removed by the", value: settings.partition },
          { name: "On disk", value: <Bytes value={size} /> },
        ]}
      />
      <Card
        title="The last round"
        actions={
          <Button icon="play" busy={going || act.busy === "run"} onClick={() => void act.run("run", runRetention, { said: "Asked for a round: a server makes it within seconds.", keys: [settingKeys.retention] })}>
            {going ? "Runs now" : "Run now"}
          </Button>
        }
      >
        <Facts
          facts={[
            { name: "Began", value: <Time at={lastRun.beganAt} show="full" none="there was none yet" /> },
            { name: "Ended", value: going ? "it runs" : <Time at={lastRun.endedAt} show="full" /> },
            { name: "Next", value: <Time at={lastRun.nextAt} show="relative" /> },
            { name: "Removed", value: reportInWords(lastRun.report) },
          ]}
        />
        {lastRun.error && (
          <div className="note settings-below">
            <Icon name="warning" />
            <div>It failed: {lastRun.error}</div>
          </div>
        )}
      </Card>
      <Card flush title="History by time">
        <DataTable label="History by time" height="auto" rows={history} columns={HISTORY} rowKey={(part) => `${part.from ?? ""} ${part.to ?? ""}`} />
      </Card>
      <Card flush title="Other tables">
        <DataTable label="Other tables" height="auto" primary={false} rows={tables} columns={TABLES} rowKey={(part) => part.table} />
      </Card>
      <p className="muted">
        The lengths stand in the configuration under <code>retention</code>. Stretches of time are dropped whole, when all in them is old enough.
      </p>
    </div>
  );
}
