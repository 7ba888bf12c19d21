import { send } from "../../api/client";
import type { TaskAccepted } from "../../api/executions";

/** The name that the sample job is saved under. */
export const sampleName = "sample";

/** A small job to look at: four tasks that depend on each other, print what they do and take a few seconds. */
export const sampleJob = `name: ${sampleName}
description: Four tasks that depend on each other. Change it, or delete it.
parameters:
  rows: {type: int, default: 1000}
tasks:
  - name: extract
    type: process
    process: {command: "for part in 1 2 3; do echo \\"INFO reading part $part\\"; sleep 0.3; done; echo \\"::metric rows_out {{ parameters.rows }}\\""}
  - name: clean
    type: process
    dependsOn: [extract]
    process: {command: "echo 'WARN 3 rows have no date'; sleep 1; echo 'INFO cleaned {{ parameters.rows }} rows'"}
  - name: count
    type: process
    dependsOn: [extract]
    process: {command: "for i in $(seq 1 10); do echo \\"::progress 0.$((i - 1)) counting\\"; sleep 0.1; done; echo 'INFO counted'"}
  - name: report
    type: process
    dependsOn: [clean, count]
    process: {command: "echo 'INFO report of {{ parameters.rows }} rows is done'"}
tags: [sample]
`;

/** Saves the sample job and runs it; the answer names its execution. */
export async function runSample(): Promise<TaskAccepted> {
  await send("PUT", `/jobs/${sampleName}`, sampleJob);
  return send<TaskAccepted>("POST", `/jobs/${sampleName}/executions`, {});
}

/** A command that submits a job to this server. */
export function curlTo(origin: string): string {
  return `curl ${origin}/task -H 'Content-Type: application/json' \\
  -d '{"name": "hello", "type": "process", "process": {"command": "echo hello"}}'`;
}
