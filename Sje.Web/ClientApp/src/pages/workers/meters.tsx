import type { Worker } from "../../api/workers";
import { bytes } from "../../base/format";
import { Meter } from "../../ui";

/** From what share of a machine on its meter warns. */
const HIGH = 0.9;

/** Slots of the background lane in use; those of the direct lane are the panel's. */
export function SlotMeter({ worker }: { worker: Worker }) {
  const used = worker.running - worker.runningDirect;
  return <Meter label={`Slots of ${worker.name} in use`} value={used} max={worker.slots} tone={used >= worker.slots ? "retrying" : "accent"} />;
}

/** Cores in use by the worker and what it started, of those that it offers. */
export function CpuMeter({ worker, gone }: { worker: Worker; gone: boolean }) {
  if (gone || worker.cpuUsed == null) return <span className="muted">–</span>;
  return (
    <Meter
      label={`CPU of ${worker.name}`}
      value={worker.cpuUsed}
      max={worker.cpus}
      text={`${(Math.round(worker.cpuUsed * 10) / 10).toFixed(1)} / ${worker.cpus}`}
      tone={worker.cpuUsed > HIGH * worker.cpus ? "retrying" : "accent"}
    />
  );
}

/** Memory in use by the worker and what it started, of that which it offers. */
export function MemoryMeter({ worker, gone }: { worker: Worker; gone: boolean }) {
  if (gone || worker.memoryUsedBytes == null) return <span className="muted">–</span>;
  return (
    <Meter
      label={`Memory of ${worker.name}`}
      value={worker.memoryUsedBytes}
      max={worker.memoryBytes}
      text={`${bytes(worker.memoryUsedBytes)} / ${bytes(worker.memoryBytes)}`}
      tone={worker.memoryUsedBytes > HIGH * worker.memoryBytes ? "failed" : "accent"}
    />
  );
}
