using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Sje.Jobs.Faults;
using Sje.Jobs.Observability;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Queueing;

/// <summary>
/// This process as a worker: its registration, its heartbeat, and the attempts it runs.
/// <para>
/// Authority is the row in <c>sje.workers</c> and the database's clock. A heartbeat renews the lease even when it has lapsed, as long as
/// nobody has marked the row dead; once marked, an id never revives: everything under it is stopped without a word, and the process
/// registers anew. When the database is silent, tasks stop before the lease can have lapsed; when it refuses, nobody can take over either,
/// and they go on (<see cref="WorkerOptions.OutageSeconds"/>).
/// </para>
/// </summary>
internal sealed partial class WorkerSession(
    Database database,
    Signals signals,
    IOptions<WorkerOptions> options,
    EngineOffer engines,
    WorkerUsage usage,
    TimeProvider clock,
    ILogger<WorkerSession> log
) : BackgroundService
{
    private const string Register = """
        insert into sje.workers (id, name, host, process_id, version, queues, engines, labels, slots, cpus, memory_bytes, lease_until,
            direct_slots, paused_at, paused_by, pause_reason, drain_requested_at)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, clock_timestamp() + $12, $13, o.paused_at, o.paused_by, o.pause_reason, o.drain_requested_at
        from (values (1)) x left join sje.workers o on o.id = $14
        """;

    /// <summary>The heartbeat.</summary>
    internal const string Renew = """
        update sje.workers set heartbeat_at = clock_timestamp(), lease_until = clock_timestamp() + $2, cpu_used = $3, memory_used_bytes = $4
        where id = $1 and state in ('active', 'draining')
        """;

    private const string DrainAge =
        "select clock_timestamp() - drain_requested_at from sje.workers where id = $1 and drain_requested_at is not null";

    private const string Requests = """
        select id, execution_id, attempt, cancel_requested_at is not null, restart_requested_at is not null,
            attempt_started_at < clock_timestamp() - interval '5 seconds'
        from sje.tasks where worker_id = $1 and state = 'running'
        """;

    private const string SetDraining = "update sje.workers set state = 'draining' where id = $1 and state = 'active'";

    private const string SetStopped = """
        update sje.workers set state = 'stopped', ended_at = clock_timestamp()
        where id = $1 and state in ('active', 'draining')
        """;

    private readonly WorkerOptions options = options.Value;
    private readonly ConcurrentDictionary<(Guid Task, int Attempt), ClaimedTask> running = new();
    private List<(Guid Task, Guid Execution, int Attempt)> lostClaims = [];
    private double lastRenewal;
    private double refusedSince;

    // Where a database that has just come back is slow to open connections, those that others have opened are the faster way, and the
    // other way round where all of these are in use: after a failure the other pool is tried.
    private bool beatOnMain;

    /// <summary>The present registration; changes when an earlier one was marked dead. Empty before the first.</summary>
    public Guid Id { get; private set; }

    /// <summary>The name that people see.</summary>
    public string Name { get; } = options.Value.Name ?? $"{Environment.MachineName}:{Environment.ProcessId}";

    /// <summary>The queues it serves; <c>*</c> is all.</summary>
    public string[] Queues => options.ServedQueues;

    /// <summary>The right to run, as now known.</summary>
    public WorkerLease Lease { get; private set; } = new();

    /// <summary>Whether claiming is over for good.</summary>
    public bool Draining { get; private set; }

    /// <summary>The attempts of this worker that have not ended yet.</summary>
    public ICollection<ClaimedTask> Running => running.Values;

    /// <summary>What it says of itself to those who watch.</summary>
    public WorkerFigures Figures
    {
        get
        {
            var direct = running.Values.Count(task => task.Lane == Lanes.Direct);
            return new WorkerFigures(
                options.Slots,
                options.DirectSlots,
                running.Count - direct,
                direct,
                BootClock.Now - Volatile.Read(ref lastRenewal)
            );
        }
    }

    /// <summary>Whether something that runs here holds processors or memory.</summary>
    public bool HoldsResources => running.Values.Any(task => task.Resources is { Cpus: > 0 } or { MemoryBytes: > 0 });

    /// <summary>What a claim may ask for now, beside the number of tasks.</summary>
    public ClaimRequest Room(string lane, int slots)
    {
        var (cpus, memory) = (options.Cpus, options.MemoryBytes);
        foreach (var task in running.Values)
        {
            cpus -= task.Resources.Cpus;
            memory -= task.Resources.MemoryBytes;
        }

        return new ClaimRequest(
            Id,
            options.ServedQueues,
            [.. engines.Types],
            [.. options.Labels],
            slots,
            Math.Max(0, cpus),
            Math.Max(0, memory),
            lane
        );
    }

    /// <summary>
    /// Rows that are claimed under this worker's id for some seconds and that nobody here runs: a claim whose answer was lost. The
    /// caller releases them.
    /// </summary>
    public IReadOnlyList<(Guid Task, Guid Execution, int Attempt)> TakeOrphans() =>
        Interlocked.Exchange(ref lostClaims, []);

    /// <summary>Takes a claimed task into the books.</summary>
    public void Add(ClaimedTask task) => running[(task.Identity.TaskId, task.Identity.Attempt)] = task;

    /// <summary>Takes an ended attempt out of the books.</summary>
    public void Remove(ClaimedTask task) => running.TryRemove((task.Identity.TaskId, task.Identity.Attempt), out _);

    /// <summary>
    /// Stops claiming and, after the grace, stops what still runs. Returns when nothing runs any more or the limit has passed; what runs then is
    /// left to takeover.
    /// </summary>
    public async Task DrainAsync(CancellationToken limit)
    {
        Draining = true;
        LogDraining(log, Name, running.Count, options.DrainSeconds);
        var until = clock.GetUtcNow() + TimeSpan.FromSeconds(options.DrainSeconds);
        await TryAsync(SetDraining, limit);
        FaultPoint.At(FaultPoint.DrainBegun);
        while (!running.IsEmpty && clock.GetUtcNow() < until && !limit.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, CancellationToken.None);
        }

        foreach (var task in running.Values)
        {
            task.Stop(StopCause.Drain);
        }

        while (!running.IsEmpty && !limit.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, CancellationToken.None);
        }

        FaultPoint.At(FaultPoint.DrainEmptied);
        if (running.IsEmpty)
        {
            await TryAsync(SetStopped, limit);
        }
        else
        {
            // A farewell would give their rows away while they may still run here; so the lease has to lapse.
            LogLeftRunning(log, Name, running.Count);
        }
    }

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await RegisterAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>
    /// Heartbeats go on through a drain, which happens before hosted services are stopped.
    /// </summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var next = signals.Next(SignalKind.Control);
            try
            {
                await BeatAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (DatabaseOutage.Classify(e) is { } outage)
            {
                await EndureAsync(outage, e, stoppingToken);
                continue;
            }
            catch (Exception e)
            {
                LogBeatFailed(log, Name, e);
            }

            await signals.WaitAsync(next, options.Heartbeat, stoppingToken);
        }
    }

    private async Task RegisterAsync(CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7(clock.GetUtcNow());
        var sent = BootClock.Now;
        await using var command = database.Heartbeats.CreateCommand(Register);
        command.Parameters.Add(P(id));
        command.Parameters.Add(P(Name));
        command.Parameters.Add(P(Environment.MachineName));
        command.Parameters.Add(P(Environment.ProcessId));
        command.Parameters.Add(P(Assembly.GetExecutingAssembly().GetName().Version?.ToString(3) ?? "0"));
        command.Parameters.Add(P(options.ServedQueues, NpgsqlDbType.Array | NpgsqlDbType.Text));
        command.Parameters.Add(P(engines.Types.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text));
        command.Parameters.Add(P(options.Labels.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text));
        command.Parameters.Add(P(options.Slots));
        command.Parameters.Add(P(options.Cpus, NpgsqlDbType.Double));
        command.Parameters.Add(P(options.MemoryBytes));
        command.Parameters.Add(P(options.Lease));
        command.Parameters.Add(P(options.DirectSlots));
        // A pause is the process's, whatever its registration.
        command.Parameters.Add(P(Id));
        await command.ExecuteNonQueryAsync(cancellationToken);
        Id = id;
        Lease = new WorkerLease();
        Renewed(sent);
        LogRegistered(log, Name, id, string.Join(',', options.ServedQueues), options.Slots);
        signals.Raise(SignalKind.Change);
    }

    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        var sent = BootClock.Now;
        var known = running.ToArray();
        var pool = beatOnMain ? database.Main : database.Heartbeats;
        await using var connection = await pool.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection) { Timeout = (int)Math.Ceiling(options.HeartbeatSeconds) };
        var (cores, bytes) = usage.Take();
        batch
            .Add(Renew, P(Id), P(options.Lease), P(cores, NpgsqlDbType.Double), P(bytes))
            .Add(Requests, P(Id))
            .Add(DrainAge, P(Id));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var inDatabase = new HashSet<(Guid, int)>();
        var orphans = new List<(Guid Task, Guid Execution, int Attempt)>();
        TimeSpan? drains = null;
        do
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                if (reader.FieldCount == 1)
                {
                    drains = reader.GetTimeSpan(0);
                    continue;
                }

                var key = (reader.GetGuid(0), reader.GetInt32(2));
                inDatabase.Add(key);
                if (running.TryGetValue(key, out var task))
                {
                    if (reader.GetBoolean(3))
                    {
                        task.Stop(StopCause.Cancel);
                    }
                    else if (reader.GetBoolean(4))
                    {
                        task.Stop(StopCause.Restart);
                    }
                }
                else if (reader.GetBoolean(5))
                {
                    orphans.Add((key.Item1, reader.GetGuid(1), key.Item2));
                }
            }
        } while (await reader.NextResultAsync(cancellationToken));
        await reader.CloseAsync();
        if (batch.BatchCommands[0].RecordsAffected == 0)
        {
            await StartOverAsync(cancellationToken);
            return;
        }

        Renewed(sent);
        CoreMetrics.HeartBeaten(TimeSpan.FromSeconds(BootClock.Now - sent));

        // A row taken from us by hand: whoever took it decides from here.
        foreach (var (key, task) in known)
        {
            if (!inDatabase.Contains(key) && !task.Settled)
            {
                task.Stop(StopCause.LeaseLost);
            }
        }

        Interlocked.Exchange(ref lostClaims, orphans);

        // Asked to drain by somebody, while this process goes on: others get what has not ended by now.
        if (drains >= TimeSpan.FromSeconds(options.DrainSeconds))
        {
            foreach (var task in running.Values)
            {
                task.Stop(StopCause.Drain);
            }
        }
    }

    private void Renewed(double sent)
    {
        lastRenewal = sent;
        refusedSince = 0;
        Lease.Extend(sent + options.TrustSeconds);
    }

    private async Task StartOverAsync(CancellationToken cancellationToken)
    {
        if (Draining && running.IsEmpty)
        {
            // We have taken leave ourselves.
            return;
        }

        LogMarkedDead(log, Name, Id, running.Count);
        StopAll();
        if (!Draining)
        {
            await RegisterAsync(cancellationToken);
        }
    }

    private void StopAll()
    {
        foreach (var task in running.Values)
        {
            task.Stop(StopCause.LeaseLost);
        }
    }

    private async Task EndureAsync(Outage outage, Exception error, CancellationToken cancellationToken)
    {
        var now = BootClock.Now;
        beatOnMain = !beatOnMain;
        LogOutage(log, Name, outage, error.Message);
        if (outage == Outage.Refusing)
        {
            refusedSince = refusedSince == 0 ? now : refusedSince;
            if (now - refusedSince < options.OutageSeconds)
            {
                // Nobody can take over before the database is back and one whole lease has passed: the guards may know.
                lastRenewal = now;
                Lease.Extend(now + options.TrustSeconds);
            }
        }

        // What is left must suffice to end the tasks' sessions.
        if (now - lastRenewal > options.LeaseSeconds * 0.7)
        {
            StopAll();
        }

        await Task.Delay(TimeSpan.FromMilliseconds(250), clock, cancellationToken);
    }

    private async Task TryAsync(string sql, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = database.Heartbeats.CreateCommand(sql);
            command.Parameters.Add(P(Id));
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            // Leaving without a farewell: the lease lapses and others take over.
            LogOutage(log, Name, Outage.Silent, e.Message);
        }
    }

    [LoggerMessage(
        100,
        LogLevel.Information,
        "Worker {Worker} registered as {WorkerId}, serving {Queues} with {Slots} slots"
    )]
    private static partial void LogRegistered(ILogger logger, string worker, Guid workerId, string queues, int slots);

    [LoggerMessage(
        101,
        LogLevel.Warning,
        "Worker {Worker} ({WorkerId}) was marked dead: stopping its {Count} attempts and registering anew"
    )]
    private static partial void LogMarkedDead(ILogger logger, string worker, Guid workerId, int count);

    [LoggerMessage(102, LogLevel.Warning, "Worker {Worker} has no heartbeat, the database is {Outage}: {Reason}")]
    private static partial void LogOutage(ILogger logger, string worker, Outage outage, string reason);

    [LoggerMessage(103, LogLevel.Error, "Worker {Worker} could not renew its lease")]
    private static partial void LogBeatFailed(ILogger logger, string worker, Exception error);

    [LoggerMessage(
        105,
        LogLevel.Warning,
        "Worker {Worker} leaves with {Count} attempts that did not stop in time: others take them over"
    )]
    private static partial void LogLeftRunning(ILogger logger, string worker, int count);

    [LoggerMessage(104, LogLevel.Information, "Worker {Worker} drains: {Count} attempts have {Seconds} s to end")]
    private static partial void LogDraining(ILogger logger, string worker, int count, double seconds);
}
