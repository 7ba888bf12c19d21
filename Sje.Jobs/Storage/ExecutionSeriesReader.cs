using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Sje.Jobs.Storage;

/// <summary>The 50th, 95th and 99th percentile of a length of time, in milliseconds; null where there is none.</summary>
public sealed record Percentiles(double? P50Ms, double? P95Ms, double? P99Ms);

/// <summary>
/// Executions that ended in one stretch of time: how many in which state, how long they ran and how long they had waited before. Those of one that
/// never started count for neither time.
/// </summary>
public sealed record ExecutionPoint(
    DateTimeOffset At,
    IReadOnlyDictionary<string, long> Ended,
    Percentiles Run,
    Percentiles Wait
);

/// <summary>
/// Reads throughput and times of executions over time, worked out in the database: one count along an index, and percentiles of up to
/// <see cref="MostMeasured"/> executions, spread evenly over all that ended.
/// </summary>
public sealed class ExecutionSeriesReader(IDbContextFactory<SjeContext> contexts)
{
    /// <summary>How many executions the percentiles are made of at most; of more every nth is taken.</summary>
    public const int MostMeasured = 50_000;

    /// <summary>The stretches from <paramref name="from"/> on, each of a length, those in which nothing ended too.</summary>
    public async Task<IReadOnlyList<ExecutionPoint>> ReadAsync(
        ExecutionFilter filter,
        DateTimeOffset from,
        TimeSpan step,
        int points,
        CancellationToken stop
    )
    {
        ArgumentNullException.ThrowIfNull(filter);
        var where = new ExecutionCondition(filter);
        var start = where.Add(from.ToUniversalTime(), NpgsqlDbType.TimestampTz);
        var length = where.Add(step.TotalSeconds, NpgsqlDbType.Double);
        var end = where.Add((from + step * points).ToUniversalTime(), NpgsqlDbType.TimestampTz);
        var within = $"{where} and e.finished_at >= {start} and e.finished_at < {end}";
        var bucket = $"floor(extract(epoch from e.finished_at - {start}) / {length})::int";
        var counts = new Dictionary<int, Dictionary<string, long>>();
        var times = new Dictionary<int, (Percentiles Run, Percentiles Wait)>();
        await using var db = await contexts.CreateDbContextAsync(stop);
        await db.Database.OpenConnectionAsync(stop);
        var connection = (NpgsqlConnection)db.Database.GetDbConnection();
        var total = 0L;
        await using (
            var count = new NpgsqlCommand(
                $"select {bucket}, e.ended_as, count(*) from sje.executions e where {within} group by 1, 2",
                connection
            )
        )
        {
            count.Parameters.AddRange(where.Parameters);
            await using var row = await count.ExecuteReaderAsync(stop);
            while (await row.ReadAsync(stop))
            {
                if (!counts.TryGetValue(row.GetInt32(0), out var ended))
                {
                    counts[row.GetInt32(0)] = ended = [];
                }

                ended[row.GetString(1)] = row.GetInt64(2);
                total += row.GetInt64(2);
            }
        }

        var every = (int)Math.Clamp((total + MostMeasured - 1) / MostMeasured, 1, int.MaxValue);
        await using (
            var measure = new NpgsqlCommand(
                $"""
                select bucket, percentile_cont(array[0.5, 0.95, 0.99]) within group (order by ran),
                    percentile_cont(array[0.5, 0.95, 0.99]) within group (order by waited)
                from (
                    select {bucket} as bucket, extract(epoch from e.finished_at - e.started_at)::float8 * 1000 as ran,
                        extract(epoch from e.started_at - e.accepted_at)::float8 * 1000 as waited
                    from sje.executions e
                    where {within} and e.started_at is not null and mod(abs(hashtextextended(e.id::text, 0)), {every}) = 0) x
                group by bucket
                """,
                connection
            )
        )
        {
            measure.Parameters.AddRange(where.Parameters);
            await using var row = await measure.ExecuteReaderAsync(stop);
            while (await row.ReadAsync(stop))
            {
                times[row.GetInt32(0)] = (Of(row.GetFieldValue<double?[]>(1)), Of(row.GetFieldValue<double?[]>(2)));
            }
        }

        var none = new Percentiles(null, null, null);
        return
        [
            .. Enumerable
                .Range(0, points)
                .Select(i =>
                {
                    var (run, wait) = times.GetValueOrDefault(i, (none, none));
                    return new ExecutionPoint(from + step * i, counts.GetValueOrDefault(i) ?? [], run, wait);
                }),
        ];
    }

    private static Percentiles Of(double?[] values) => new(Rounded(values[0]), Rounded(values[1]), Rounded(values[2]));

    private static double? Rounded(double? milliseconds) => milliseconds is { } ms ? Math.Round(ms, 1) : null;
}
