using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Sje.Core.Jobs;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Queueing;

/// <summary>
/// Notes how attempts on a target ended, for all workers: so many failures in a row that are the target's open its breaker, and claims pass
/// its tasks over, which costs them no attempt. When the time is up they are tried one at a time, until enough have succeeded. A target in
/// order has no row, and its successes write nothing.
/// </summary>
public sealed partial class CircuitBreakers(
    Database database,
    Signals signals,
    IOptions<CircuitBreakerOptions> options,
    ILogger<CircuitBreakers> log
)
{
    // $1 target, $2 failures that open it, $3 for how long, $4 error. One that comes while it is open was on its way already.
    private const string Failed = """
        insert into sje.circuit_breakers as b (target, failures, state, opened_at, open_until, last_error)
        values ($1, 1, case when $2 <= 1 then 'open' else 'closed' end, case when $2 <= 1 then clock_timestamp() end,
            case when $2 <= 1 then clock_timestamp() + $3 end, $4)
        on conflict (target) do update set failures = b.failures + 1, successes = 0, last_error = $4, updated_at = clock_timestamp(),
            state = case when b.state = 'open' or b.failures + 1 >= $2 then 'open' else 'closed' end,
            opened_at = case when b.state = 'open' then b.opened_at when b.failures + 1 >= $2 then clock_timestamp() end,
            open_until = case when b.open_until > clock_timestamp() then b.open_until
                when b.state = 'open' or b.failures + 1 >= $2 then clock_timestamp() + $3 end
        returning state = 'open' and failures = $2, open_until
        """;

    // $2 successes that close it. What ended well while it was open, and not to be tried yet, had been started before.
    private const string Succeeded = """
        update sje.circuit_breakers set updated_at = clock_timestamp(),
            failures = case when state = 'closed' or successes + 1 >= $2 then 0 else failures end,
            successes = case when state = 'closed' or successes + 1 >= $2 then 0 else successes + 1 end,
            open_until = case when state = 'open' and successes + 1 < $2 then open_until end,
            opened_at = case when state = 'open' and successes + 1 < $2 then opened_at end,
            state = case when state = 'open' and successes + 1 < $2 then 'open' else 'closed' end
        where target = $1 and (state = 'closed' and failures > 0 or state = 'open' and open_until <= clock_timestamp())
        returning state
        """;

    private const string Close = """
        update sje.circuit_breakers set state = 'closed', failures = 0, successes = 0, opened_at = null, open_until = null,
            updated_at = clock_timestamp()
        where target = $1
        """;

    // Classes of failures that say that the other side is not there or cannot cope. What the task itself did wrong counts for nothing.
    private static readonly string[] TargetsFault = ["network", "temporary", "timeout", "http_status"];

    // What runs there on its own for hours says nothing of the cluster when it takes longer than its task allows.
    private const string ClusterTargets = "spark:";

    /// <summary>Notes the end of an attempt on a target. What cannot be written is lost: a breaker is a matter of counting, not of truth.</summary>
    internal async Task NoteAsync(ClaimedTask task, AttemptEnd end)
    {
        if (task.Target.Length == 0)
        {
            return;
        }

        try
        {
            if (end.Outcome == AttemptOutcome.Succeeded)
            {
                await SucceededAsync(task.Target);
            }
            else if (end.Error is { } error && IsTargetsFault(task.Target, end, error))
            {
                await FailedAsync(task.Target, error.Message);
            }
        }
        catch (NpgsqlException e)
        {
            LogNotNoted(log, task.Target, e.Message);
        }
    }

    /// <summary>Closes a breaker by hand: its tasks may start again. False when there is none for the target.</summary>
    public async Task<bool> ResetAsync(string target, CancellationToken cancellationToken)
    {
        await using var command = database.Main.CreateCommand(Close);
        command.Parameters.Add(P(target));
        var found = await command.ExecuteNonQueryAsync(cancellationToken) == 1;
        signals.Raise(SignalKind.Work);
        signals.Raise(SignalKind.Change);
        return found;
    }

    private static bool IsTargetsFault(string target, AttemptEnd end, TaskError error) =>
        end.Outcome switch
        {
            AttemptOutcome.Failed => end.TargetAtFault ?? TargetsFault.Contains(error.Class),
            AttemptOutcome.TimedOut => !target.StartsWith(ClusterTargets, StringComparison.Ordinal)
                && TargetsFault.Contains(error.Class),
            _ => false,
        };

    private async Task FailedAsync(string target, string why)
    {
        await using var command = database.Main.CreateCommand(Failed);
        command.Parameters.Add(P(target));
        command.Parameters.Add(P(options.Value.Failures));
        command.Parameters.Add(P(TimeSpan.FromSeconds(options.Value.OpenSeconds)));
        command.Parameters.Add(P(StorableText.Clean(why)));
        await using var row = await command.ExecuteReaderAsync();
        if (await row.ReadAsync() && row.GetBoolean(0))
        {
            LogOpened(log, target, row.GetFieldValue<DateTimeOffset>(1), why);
            signals.Raise(SignalKind.Change);
        }
    }

    private async Task SucceededAsync(string target)
    {
        await using var command = database.Main.CreateCommand(Succeeded);
        command.Parameters.Add(P(target));
        command.Parameters.Add(P(options.Value.Successes));
        if (await command.ExecuteScalarAsync() is string state)
        {
            if (state == "closed")
            {
                LogClosed(log, target);
            }

            signals.Raise(SignalKind.Work);
            signals.Raise(SignalKind.Change);
        }
    }

    [LoggerMessage(143, LogLevel.Warning, "The circuit breaker of {Target} is open until {Until}: {Reason}")]
    private static partial void LogOpened(ILogger logger, string target, DateTimeOffset until, string reason);

    [LoggerMessage(144, LogLevel.Information, "The circuit breaker of {Target} is closed")]
    private static partial void LogClosed(ILogger logger, string target);

    [LoggerMessage(145, LogLevel.Debug, "The circuit breaker of {Target} could not be told: {Reason}")]
    private static partial void LogNotNoted(ILogger logger, string target, string reason);
}
