import { useClusters, type Cluster } from "../../api/workers";
import { Bytes, Card, Count, Meter, PageLink, StateMark, Time } from "../../ui";
import { DataTable, type Column } from "../../ui/DataTable";
import { bytes } from "../../base/format";

/** Spark clusters that jobs can name, and how they are. Where none is configured there is nothing to say. */
export function Clusters() {
  const clusters = useClusters();
  const items = clusters.data?.items;
  if (!clusters.error && (!items || items.every((cluster) => cluster.kind === "local"))) return null;
  return (
    <Card flush title="Spark clusters" className="workers-clusters">
      <DataTable
        label="Spark clusters"
        height="auto"
        primary={false}
        rows={items}
        columns={COLUMNS}
        rowKey={(cluster) => cluster.name}
        error={clusters.error}
        onRetry={() => void clusters.refetch()}
      />
    </Card>
  );
}

const COLUMNS: Column<Cluster>[] = [
  {
    id: "health",
    header: "State",
    width: "110px",
    cell: ({ health, kind }) =>
      kind === "local" ? <StateMark state="ok" word="Local" /> : !health ? <StateMark state="queued" word="Not asked yet" /> : <StateMark state={health.up ? "ok" : "failed"} word={health.up ? "Up" : "Down"} />,
  },
  {
    id: "name",
    header: "Cluster",
    width: "minmax(110px, 1fr)",
    cell: (cluster) => (
      <>
        <strong>{cluster.name}</strong>
        {cluster.default && <span className="muted"> default</span>}
      </>
    ),
  },
  { id: "kind", header: "Kind", width: "110px", above: 640, cell: (cluster) => `${cluster.kind ?? "–"}, ${cluster.deployMode}` },
  { id: "master", header: "Master", width: "minmax(120px, 1.2fr)", above: 900, cell: (cluster) => <span className="mono" title={cluster.master}>{cluster.master}</span> },
  {
    id: "cores",
    header: "Cores",
    width: "minmax(110px, 1fr)",
    cell: ({ name, health }) =>
      health?.totalCores ? <Meter label={`Cores of ${name}`} value={health.usedCores ?? 0} max={health.totalCores} /> : <span className="muted">–</span>,
  },
  {
    id: "memory",
    header: "Memory",
    width: "minmax(130px, 1fr)",
    above: 760,
    cell: ({ name, health }) =>
      health?.totalMemoryBytes ? (
        <Meter label={`Memory of ${name}`} value={health.usedMemoryBytes ?? 0} max={health.totalMemoryBytes} text={`${bytes(health.usedMemoryBytes ?? 0)} / ${bytes(health.totalMemoryBytes)}`} />
      ) : (
        <Bytes value={undefined} />
      ),
  },
  { id: "nodes", header: "Machines", width: "76px", align: "end", above: 640, cell: ({ health }) => <Count value={health?.nodes} /> },
  {
    id: "running",
    header: "Applications",
    width: "92px",
    align: "end",
    cell: (cluster) => (cluster.runningApplications > 0 ? <PageLink to="/executions?state=running">{cluster.runningApplications}</PageLink> : <Count value={0} />),
  },
  {
    id: "message",
    header: "It says",
    width: "minmax(140px, 2fr)",
    above: 760,
    cell: ({ health }) =>
      health ? (
        <span title={health.message}>
          {health.message} <span className="muted">(<Time at={health.checkedAt} show="relative" />)</span>
        </span>
      ) : (
        <span className="muted">–</span>
      ),
  },
];
