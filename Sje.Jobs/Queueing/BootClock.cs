using System.Globalization;
using System.Runtime.InteropServices;

namespace Sje.Jobs.Queueing;

/// <summary>
/// The clock of leases on this machine: seconds since boot as in <c>/proc/uptime</c>. It never jumps, goes on while the machine
/// is suspended, and reads the same in every process, the guards in bash among them. Resolution: 10 ms.
/// </summary>
public static class BootClock
{
    private const int BootTime = 7;

    // The kernel is asked itself: the file takes 50 us to read, and libc's function may have been replaced to tell another time.
    private static readonly int Call = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 228,
        Architecture.Arm64 => 113,
        _ => 0,
    };

    // Some containers show their own uptime in the file, which is what the guards read.
    private static readonly double Shift = Call == 0 ? 0 : FindShift();

    /// <summary>Seconds since boot.</summary>
    public static double Now => Call == 0 ? Read() : Ask() + Shift;

    private static double FindShift()
    {
        var shift = Read() - Ask();
        return Math.Abs(shift) < 0.1 ? 0 : shift;
    }

    private static double Read()
    {
        var text = File.ReadAllText("/proc/uptime");
        return double.Parse(text.AsSpan(0, text.IndexOf(' ')), CultureInfo.InvariantCulture);
    }

    private static double Ask()
    {
        var time = default(TimeSpec);
        return syscall(Call, BootTime, ref time) == 0
            ? time.Seconds + (time.Nanoseconds / 1e9)
            : throw new InvalidOperationException("The kernel does not tell the time since boot.");
    }

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern long syscall(long number, long clock, ref TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
