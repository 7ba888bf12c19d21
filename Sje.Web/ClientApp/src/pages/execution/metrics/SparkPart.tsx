import { bytes, count, duration } from "../../../base/format";
import { Card } from "../../../ui/Card";
import { Icon } from "../../../ui/Icon";
import { StateMark } from "../../../ui/StateMark";
import { Bytes, CopyButton, Count } from "../../../ui/values";
import type { SparkQuantiles, SparkStage, SparkTask } from "../useSparkTasks";
import { skewOf, spreadOf } from "./quantiles";

/** What Spark did for a task: totals, advice with settings to copy, stages and how their tasks were spread. */
export function SparkPart({ spark }: { spark: SparkTask }) {
  const { application, facts, advice, comparison } = spark;
  const totals = facts?.totals ?? {};
  return (
    <>
      <Card
        title="Spark application"
        actions={
          application && (
            <a className="xp-out" href={application.ui}>
              Spark’s pages <Icon name="external" size={12} />
            </a>
          )
        }
      >
        {application ? (
          <dl className="xp-figures">
            <Figure name="Cluster" value={`${application.cluster}, ${application.deployMode}`} />
            <Figure name="Application" value={application.applicationId ?? "not yet named"} />
            <Figure name="State" value={application.state} />
            {application.pendingCause && <Figure name="Waits for" value={application.pendingCause} />}
            {facts?.durationMs !== undefined && <Figure name="Took" value={duration(facts.durationMs)} />}
            {totals["tasks"] !== undefined && <Figure name="Spark tasks" value={count(totals["tasks"])} />}
            {totals["inputRows"] !== undefined && <Figure name="Rows in" value={count(totals["inputRows"])} />}
            {totals["outputRows"] !== undefined && <Figure name="Rows out" value={count(totals["outputRows"])} />}
            {totals["shuffleWriteBytes"] !== undefined && <Figure name="Shuffled" value={bytes(totals["shuffleWriteBytes"])} />}
            {totals["diskSpilledBytes"] !== undefined && <Figure name="Spilled" value={bytes(totals["diskSpilledBytes"])} />}
            {comparison?.["duration"] !== undefined && (
              <Figure
                name="Against usual"
                value={`${Math.round(comparison["duration"] * 100) / 100} × the median of ${comparison["earlier"] ?? 0} runs`}
              />
            )}
          </dl>
        ) : (
          <p className="muted">Nothing has been submitted yet.</p>
        )}
      </Card>
      {advice && advice.length > 0 && (
        <Card title="Advice">
          <ul className="xp-advice">
            {advice.map((one, index) => (
              <li key={`${one.kind}${index}`}>
                <StateMark
                  state={one.severity === "problem" ? "failed" : one.severity === "warning" ? "retrying" : "queued"}
                  word={`${one.severity}: ${one.kind.replaceAll("-", " ")}`}
                />
                <p>{one.text}</p>
                {one.suggestion && Object.keys(one.suggestion).length > 0 && (
                  <pre>
                    {settings(one.suggestion)}
                    <CopyButton text={settings(one.suggestion)} label="Copy these settings" />
                  </pre>
                )}
              </li>
            ))}
          </ul>
        </Card>
      )}
      {facts?.stages && facts.stages.length > 0 && <Stages stages={facts.stages} leftOut={facts.stagesLeftOut ?? 0} />}
    </>
  );
}

const settings = (suggestion: Record<string, string>) =>
  Object.entries(suggestion)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");

const Figure = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

function Stages({ stages, leftOut }: { stages: readonly SparkStage[]; leftOut: number }) {
  const longest = Math.max(1, ...stages.map((stage) => spreadOf(stage.runTimes)?.[4] ?? 0));
  return (
    <Card title="Stages and the spread of their tasks" flush>
      <div className="xp-scroll-x">
        <table className="xp-table">
          <thead>
            <tr>
              <th scope="col">Stage</th>
              <th scope="col" className="number">
                Tasks
              </th>
              <th scope="col" className="number">
                Took
              </th>
              <th scope="col" className="number">
                Shuffle read
              </th>
              <th scope="col" className="number">
                Spilled
              </th>
              <th scope="col">Task time: min, 25 %, median, 75 %, max</th>
              <th scope="col" className="number">
                Skew
              </th>
            </tr>
          </thead>
          <tbody>
            {stages.map((stage) => {
              const skew = skewOf(stage.runTimes);
              return (
                <tr key={`${stage.id ?? 0}.${stage.attempt ?? 0}`}>
                  <th scope="row" className="xp-stage">
                    <span className="muted">{stage.id ?? 0}</span>{" "}
                    <span className="ellipsis" title={stage.failureReason ?? stage.name}>
                      {stage.description ?? stage.name ?? "stage"}
                    </span>
                  </th>
                  <td className="number">
                    <Count value={stage.tasks ?? 0} />
                  </td>
                  <td className="number">{duration(stage.durationMs ?? 0)}</td>
                  <td className="number">
                    <Bytes value={stage.shuffleReadBytes ?? 0} />
                  </td>
                  <td className="number">
                    <Bytes value={stage.diskSpilledBytes ?? 0} />
                  </td>
                  <td>
                    <Spread quantiles={stage.runTimes} longest={longest} />
                  </td>
                  <td className="number">
                    {skew === undefined ? "–" : skew >= 4 ? <strong>{ratio(skew)}</strong> : ratio(skew)}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {leftOut > 0 && <p className="muted xp-none">{count(leftOut)} more stages are on Spark’s pages.</p>}
    </Card>
  );
}

const ratio = (value: number) => `${Math.round(value * 10) / 10} ×`;

/** A box and its whiskers on the scale of all stages. */
function Spread({ quantiles, longest }: { quantiles: SparkQuantiles | undefined; longest: number }) {
  const spread = spreadOf(quantiles);
  if (!spread) return <span className="muted">–</span>;
  const words = spread.map((value) => duration(value)).join(", ");
  const [min, lower, median, upper, max] = spread.map((value) => (value / longest) * 100) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return (
    <span className="xp-spread">
      <svg viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">
        <line x1={min} x2={max} y1="6" y2="6" className="xp-spread-line" />
        <rect x={lower} width={Math.max(0.5, upper - lower)} y="2" height="8" className="xp-spread-box" />
        <line x1={median} x2={median} y1="1" y2="11" className="xp-spread-median" />
      </svg>
      <span className="mono">{words}</span>
    </span>
  );
}
