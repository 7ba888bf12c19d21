using System.Text;
using System.Text.Json;

namespace Sje.Jobs.Execution;

/// <summary>
/// Watches <c>$SJE_CHECKPOINT_OUT</c>, where a task renames its checkpoint to. Rename makes it whole or absent, so a look at
/// the file's time and size tells whether it is another one.
/// </summary>
internal sealed class CheckpointWatch(string path, Action<System.Text.Json.Nodes.JsonNode> onCheckpoint, AttemptLog log)
{
    public const int MaxBytes = 1024 * 1024;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly Lock gate = new();
    private (DateTime WrittenAt, long Size)? seen;

    /// <summary>Looks every 500 ms until <paramref name="stop"/>.</summary>
    public async Task RunAsync(TimeProvider time, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                Look();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The task has ended.
        }
    }

    /// <summary>Reports the checkpoint if it is a new one.</summary>
    public void Look()
    {
        lock (gate)
        {
            var file = new FileInfo(path);
            if (!file.Exists || seen == (file.LastWriteTimeUtc, file.Length))
            {
                return;
            }

            seen = (file.LastWriteTimeUtc, file.Length);
            if (BoundedFile.Read(path, MaxBytes, out var tooLarge) is not { } bytes)
            {
                if (tooLarge)
                {
                    log.WriteSystem($"A checkpoint was left out: it is larger than {Sizes.Text(MaxBytes)}.");
                }

                return;
            }

            try
            {
                if (TaskJson.Parse(Encoding.UTF8.GetString(bytes)) is { } checkpoint)
                {
                    onCheckpoint(checkpoint);
                }
                else
                {
                    log.WriteSystem("A checkpoint was left out: null is none.");
                }
            }
            catch (JsonException e)
            {
                log.WriteSystem(
                    $"A checkpoint was left out, since it is not JSON: {e.Message} Write another file and rename it into place."
                );
            }
        }
    }
}
