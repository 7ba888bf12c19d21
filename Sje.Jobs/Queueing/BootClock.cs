using System.Globalization;

namespace Sje.Jobs.Queueing;

/// <summary>
/// The clock of leases on this machine: seconds since boot as in <c>/proc/uptime</c>. It never jumps, goes on while the machine
/// is suspended, and reads the same in every process, the guards in bash among them. Resolution: 10 ms.
/// </summary>
public static class BootClock
{
    /// <summary>Seconds since boot.</summary>
    public static double Now
    {
        get
        {
            var text = File.ReadAllText("/proc/uptime");
            return double.Parse(text.AsSpan(0, text.IndexOf(' ')), CultureInfo.InvariantCulture);
        }
    }
}
