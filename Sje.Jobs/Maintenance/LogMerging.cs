using Npgsql;
using NpgsqlTypes;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Maintenance;

/// <summary>How logs are merged.</summary>
/// <param name="Quiet">How long a chunk is left alone after it was written.</param>
/// <param name="Loose">How many small chunks a running attempt may have.</param>
internal sealed record MergePace(TimeSpan Quiet, int Loose)
{
    /// <summary>As in production.</summary>
    public static readonly MergePace Default = new(TimeSpan.FromSeconds(30), 64);
}

/// <summary>
/// Makes few large compressed chunks of the many small ones that a running attempt writes twice a second: a hundred times fewer rows, and a
/// fraction of the bytes, since the lines of a log resemble each other. An attempt is merged when it has ended, or has written many. A chunk that
/// takes the place of others is written in the transaction that removes them, so a reader sees these or that one; line numbers stay.
/// </summary>
internal sealed class LogMerging(Database database, MergePace pace)
{
    /// <summary>Lines of a merged chunk at most, unless one chunk alone has more.</summary>
    public const int MostLines = 4_000;

    /// <summary>Characters of a merged chunk at most, unless one chunk alone has more: what a reader of one line has to unpack.</summary>
    public const int MostText = 1024 * 1024;

    // In one transaction: no more than a slow machine compresses in a second or two.
    private const int ChunksAtOnce = 1_000;
    private const int TextAtOnce = 8 * MostText;

    // $1 how long they have been quiet, $2 how many of them a running attempt may have, $3 how many attempts.
    private const string FindLoose = """
        select c.execution_id, c.task_id, c.attempt from (
            select execution_id, task_id, attempt, count(*) as loose, max(written_at) as written_at
            from sje.log_chunks where not merged and first_line > 1 group by 1, 2, 3) c
        left join sje.all_attempts a on a.execution_id = c.execution_id and a.task_id = c.task_id and a.number = c.attempt
        where c.loose >= $2 or ((a.ended_at is not null or a.number is null) and c.written_at < clock_timestamp() - $1)
        limit $3
        """;

    // From the chunk before the first small one on, which may have room.
    private const string FindStart = """
        select coalesce(max(c.first_line), 1) from sje.log_chunks c
        where c.execution_id = $1 and c.task_id = $2 and c.attempt = $3 and c.first_line < (
            select min(first_line) from sje.log_chunks
            where execution_id = $1 and task_id = $2 and attempt = $3 and not merged and first_line > 1)
        """;

    private const string Read = """
        select first_line, line_count, body, packed, merged, written_at from sje.log_chunks
        where execution_id = $1 and task_id = $2 and attempt = $3 and first_line >= $4 order by first_line limit $5 for update
        """;

    private const string Remove = """
        delete from sje.log_chunks where execution_id = $1 and task_id = $2 and attempt = $3 and first_line = any ($4)
        """;

    private const string Write = """
        insert into sje.log_chunks (execution_id, task_id, attempt, first_line, line_count, written_at, body, packed, merged,
            error_lines, warn_lines, info_lines, debug_lines, stderr_lines, first_error, first_stderr, first_at, last_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, true, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        """;

    private const string Leave = """
        update sje.log_chunks set merged = true where execution_id = $1 and task_id = $2 and attempt = $3 and first_line = $4
        """;

    /// <summary>Merges the chunks of some attempts; returns of how many.</summary>
    public async Task<int> RunAsync(int most, CancellationToken stop)
    {
        var found = new List<(Guid Execution, Guid Task, int Attempt)>();
        await using (var find = database.Main.CreateCommand(FindLoose))
        {
            find.CommandTimeout = 0;
            find.Parameters.Add(P(pace.Quiet));
            find.Parameters.Add(P(pace.Loose));
            find.Parameters.Add(P(most));
            await using var row = await find.ExecuteReaderAsync(stop);
            while (await row.ReadAsync(stop))
            {
                found.Add((row.GetGuid(0), row.GetGuid(1), row.GetInt32(2)));
            }
        }

        foreach (var (execution, task, attempt) in found)
        {
            await MergeAsync(execution, task, attempt, stop);
        }

        return found.Count;
    }

    /// <summary>Merges the small chunks of an attempt.</summary>
    public async Task MergeAsync(Guid execution, Guid task, int attempt, CancellationToken stop)
    {
        NpgsqlParameter[] Keys(params NpgsqlParameter[] more) => [P(execution), P(task), P(attempt), .. more];
        await using var connection = await database.Main.OpenConnectionAsync(stop);
        long? start = null;
        while (true)
        {
            await using var transaction = await connection.BeginTransactionAsync(stop);
            if (start is null)
            {
                await using var find = new NpgsqlCommand(FindStart, connection, transaction);
                find.Parameters.AddRange(Keys());
                start = (long)(await find.ExecuteScalarAsync(stop))!; // an aggregate's one row
            }

            var chunks = await ReadAsync(connection, transaction, Keys(P(start.Value), P(ChunksAtOnce)), stop);
            var groups = Group(chunks);
            var last = chunks.Count < ChunksAtOnce && chunks.Sum(c => (long)c.Text.Length) < TextAtOnce;
            // The last group may go on behind what was read, but where it is all of it.
            var ready = last || groups.Count == 1 ? groups : groups[..^1];
            await using var batch = new NpgsqlBatch(connection, transaction);
            foreach (var group in ready)
            {
                Add(batch, group, Keys);
            }

            if (batch.BatchCommands.Count > 0)
            {
                await batch.ExecuteNonQueryAsync(stop);
            }

            await transaction.CommitAsync(stop);
            if (last)
            {
                return;
            }

            var final = ready[^1][^1];
            start = final.FirstLine + final.LineCount;
        }
    }

    /// <summary>Divides chunks into those that become one: they follow each other without a gap, and are not too much together.</summary>
    internal static List<List<Chunk>> Group(IReadOnlyList<Chunk> chunks)
    {
        var groups = new List<List<Chunk>>();
        var (lines, text) = (0, 0);
        foreach (var chunk in chunks)
        {
            if (
                groups is not [.., [.., var before]]
                || before.FirstLine + before.LineCount != chunk.FirstLine
                || before.Damaged
                || chunk.Damaged
                || lines + chunk.LineCount > MostLines
                || text + chunk.Text.Length > MostText
            )
            {
                groups.Add([]);
                (lines, text) = (0, 0);
            }

            groups[^1].Add(chunk);
            lines += chunk.LineCount;
            text += chunk.Text.Length + 1;
        }

        return groups;
    }

    private static void Add(NpgsqlBatch batch, List<Chunk> group, Func<NpgsqlParameter[], NpgsqlParameter[]> keys)
    {
        if (group is [{ Merged: true }])
        {
            return;
        }

        var first = group[0];
        if (first.Damaged)
        {
            batch.Add(Leave, keys([P(first.FirstLine)]));
            return;
        }

        var text = string.Join('\n', group.Select(c => c.Text));
        var body = LogBody.Of(text, LogBody.Small);
        batch
            .Add(Remove, keys([Array(NpgsqlDbType.Bigint, group.Select(c => c.FirstLine))]))
            .Add(
                Write,
                keys([
                    P(first.FirstLine),
                    P(group.Sum(c => c.LineCount)),
                    P(group.Max(c => c.WrittenAt).ToUniversalTime(), NpgsqlDbType.TimestampTz),
                    P(body.Plain),
                    P(body.Packed, NpgsqlDbType.Bytea),
                    .. LogCounts.Of(new LogBody(text, null)).Parameters(),
                ])
            );
    }

    private static async Task<List<Chunk>> ReadAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        NpgsqlParameter[] values,
        CancellationToken stop
    )
    {
        await using var command = new NpgsqlCommand(Read, connection, transaction);
        command.Parameters.AddRange(values);
        var chunks = new List<Chunk>();
        await using var row = await command.ExecuteReaderAsync(stop);
        var text = 0L;
        while (text < TextAtOnce && await row.ReadAsync(stop))
        {
            var body = new LogBody(
                await row.IsDBNullAsync(2, stop) ? null : row.GetString(2),
                await row.IsDBNullAsync(3, stop) ? null : row.GetFieldValue<byte[]>(3)
            );
            chunks.Add(
                new Chunk(
                    row.GetInt64(0),
                    row.GetInt32(1),
                    body.Text(),
                    row.GetBoolean(4),
                    row.GetFieldValue<DateTimeOffset>(5)
                )
            );
            text += chunks[^1].Text.Length;
        }

        return chunks;
    }

    /// <summary>Lines that stand in one row.</summary>
    internal sealed record Chunk(long FirstLine, int LineCount, string Text, bool Merged, DateTimeOffset WrittenAt)
    {
        /// <summary>Whether it has not the lines it says: then it stays as it is.</summary>
        public bool Damaged { get; } = Text.AsSpan().Count('\n') + 1 != LineCount;
    }
}
