using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sje.Jobs.Queueing;

namespace Sje.Jobs.Execution;

/// <summary>
/// Samples memory and processor time of all children of this worker with one look at the process table, however many there are;
/// looks only while there are any. Processes that left their session are not counted.
/// </summary>
internal sealed class ResourceSampler(TimeProvider time, ILogger<ResourceSampler> logger, WorkerUsage? usage = null)
    : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<int, ResourceWatch> watches = new();
    private readonly Lock gate = new();
    private readonly CancellationTokenSource stop = new();
    private Task loop = Task.CompletedTask;

    /// <summary>Watches a session until the watch is disposed.</summary>
    public ResourceWatch Watch(int sessionId, long memoryLimit)
    {
        var watch = new ResourceWatch(memoryLimit, () => watches.TryRemove(sessionId, out _));
        lock (gate)
        {
            watches[sessionId] = watch;
            if (loop.IsCompleted)
            {
                loop = RunAsync(stop.Token);
            }
        }

        return watch;
    }

    public void Dispose()
    {
        if (!stop.IsCancellationRequested)
        {
            stop.Cancel();
            stop.Dispose();
        }
    }

    private async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                lock (gate)
                {
                    if (watches.IsEmpty)
                    {
                        usage?.Add(0, 0);
                        loop = Task.CompletedTask;
                        return;
                    }
                }

                Look();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The worker shuts down; its children are ended by those who run them.
        }
    }

    private void Look()
    {
        try
        {
            var (seconds, bytes) = (0.0, 0L);
            foreach (var session in ProcessTable.Read().GroupBy(process => process.SessionId))
            {
                if (watches.TryGetValue(session.Key, out var watch))
                {
                    seconds -= watch.Use.CpuSeconds;
                    watch.Take([.. session]);
                    seconds += watch.Use.CpuSeconds;
                    bytes += watch.Use.MemoryBytes;
                }
            }

            usage?.Add(seconds, bytes);
        }
        catch (IOException e)
        {
            ExecutionLog.SampleFailed(logger, e);
        }
    }
}

/// <summary>What sampling has seen of one session.</summary>
internal sealed class ResourceWatch(long memoryLimit, Action onDispose) : IDisposable
{
    private readonly TaskCompletionSource exceeded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock gate = new();
    private ResourceUse use;

    /// <summary>Completes when the session was seen above its memory limit.</summary>
    public Task Exceeded => exceeded.Task;

    /// <summary>Called after each sample; may be called by several threads in turn.</summary>
    public Action<ResourceUse>? OnSample { get; set; }

    /// <summary>What was seen so far.</summary>
    public ResourceUse Use
    {
        get
        {
            lock (gate)
            {
                return use;
            }
        }
    }

    internal void Take(IReadOnlyList<ProcessEntry> processes)
    {
        var resident = processes.Sum(process => process.ResidentPages) * Environment.SystemPageSize;
        var exceeded = memoryLimit > 0 && resident > memoryLimit;
        if (exceeded)
        {
            // Resident pages that processes share are counted once for each of them. Now that it matters, the exact number.
            resident = processes.Sum(process =>
                ProcessTable.ProportionalBytes(process.Id) ?? process.ResidentPages * Environment.SystemPageSize
            );
            exceeded = resident > memoryLimit;
        }

        ResourceUse use;
        lock (gate)
        {
            use = this.use = new ResourceUse(
                resident,
                Math.Max(this.use.PeakMemoryBytes, resident),
                Math.Max(this.use.CpuSeconds, processes.Sum(process => process.CpuTicks) / ProcessEntry.TicksPerSecond)
            );
        }

        OnSample?.Invoke(use);
        if (exceeded)
        {
            this.exceeded.TrySetResult();
        }
    }

    public void Dispose() => onDispose();
}
