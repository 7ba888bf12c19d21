/** A job to begin with. */
export interface Template {
  id: string;
  title: string;
  about: string;
  text: string;
}

export const TEMPLATES: readonly Template[] = [
  {
    id: "process",
    title: "Command",
    about: "A program or a shell script on a worker",
    text: `name: my-command
description: Says which day it works on
parameters:
  day: {type: date, required: true}
type: process
process:
  command: [echo, "working on {{ parameters.day }}"]
retry: {maxAttempts: 3}
timeouts: {run: 10m}
`,
  },
  {
    id: "pipeline",
    title: "Pipeline",
    about: "Read, transform and write data",
    text: `name: my-pipeline
parameters:
  least: {type: int, default: 100}
type: pipeline
pipeline:
  nodes:
    - {id: orders, type: source.csv, params: {path: data/orders.csv}}
    - {id: large, type: filter, params: {condition: "amount >= {{ parameters.least }}"}, inputs: {in: orders}}
    - {id: out, type: sink.parquet, params: {path: out/large-orders.parquet}, inputs: {in: large}}
`,
  },
  {
    id: "workflow",
    title: "Workflow",
    about: "Several tasks that wait for each other",
    text: `name: my-workflow
tasks:
  - name: extract
    type: process
    process: {command: [echo, extract]}
  - name: load
    type: process
    process: {command: [echo, load]}
    dependsOn: [extract]
  - name: report
    type: process
    process: {command: [echo, report]}
    dependsOn: [load]
schedule: {cron: "0 6 * * *", timeZone: UTC}
`,
  },
  {
    id: "http",
    title: "HTTP request",
    about: "Call a service and check its answer",
    text: `name: my-request
type: http
http:
  method: GET
  url: http://127.0.0.1:8082/health
  expect: {status: [200]}
retry: {maxAttempts: 5}
`,
  },
  {
    id: "spark",
    title: "Spark application",
    about: "Submit a jar or a Python file to Spark",
    text: `name: my-spark-application
type: spark
spark:
  application: examples/spark/pi.py
  arguments: ["100"]
`,
  },
];
