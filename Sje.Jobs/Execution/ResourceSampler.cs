using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Sje.Jobs.Execution;

/// <summary>
/// Samples memory and processor time of all children of this worker with one look at the process table, however many there are;
/// looks only while there are any. Processes that left their session are not counted.
/// </summary>
internal sealed class ResourceSampler(TimeProvider time, ILogger<ResourceSampler> logger) : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<int, ResourceWatch> _watches = new();
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    /// <summary>Watches a session until the watch is disposed.</summary>
    public ResourceWatch Watch(int sessionId, long memoryLimit)
    {
        var watch = new ResourceWatch(memoryLimit, () => _watches.TryRemove(sessionId, out _));
        lock (_lock)
        {
            _watches[sessionId] = watch;
            if (_loop.IsCompleted)
            {
                _loop = RunAsync(_stop.Token);
            }
        }

        return watch;
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                lock (_lock)
                {
                    if (_watches.IsEmpty)
                    {
                        _loop = Task.CompletedTask;
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
            foreach (var session in ProcessTable.Read().GroupBy(process => process.SessionId))
            {
                if (_watches.TryGetValue(session.Key, out var watch))
                {
                    watch.Take([.. session]);
                }
            }
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
    private readonly TaskCompletionSource _exceeded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private ResourceUse _use;

    /// <summary>Completes when the session was seen above its memory limit.</summary>
    public Task Exceeded => _exceeded.Task;

    /// <summary>Called after each sample; may be called by several threads in turn.</summary>
    public Action<ResourceUse>? OnSample { get; set; }

    /// <summary>What was seen so far.</summary>
    public ResourceUse Use
    {
        get
        {
            lock (_lock)
            {
                return _use;
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
                ProcessTable.ProportionalBytes(process.Id) ?? process.ResidentPages * Environment.SystemPageSize);
            exceeded = resident > memoryLimit;
        }

        ResourceUse use;
        lock (_lock)
        {
            use = _use = new ResourceUse(
                resident,
                Math.Max(_use.PeakMemoryBytes, resident),
                Math.Max(_use.CpuSeconds, processes.Sum(process => process.CpuTicks) / ProcessEntry.TicksPerSecond));
        }

        OnSample?.Invoke(use);
        if (exceeded)
        {
            _exceeded.TrySetResult();
        }
    }

    public void Dispose() => onDispose();
}
