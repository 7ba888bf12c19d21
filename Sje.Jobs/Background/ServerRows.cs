using System.Collections.Concurrent;
using System.Text.Json;
using Hangfire.Server;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Background;

/// <summary>
/// The rows behind Hangfire's page of servers. A worker's row says whose it is, so it goes when the worker's lease has lapsed and
/// somebody has marked it dead, not minutes later by Hangfire's own time limit; and a row that is missing under a living server is written
/// again with its next heartbeat, where Hangfire would stop and start the server.
/// </summary>
internal sealed class ServerRows(Database database, QueueLabels labels, QueuePages pages, Func<WorkerSession?> session)
{
    /// <summary>How often a server says that it is there.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    // A worker that somebody has marked dead, or that has taken its leave, is not to appear again.
    private const string Write = """
        insert into hangfire.server (id, data, lastheartbeat)
        select $1, $2, now() where not exists (select 1 from sje.workers where id = $3 and state in ('dead', 'stopped'))
        on conflict (id) do update set data = excluded.data, lastheartbeat = excluded.lastheartbeat
        """;

    private const string Remove = "delete from hangfire.server where id = $1";

    // Processes without a worker have no lease: they go after a few missed heartbeats.
    private const string Sweep = """
        delete from hangfire.server s
        where exists (
                select 1 from sje.workers w where w.id = (s.data ->> 'SjeWorker')::uuid and w.state in ('dead', 'stopped'))
            or (s.data ->> 'SjeServer' is not null and s.lastheartbeat < now() - interval '30 seconds')
        """;

    // Servers of others, by Hangfire's own rule.
    private const string TimedOut = """
        delete from hangfire.server
        where lastheartbeat < now() - $1 and data ->> 'SjeWorker' is null and data ->> 'SjeServer' is null
        """;

    private readonly ConcurrentDictionary<string, Server> servers = new();

    /// <summary>A server of this process has started.</summary>
    public void Announce(string id, ServerContext context)
    {
        var server = new Server(context.Queues, context.WorkerCount, TimeProvider.System.GetUtcNow().UtcDateTime);
        servers[id] = server;
        WriteRow(id, server);
    }

    /// <summary>A server of this process is there; false when it was never announced here.</summary>
    public bool Beat(string id)
    {
        if (!servers.TryGetValue(id, out var server))
        {
            return false;
        }

        WriteRow(id, server);
        return true;
    }

    /// <summary>A server of this process has stopped.</summary>
    public void Leave(string id)
    {
        servers.TryRemove(id, out _);
        using var command = database.Main.CreateCommand(Remove);
        command.Parameters.Add(P(id));
        command.ExecuteNonQuery();
    }

    /// <summary>Removes servers of others that have been silent for too long; returns how many.</summary>
    public int RemoveTimedOut(TimeSpan limit)
    {
        using var command = database.Main.CreateCommand(TimedOut);
        command.Parameters.Add(P(limit));
        return command.ExecuteNonQuery();
    }

    /// <summary>Removes the rows of dead workers, and of our servers that went without a word; returns how many.</summary>
    public async Task<int> SweepAsync(CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(Sweep);
        return await command.ExecuteNonQueryAsync(stop);
    }

    private void WriteRow(string id, Server server)
    {
        var worker = server.Queues.All(labels.Has) ? session() : null;
        var data = new Dictionary<string, object?>
        {
            ["Queues"] = worker?.Queues.Contains("*") == true ? pages.GetQueues() : worker?.Queues ?? server.Queues,
            ["WorkerCount"] = server.Threads,
            ["StartedAt"] = server.StartedAt,
            [worker is null ? "SjeServer" : "SjeWorker"] = worker is null ? true : worker.Id,
        };
        using var command = database.Main.CreateCommand(Write);
        command.Parameters.Add(P(id));
        command.Parameters.Add(Json(JsonSerializer.Serialize(data)));
        command.Parameters.Add(P(worker?.Id));
        command.ExecuteNonQuery();
    }

    private sealed record Server(string[] Queues, int Threads, DateTime StartedAt);
}

/// <summary>Lets dead workers vanish from the page of servers, in every process.</summary>
internal sealed partial class ServerSweep(ServerRows rows, TimeProvider clock, ILogger<ServerSweep> log)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Interval, clock, stoppingToken);
            try
            {
                await rows.SweepAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(log, e.Message);
            }
        }
    }

    [LoggerMessage(
        360,
        LogLevel.Warning,
        "Servers that are gone may still be on Hangfire's page: they could not be removed: {Reason}"
    )]
    private static partial void LogFailed(ILogger logger, string reason);
}
