namespace Sje.Jobs.Queueing;

/// <summary>What this process and the children of its tasks use: told by whoever samples the children, read by the heartbeat.</summary>
internal sealed class WorkerUsage
{
    private readonly Lock gate = new();
    private double childSeconds;
    private long childBytes;
    private double seenSeconds = OwnSeconds;
    private double seenAt = BootClock.Now;

    private static double OwnSeconds => Environment.CpuUsage.TotalTime.TotalSeconds;

    /// <summary>Children have used so much processor time more, and hold so much memory now.</summary>
    public void Add(double seconds, long bytes)
    {
        lock (gate)
        {
            childSeconds += seconds;
            childBytes = bytes;
        }
    }

    /// <summary>Cores in use since the last call, and memory in use now.</summary>
    public (double Cores, long Bytes) Take()
    {
        lock (gate)
        {
            var (now, seconds) = (BootClock.Now, OwnSeconds + childSeconds);
            var cores = now > seenAt ? Math.Max(0, seconds - seenSeconds) / (now - seenAt) : 0;
            (seenAt, seenSeconds) = (now, seconds);
            return (cores, Environment.WorkingSet + childBytes);
        }
    }
}
