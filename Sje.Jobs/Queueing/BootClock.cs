using System.Globalization;

namespace Sje.Jobs.Queueing;

/// <summary>
/// Seconds since the machine started, from <c>/proc/uptime</c> (proc(5)): the one clock that a worker and the guards of its children
/// share, that no one sets, and that goes on while the process is stopped.
/// </summary>
internal static class BootClock
{
    /// <summary>The present second, to a hundredth.</summary>
    public static double Now()
    {
        var text = File.ReadAllText("/proc/uptime");
        return double.Parse(text.AsSpan(0, text.IndexOf(' ', StringComparison.Ordinal)), CultureInfo.InvariantCulture);
    }
}
