using System.Diagnostics;

namespace Sje.Tests.Support;

/// <summary>Waits for what must become true, by looking.</summary>
internal static class Eventually
{
    public static async Task<T> GetAsync<T>(Func<Task<T>> look, Func<T, bool> good, string what, double seconds = 20)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var value = await look();
            if (good(value))
            {
                return value;
            }

            if (clock.Elapsed.TotalSeconds > seconds)
            {
                Assert.Fail($"Not within {seconds} s: {what}; last seen: {value}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System);
        }
    }

    public static Task TrueAsync(Func<Task<bool>> look, string what, double seconds = 20) =>
        GetAsync(look, good => good, what, seconds);
}
