namespace Sje.Testbed;

/// <summary>Waits for what must become true, by looking.</summary>
internal static class Waits
{
    private static readonly TimeProvider Clock = TimeProvider.System;

    /// <summary>Looks until it is so.</summary>
    /// <exception cref="TimeoutException">It has not become so within <paramref name="seconds"/>.</exception>
    public static async Task UntilAsync(Func<Task<bool>> look, string what, double seconds)
    {
        var began = Clock.GetTimestamp();
        while (!await look())
        {
            if (Clock.GetElapsedTime(began).TotalSeconds > seconds)
            {
                throw new TimeoutException($"Not within {seconds} s: {what}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), Clock);
        }
    }
}
