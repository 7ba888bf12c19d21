using Npgsql;
using Sje.Core.Jobs;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Queueing;

/// <summary>What became of a request to change an execution.</summary>
public abstract record ControlResult;

/// <summary>The change is made, or under way where running tasks have to stop first.</summary>
public sealed record ChangeMade(ExecutionState State, DateTimeOffset? CancelRequestedAt) : ControlResult;

/// <summary>There is no such execution.</summary>
public sealed record NotFound : ControlResult;

/// <summary>The execution's state does not allow it.</summary>
public sealed record WrongState(ExecutionState State) : ControlResult;

/// <summary>The execution has no such task.</summary>
public sealed record NoSuchTask(string Task) : ControlResult;

/// <summary>The task's state does not allow it.</summary>
public sealed record WrongTaskState(TaskState State) : ControlResult;

/// <summary>What its tasks are does not allow it, and why.</summary>
public sealed record TasksRefused(string Why) : ControlResult;

/// <summary>Cancels, retries and moves executions, and skips tasks of them.</summary>
public sealed class ExecutionControl(Database database, Signals signals)
{
    private const string ListTasks = """
        select id, name, state, depends_on from sje.all_tasks where execution_id = $1 order by ordinal
        """;

    private const string FindTask = "select state from sje.all_tasks where execution_id = $1 and name = $2";

    /// <summary>
    /// Cancels what is alive of an execution: waiting tasks at once, running ones when their worker has stopped them. Hangfire's view
    /// follows by the reconciler.
    /// </summary>
    public async Task<ControlResult> CancelAsync(Guid executionId, string reason, CancellationToken cancellationToken)
    {
        await using var connection = await database.Main.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        TaskChanges.AddCancel(batch, executionId, new Wish(reason), Cancelling.ByRequest);
        var result = await ReadAsync(batch, executionId, cancellationToken);
        Tell();
        return result;
    }

    /// <summary>
    /// Runs the tasks of an ended execution that did not succeed again: new attempts in the same execution, failures counted from 0.
    /// </summary>
    public Task<ControlResult> RetryAsync(Guid executionId, CancellationToken cancellationToken) =>
        RetryAsync(executionId, null, cancellationToken);

    /// <summary>As <see cref="RetryAsync(Guid, CancellationToken)"/>, and says by whom.</summary>
    public async Task<ControlResult> RetryAsync(Guid executionId, string? by, CancellationToken cancellationToken)
    {
        await using var connection = await database.Main.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        TaskChanges.AddRetry(batch, executionId, null, new Wish("retried", by));
        var result = await ReadAsync(batch, executionId, cancellationToken);
        Tell();
        return result;
    }

    /// <summary>
    /// Runs ended tasks of an execution again, those that succeeded too, and all that depends on them: new attempts in the same execution.
    /// <see cref="NoSuchTask"/> when one is not there, <see cref="TasksRefused"/> when one has not ended, when something behind it runs, or when
    /// what it depends on has failed and is not to run again.
    /// </summary>
    public async Task<ControlResult> RepairAsync(
        Guid executionId,
        IReadOnlyList<string> tasks,
        string? by,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await database.Main.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var gate = new NpgsqlBatch(connection, transaction))
        {
            TaskChanges.AddGate(gate, executionId);
            await gate.ExecuteNonQueryAsync(cancellationToken);
        }

        var found = await ListTasksAsync(connection, transaction, executionId, cancellationToken);
        if (found.Count == 0)
        {
            return new NotFound();
        }

        var plan = RepairPlan.Of(found, tasks);
        if (plan.Unknown is { } unknown)
        {
            return new NoSuchTask(unknown);
        }

        if (plan.WhyNot is { } why)
        {
            return new TasksRefused(why);
        }

        await using var batch = new NpgsqlBatch(connection, transaction);
        TaskChanges.AddRepair(batch, executionId, [.. plan.Tasks], new Wish("retried", by));
        var result = await ReadAsync(batch, executionId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        Tell();
        return result;
    }

    /// <summary>
    /// Gives what waits of an execution another priority, another queue of the same lane, or both. What runs goes on; <see cref="WrongState"/> when
    /// nothing waits that could be moved so.
    /// </summary>
    public async Task<ControlResult> MoveAsync(
        Guid executionId,
        int? priority,
        string? queue,
        string? by,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await database.Main.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        TaskChanges.AddMove(batch, executionId, priority, queue, by);
        var result = await ReadAsync(batch, executionId, cancellationToken);
        Tell();
        return result;
    }

    /// <summary>
    /// Skips a task that has not begun an attempt, or waits for its next one; what depends on it is skipped with it.
    /// <see cref="WrongTaskState"/> when it runs or has ended, <see cref="NoSuchTask"/> when there is none.
    /// </summary>
    public async Task<ControlResult> SkipAsync(
        Guid executionId,
        string task,
        string reason,
        string? by,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await database.Main.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        TaskChanges.AddSkip(batch, executionId, task, new Wish(reason, by));
        var result = await ReadAsync(batch, executionId, cancellationToken);
        if (result is not WrongState)
        {
            Tell();
            return result;
        }

        await using var find = new NpgsqlCommand(FindTask, connection);
        find.Parameters.Add(P(executionId));
        find.Parameters.Add(P(task));
        return await find.ExecuteScalarAsync(cancellationToken) is string state
            ? new WrongTaskState(StateNames.ParseSnake<TaskState>(state))
            : new NoSuchTask(task);
    }

    private static async Task<List<RepairTask>> ListTasksAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        Guid executionId,
        CancellationToken cancellationToken
    )
    {
        await using var command = new NpgsqlCommand(ListTasks, connection, transaction);
        command.Parameters.Add(P(executionId));
        var tasks = new List<RepairTask>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            tasks.Add(
                new RepairTask(
                    row.GetGuid(0),
                    row.GetString(1),
                    StateNames.ParseSnake<TaskState>(row.GetString(2)),
                    row.GetFieldValue<Guid[]>(3)
                )
            );
        }

        return tasks;
    }

    private static async Task<ControlResult> ReadAsync(
        NpgsqlBatch batch,
        Guid executionId,
        CancellationToken cancellationToken
    )
    {
        batch.Add("select state, cancel_requested_at from sje.executions where id = $1", P(executionId));
        var changed = false;
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        do
        {
            await Settlement.CountAsync(reader, cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                switch (reader.GetName(0))
                {
                    case TaskChanges.ChangedColumn:
                        changed |= reader.GetBoolean(0);
                        break;
                    case "state":
                        var state = StateNames.ParseSnake<ExecutionState>(reader.GetString(0));
                        return changed
                            ? new ChangeMade(
                                state,
                                await reader.IsDBNullAsync(1, cancellationToken)
                                    ? null
                                    : reader.GetFieldValue<DateTimeOffset>(1)
                            )
                            : new WrongState(state);
                }
            }
        } while (await reader.NextResultAsync(cancellationToken));
        return new NotFound();
    }

    private void Tell()
    {
        signals.Raise(SignalKind.Control);
        signals.Raise(SignalKind.Work);
        signals.Raise(SignalKind.Change);
    }
}
