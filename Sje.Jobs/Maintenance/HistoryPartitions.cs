using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Maintenance;

/// <summary>A stretch of time whose history lies in partitions of its own. Without a beginning it holds all that is older.</summary>
internal sealed record HistoryRange(
    DateTimeOffset? From,
    DateTimeOffset To,
    IReadOnlyDictionary<string, string> PartitionByTable
);

/// <summary>A range that could have gone by its age, and why it has not.</summary>
internal sealed record HeldRange(DateTimeOffset? From, DateTimeOffset To, [property: JsonIgnore] bool Logs, string Why)
{
    /// <summary>What of it is held.</summary>
    public string What => Logs ? "logs" : "history";
}

/// <summary>
/// The partitions of the history (migration 0010). Making one and dropping one need locks that every statement on the history conflicts
/// with: each try waits <see cref="Patience"/> at most, so that nobody waits longer than that behind it, and is made again later.
/// <para>
/// What has to stay of a range that goes (executions that live, or that ended late) is carried over into the default partition in the same
/// transaction, under those locks: no reader ever misses it. That is for few; a range with more of them stays as it is.
/// </para>
/// </summary>
internal sealed partial class HistoryPartitions(Database database, TimeProvider clock, ILogger<HistoryPartitions> log)
{
    /// <summary>What lies in partitions, in the order in which they are locked.</summary>
    public static readonly string[] Tables = ["finished_tasks", "attempts", "events", "log_chunks"];

    /// <summary>How many executions are carried over at most: some thousand rows, some tenths of a second.</summary>
    public const int MostCarried = 2_000;

    private const long MostLogBytesCarried = 64 * 1024 * 1024;
    private const int Tries = 20;

    private const string ReadRanges = """
        select from_at, to_at, array_agg(parent), array_agg(name) from sje.partitions where not is_default
        group by from_at, to_at order by to_at
        """;

    private const string Extend = "select sje.extend_history($1)";

    // $1, $2 the range, $3 how long ago one has ended that must not be touched; null: any that is there counts.
    private const string FindKept = """
        select id from sje.executions
        where id >= coalesce(sje.id_at($1), '00000000-0000-0000-0000-000000000000') and id < sje.id_at($2)
            and ($3::interval is null or finished_at is null or finished_at > now() - $3)
        order by id limit $4
        """;

    // Once more under the locks, quickly: what has come back to life since.
    private const string FindLive = """
        select id from sje.executions
        where id >= coalesce(sje.id_at($1), '00000000-0000-0000-0000-000000000000') and id < sje.id_at($2)
            and state in ('accepted', 'queued', 'running')
        limit $3
        """;

    private const string LogBytes = """
        select (coalesce(sum(octet_length(body)), 0) + coalesce(sum(octet_length(packed)), 0))::bigint from sje.log_chunks where execution_id = any ($1)
        """;

    // Left behind where a process died between taking a partition off and dropping it.
    private const string FindLeftOver = """
        select c.relname from pg_class c
        where c.relnamespace = 'sje'::regnamespace and c.relkind = 'r' and not c.relispartition
            and c.relname ~ '^(finished_tasks|attempts|events|log_chunks)_(first|p[0-9]{8})$'
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);

    /// <summary>Makes the partitions of now and of the time to come; returns how many ranges it made.</summary>
    public Task<int> ExtendAsync(PartitionWidth width, CancellationToken stop) =>
        PatientlyAsync(
            async (connection, transaction) =>
            {
                await using var extend = new NpgsqlCommand(Extend, connection, transaction);
#pragma warning disable CA1308 // The words of PostgreSQL's date_trunc are small letters.
                extend.Parameters.Add(P(width.ToString().ToLowerInvariant()));
#pragma warning restore CA1308
                return (int)(await extend.ExecuteScalarAsync(stop))!; // a function's one row
            },
            stop
        );

    /// <summary>The ranges that there are, oldest first.</summary>
    public async Task<IReadOnlyList<HistoryRange>> ReadAsync(CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(ReadRanges);
        await using var row = await command.ExecuteReaderAsync(stop);
        var ranges = new List<HistoryRange>();
        while (await row.ReadAsync(stop))
        {
            var (tables, names) = (row.GetFieldValue<string[]>(2), row.GetFieldValue<string[]>(3));
            ranges.Add(
                new HistoryRange(
                    await row.IsDBNullAsync(0, stop) ? null : row.GetFieldValue<DateTimeOffset>(0),
                    row.GetFieldValue<DateTimeOffset>(1),
                    tables.Zip(names).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal)
                )
            );
        }

        return ranges;
    }

    /// <summary>Drops the log lines of a range, but those of executions that live or ended less than <paramref name="keep"/> ago.</summary>
    /// <returns>Why it could not be, or null.</returns>
    public async Task<HeldRange?> DropLogsAsync(HistoryRange range, TimeSpan keep, CancellationToken stop)
    {
        // Many rows, read before there is any lock.
        var kept = await FindAsync(FindKept, stop, Instant(range.From), Instant(range.To), P(keep), P(MostCarried + 1));
        if (kept.Count > MostCarried)
        {
            return new HeldRange(
                range.From,
                range.To,
                true,
                $"more than {MostCarried} of its executions live or ended late"
            );
        }

        await using (var command = database.Main.CreateCommand(LogBytes))
        {
            command.Parameters.Add(Array(NpgsqlDbType.Uuid, kept));
            var size = (long)(await command.ExecuteScalarAsync(stop))!; // an aggregate's one row
            if (size > MostLogBytesCarried)
            {
                return new HeldRange(
                    range.From,
                    range.To,
                    true,
                    $"executions that live or ended late have {size >> 20} MiB of log in it"
                );
            }
        }

        return await DropAsync(range, ["log_chunks"], kept, stop);
    }

    /// <summary>Drops what is left of a range whose executions are gone, all or all but a few.</summary>
    /// <returns>Why it could not be, or null.</returns>
    public async Task<HeldRange?> DropAsync(HistoryRange range, CancellationToken stop)
    {
        var kept = await FindAsync(
            FindKept,
            stop,
            Instant(range.From),
            Instant(range.To),
            P((TimeSpan?)null),
            P(MostCarried + 1)
        );
        return kept.Count > MostCarried
            ? new HeldRange(range.From, range.To, false, $"more than {MostCarried} executions of it stay")
            : await DropAsync(range, [.. Tables.Where(range.PartitionByTable.ContainsKey)], null, stop);
    }

    /// <summary>Drops partitions that a process which died had taken off.</summary>
    public async Task<int> DropLeftOverAsync(CancellationToken stop)
    {
        var names = new List<string>();
        await using (var find = database.Main.CreateCommand(FindLeftOver))
        {
            await using var row = await find.ExecuteReaderAsync(stop);
            while (await row.ReadAsync(stop))
            {
                names.Add(row.GetString(0));
            }
        }

        foreach (var name in names)
        {
            await DropTableAsync(name, stop);
        }

        return names.Count;
    }

    /// <param name="range">The range.</param>
    /// <param name="tables">Those whose partitions go.</param>
    /// <param name="known">Executions to be carried over, and those that have come back to life since; null: all that are there.</param>
    /// <param name="stop">Ends it.</param>
    private async Task<HeldRange?> DropAsync(
        HistoryRange range,
        string[] tables,
        IReadOnlyList<Guid>? known,
        CancellationToken stop
    )
    {
        var held = await PatientlyAsync(
            async (connection, transaction) =>
            {
                async Task<List<Guid>> ReadIdsAsync(string sql, params NpgsqlParameter[] values)
                {
                    await using var command = new NpgsqlCommand(sql, connection, transaction);
                    command.Parameters.AddRange(values);
                    return await ReadIdsOfAsync(command, stop);
                }

                foreach (var table in tables)
                {
                    await ExecuteAsync(
                        connection,
                        $"alter table sje.{table} detach partition sje.{range.PartitionByTable[table]}",
                        stop
                    );
                }

                // Whoever would bring one of them back to life needs what is locked now, and finds it where it is then.
                List<Guid> kept = known is null
                    ? await ReadIdsAsync(
                        FindKept,
                        Instant(range.From),
                        Instant(range.To),
                        P((TimeSpan?)null),
                        P(MostCarried + 1)
                    )
                    :
                    [
                        .. known.Union(
                            await ReadIdsAsync(FindLive, Instant(range.From), Instant(range.To), P(MostCarried + 1))
                        ),
                    ];
                if (kept.Count > MostCarried)
                {
                    await transaction.RollbackAsync(stop);
                    return new HeldRange(
                        range.From,
                        range.To,
                        known is not null,
                        $"more than {MostCarried} executions of it stay"
                    );
                }

                foreach (var table in tables)
                {
                    await using var carry = new NpgsqlCommand(
                        $"insert into sje.{table} select * from sje.{range.PartitionByTable[table]} where execution_id = any ($1)",
                        connection,
                        transaction
                    );
                    carry.Parameters.Add(Array(NpgsqlDbType.Uuid, kept));
                    await carry.ExecuteNonQueryAsync(stop);
                }

                return null;
            },
            stop
        );
        if (held is not null)
        {
            return held;
        }

        // Nobody sees them any more: removing their files may take as long as it takes.
        foreach (var table in tables)
        {
            await DropTableAsync(range.PartitionByTable[table], stop);
        }

        LogDropped(log, string.Join(", ", tables), range.From, range.To);
        return null;
    }

    /// <summary>Does something in a transaction that waits a moment only for each lock, and does it again while somebody is in its way.</summary>
    /// <exception cref="PostgresException">Somebody always was.</exception>
    private async Task<T> PatientlyAsync<T>(
        Func<NpgsqlConnection, NpgsqlTransaction, Task<T>> act,
        CancellationToken stop
    )
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await using var connection = await database.Locks.OpenConnectionAsync(stop);
                await using var transaction = await connection.BeginTransactionAsync(stop);
                await ExecuteAsync(connection, $"set local lock_timeout = {(int)Patience.TotalMilliseconds}", stop);
                var result = await act(connection, transaction);
                if (transaction.Connection is not null)
                {
                    await transaction.CommitAsync(stop);
                }

                return result;
            }
            catch (PostgresException busy)
                when (tries < Tries
                    && busy.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected
                )
            {
                await Task.Delay(Between * (0.5 + Random.Shared.NextDouble()), clock, stop);
            }
        }
    }

    private async Task DropTableAsync(string name, CancellationToken stop)
    {
        await using var command = database.Locks.CreateCommand($"drop table if exists sje.{name}");
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(stop);
    }

    private async Task<List<Guid>> FindAsync(string sql, CancellationToken stop, params NpgsqlParameter[] values)
    {
        await using var command = database.Main.CreateCommand(sql);
        command.CommandTimeout = 0;
        command.Parameters.AddRange(values);
        return await ReadIdsOfAsync(command, stop);
    }

    private static async Task<List<Guid>> ReadIdsOfAsync(NpgsqlCommand command, CancellationToken stop)
    {
        var ids = new List<Guid>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            ids.Add(row.GetGuid(0));
        }

        return ids;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(stop);
    }

    private static NpgsqlParameter Instant(DateTimeOffset? at) => P(at?.ToUniversalTime(), NpgsqlDbType.TimestampTz);

    [LoggerMessage(1000, LogLevel.Information, "Dropped the history from {From} to {To}: {Tables}")]
    private static partial void LogDropped(ILogger logger, string tables, DateTimeOffset? from, DateTimeOffset to);
}
