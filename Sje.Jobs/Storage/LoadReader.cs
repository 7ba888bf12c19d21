namespace Sje.Jobs.Storage;

/// <summary>What there is to do now, and who does it. Waiting: queued or waiting for a retry; blocked tasks wait for others and are apart.</summary>
public sealed record Load(long Waiting, long Running, long Blocked, long DeadLetters, long Workers);

/// <summary>Counts for a first look, over all tenants. An answer serves everybody who asks within a second.</summary>
public sealed class LoadReader(Database database, TimeProvider clock)
{
    private const string Count = """
        select count(*) filter (where state in ('queued', 'waiting_retry')), count(*) filter (where state = 'running'),
            count(*) filter (where state = 'blocked'),
            (select count(*) from sje.finished_tasks where state in ('failed', 'timed_out') and dismissed_at is null),
            (select count(*) from sje.workers where state in ('active', 'draining') and lease_until > now())
        from sje.tasks
        """;

    private static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private long readAt;
    private Load? last;

    /// <summary>The counts of now, or of less than a second ago.</summary>
    public Load Read()
    {
        lock (gate)
        {
            if (last is not null && clock.GetElapsedTime(readAt) < GoodFor)
            {
                return last;
            }

            using var command = database.Main.CreateCommand(Count);
            using var row = command.ExecuteReader();
            row.Read();
            last = new Load(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4));
            readAt = clock.GetTimestamp();
            return last;
        }
    }
}
