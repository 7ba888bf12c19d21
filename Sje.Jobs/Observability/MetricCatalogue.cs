using static Sje.Jobs.Observability.MetricKind;
using static Sje.Jobs.Observability.MetricSource;

namespace Sje.Jobs.Observability;

/// <summary>
/// Every figure of the core, in one place. Those that begin with <c>orchestrator_</c> carry the names of the system that SJE replaces, exactly, so
/// that its dashboards go on working; they repeat what our own say.
/// </summary>
public static class MetricCatalogue
{
    internal static readonly MetricInfo Submissions = new(
        "sje.submissions",
        Counter,
        Process,
        null,
        ["answer"],
        "Submitted jobs by answer: accepted, repeated (known by its idempotency key), queue_full, key_reused, held_back (for another of its batch)"
    );
    internal static readonly MetricInfo ExecutionsSubmitted = new(
        "sje.executions.submitted",
        Counter,
        Process,
        null,
        ["type", "priority", "trigger"],
        "Executions accepted; priority is the nearest word at or below the number, trigger what started it"
    );
    internal static readonly MetricInfo TasksSubmitted = new(
        "sje.tasks.submitted",
        Counter,
        Process,
        null,
        ["type", "queue"],
        "Tasks accepted, those of graphs each"
    );
    internal static readonly MetricInfo ExecutionsEnded = new(
        "sje.executions.ended",
        Counter,
        Process,
        null,
        ["type", "state"],
        "Executions that came to an end, by end state; not those that Delete in /hangfire has ended"
    );
    internal static readonly MetricInfo TasksEnded = new(
        "sje.tasks.ended",
        Counter,
        Process,
        null,
        ["type", "state"],
        "Tasks that an attempt brought to their end, by end state; what ends while it waits is not among them"
    );
    internal static readonly MetricInfo AttemptsStarted = new(
        "sje.attempts.started",
        Counter,
        Process,
        null,
        ["type", "lane", "queue"],
        "Attempts begun"
    );
    internal static readonly MetricInfo AttemptsEnded = new(
        "sje.attempts.ended",
        Counter,
        Process,
        null,
        ["type", "lane", "outcome"],
        "Attempts ended by their own worker, by outcome"
    );
    internal static readonly MetricInfo Retries = new(
        "sje.retries",
        Counter,
        Process,
        null,
        ["type", "class"],
        "Failed attempts after which another one is to come, by failure class"
    );
    internal static readonly MetricInfo Takeovers = new(
        "sje.takeovers",
        Counter,
        Process,
        null,
        ["state"],
        "Attempts that this process took from dead workers, by what became of the task: queued again, or failed after too many losses"
    );
    internal static readonly MetricInfo WorkersLost = new(
        "sje.workers.lost",
        Counter,
        Process,
        null,
        [],
        "Workers that this process marked dead because their lease had lapsed"
    );
    internal static readonly MetricInfo ClaimDuration = new(
        "sje.claim.duration",
        Histogram,
        Process,
        "s",
        ["lane"],
        "Time of a claim, from asking the pool for a connection to the last row, also of one that found nothing"
    );
    internal static readonly MetricInfo ClaimedTasks = new(
        "sje.claimed.tasks",
        Counter,
        Process,
        null,
        ["lane"],
        "Tasks claimed; over the count of claims, how many come at once"
    );
    internal static readonly MetricInfo ClaimErrors = new(
        "sje.claim.errors",
        Counter,
        Process,
        null,
        ["lane"],
        "Claims that failed"
    );
    internal static readonly MetricInfo DispatchLatency = new(
        "sje.dispatch.latency",
        Histogram,
        Process,
        "s",
        ["lane"],
        "From the moment a task could be claimed (accepted, unblocked, its retry due) to the start of its attempt"
    );
    internal static readonly MetricInfo AttemptDuration = new(
        "sje.attempt.duration",
        Histogram,
        Process,
        "s",
        ["type", "outcome"],
        "From the start of an attempt until its end is durable"
    );
    internal static readonly MetricInfo ExecutionDuration = new(
        "sje.execution.duration",
        Histogram,
        Process,
        "s",
        ["type", "state"],
        "From the first attempt of an execution to its end, waits between attempts included; only of those that began to run"
    );
    internal static readonly MetricInfo HeartbeatDuration = new(
        "sje.heartbeat.duration",
        Histogram,
        Process,
        "s",
        [],
        "Time of a heartbeat, with getting its connection"
    );
    internal static readonly MetricInfo DatabaseUp = new(
        "sje.database.up",
        Gauge,
        Database,
        null,
        [],
        "1 when the figures below could be read, 0 when not; they are left out then"
    );
    internal static readonly MetricInfo QueueDepth = new(
        "sje.queue.depth",
        Gauge,
        Database,
        null,
        ["queue", "state"],
        "Tasks that wait in a queue: blocked, queued, waiting_retry"
    );
    internal static readonly MetricInfo QueueRunning = new(
        "sje.queue.running",
        Gauge,
        Database,
        null,
        ["queue"],
        "Tasks of a queue that run"
    );
    internal static readonly MetricInfo QueueOldestWait = new(
        "sje.queue.oldest.wait",
        Gauge,
        Database,
        "s",
        ["queue"],
        "How long the oldest task that could be claimed has waited"
    );
    internal static readonly MetricInfo QueueWorkers = new(
        "sje.queue.workers",
        Gauge,
        Database,
        null,
        ["queue"],
        "Live workers that serve a queue"
    );
    internal static readonly MetricInfo QueuePaused = new(
        "sje.queue.paused",
        Gauge,
        Database,
        null,
        ["queue"],
        "1 while a queue is paused"
    );
    internal static readonly MetricInfo ExecutionsRunning = new(
        "sje.executions.running",
        Gauge,
        Database,
        null,
        [],
        "Executions with a task that runs"
    );
    internal static readonly MetricInfo DeadLetters = new(
        "sje.dead.letters",
        Gauge,
        Database,
        null,
        [],
        "Tasks that failed for good and were not dismissed, counted up to 10,000"
    );
    internal static readonly MetricInfo Workers = new(
        "sje.workers",
        Gauge,
        Database,
        null,
        ["state"],
        "Live workers: active, draining"
    );
    internal static readonly MetricInfo SlotsUtilization = new(
        "sje.slots.used.ratio",
        Gauge,
        Database,
        null,
        ["lane"],
        "Running tasks of a lane over the slots of its live workers"
    );
    internal static readonly MetricInfo LeaseAge = new(
        "sje.lease.age",
        Gauge,
        Database,
        "s",
        [],
        "The longest time since a heartbeat among live workers, by the database's clock"
    );
    internal static readonly MetricInfo WorkerSlots = new(
        "sje.worker.slots",
        Gauge,
        Worker,
        null,
        ["lane"],
        "Slots of this worker"
    );
    internal static readonly MetricInfo WorkerRunning = new(
        "sje.worker.running",
        Gauge,
        Worker,
        null,
        ["lane"],
        "Tasks that this worker has claimed and not ended"
    );
    internal static readonly MetricInfo WorkerLeaseAge = new(
        "sje.worker.lease.age",
        Gauge,
        Worker,
        "s",
        [],
        "Time since this worker sent the heartbeat that last renewed its lease"
    );

    internal static readonly MetricInfo SparkUtilization = new(
        "spark_cluster_utilization",
        Gauge,
        Cluster,
        null,
        ["cluster"],
        "As spark_cluster_utilization_ratio"
    );
    internal static readonly MetricInfo SparkUtilizationRatio = new(
        "spark.cluster.utilization.ratio",
        Gauge,
        Cluster,
        null,
        ["cluster"],
        "Cores of a Spark cluster that are given away, to anybody, over those that it has"
    );
    internal static readonly MetricInfo SparkClusterUp = new(
        "sje.spark.cluster.up",
        Gauge,
        Cluster,
        null,
        ["cluster", "kind"],
        "1 when a Spark cluster answered that it works, 0 when not; its other figures are left out then"
    );
    internal static readonly MetricInfo SparkClusterCores = new(
        "sje.spark.cluster.cores",
        Gauge,
        Cluster,
        null,
        ["cluster"],
        "Cores that a Spark cluster has"
    );
    internal static readonly MetricInfo SparkClusterCoresUsed = new(
        "sje.spark.cluster.cores.used",
        Gauge,
        Cluster,
        null,
        ["cluster"],
        "Cores of it that are given away"
    );
    internal static readonly MetricInfo SparkClusterMemory = new(
        "sje.spark.cluster.memory.bytes",
        Gauge,
        Cluster,
        null,
        ["cluster"],
        "Memory that a Spark cluster has for executors and drivers"
    );
    internal static readonly MetricInfo SparkClusterMemoryUsed = new(
        "sje.spark.cluster.memory.used.bytes",
        Gauge,
        Cluster,
        null,
        ["cluster"],
        "Memory of it that is given away"
    );
    internal static readonly MetricInfo SparkClusterNodes = new(
        "sje.spark.cluster.nodes",
        Gauge,
        Cluster,
        null,
        ["cluster"],
        "Machines of a Spark cluster that take work"
    );

    internal static readonly MetricInfo OriginalJobs = new(
        "orchestrator_jobs_total",
        Counter,
        Process,
        null,
        ["status"],
        "As sje_executions_ended_total, over all types"
    );
    internal static readonly MetricInfo OriginalJobsDuration = new(
        "orchestrator_jobs_duration_seconds",
        Histogram,
        Process,
        null,
        [],
        "As sje_execution_duration_seconds, over all types and states"
    );
    internal static readonly MetricInfo OriginalActiveJobs = new(
        "orchestrator_active_jobs",
        Gauge,
        Database,
        null,
        [],
        "As sje_executions_running"
    );
    internal static readonly MetricInfo OriginalJobsSubmitted = new(
        "orchestrator_jobs_submitted_total",
        Counter,
        Process,
        null,
        ["job_type", "priority"],
        "As sje_executions_submitted_total"
    );
    internal static readonly MetricInfo OriginalJobsCompleted = new(
        "orchestrator_jobs_completed_total",
        Counter,
        Process,
        null,
        ["job_type", "status"],
        "As sje_executions_ended_total"
    );
    internal static readonly MetricInfo OriginalJobDuration = new(
        "orchestrator_job_duration_seconds",
        Histogram,
        Process,
        null,
        ["job_type"],
        "As sje_execution_duration_seconds, in the original's buckets of 1 to 120 minutes"
    );
    internal static readonly MetricInfo OriginalQueueDepth = new(
        "orchestrator_queue_depth",
        Gauge,
        Database,
        null,
        ["priority"],
        "Tasks that wait, over all queues, by the nearest word at or below their priority"
    );
    internal static readonly MetricInfo OriginalQueueWait = new(
        "orchestrator_queue_wait_seconds",
        Histogram,
        Process,
        null,
        [],
        "As sje_dispatch_latency_seconds, over both lanes"
    );
    internal static readonly MetricInfo OriginalWorkersActive = new(
        "orchestrator_workers_active",
        Gauge,
        Database,
        null,
        ["pool"],
        "Live workers that take work; those that serve the same queues are a pool, named by them"
    );
    internal static readonly MetricInfo OriginalUtilization = new(
        "orchestrator_worker_utilization_percent",
        Gauge,
        Database,
        null,
        [],
        "Running tasks over the slots of all live workers, times 100. The original's worker_id would grow without bound: ask a worker for its own figures instead"
    );
    internal static readonly MetricInfo OriginalErrors = new(
        "orchestrator_errors_total",
        Counter,
        Process,
        null,
        ["error_type", "component"],
        "Failed attempts by failure class (error_type) and task type (component)"
    );

    /// <summary>All of them.</summary>
    public static IReadOnlyList<MetricInfo> All { get; } =
    [
        Submissions,
        ExecutionsSubmitted,
        TasksSubmitted,
        ExecutionsEnded,
        TasksEnded,
        AttemptsStarted,
        AttemptsEnded,
        Retries,
        Takeovers,
        WorkersLost,
        ClaimDuration,
        ClaimedTasks,
        ClaimErrors,
        DispatchLatency,
        AttemptDuration,
        ExecutionDuration,
        HeartbeatDuration,
        DatabaseUp,
        QueueDepth,
        QueueRunning,
        QueueOldestWait,
        QueueWorkers,
        QueuePaused,
        ExecutionsRunning,
        DeadLetters,
        Workers,
        SlotsUtilization,
        LeaseAge,
        WorkerSlots,
        WorkerRunning,
        WorkerLeaseAge,
        SparkUtilization,
        SparkUtilizationRatio,
        SparkClusterUp,
        SparkClusterCores,
        SparkClusterCoresUsed,
        SparkClusterMemory,
        SparkClusterMemoryUsed,
        SparkClusterNodes,
        OriginalJobs,
        OriginalJobsDuration,
        OriginalActiveJobs,
        OriginalJobsSubmitted,
        OriginalJobsCompleted,
        OriginalJobDuration,
        OriginalQueueDepth,
        OriginalQueueWait,
        OriginalWorkersActive,
        OriginalUtilization,
        OriginalErrors,
    ];
}
