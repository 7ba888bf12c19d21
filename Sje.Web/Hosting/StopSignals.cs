using System.Runtime.InteropServices;

namespace Sje.Web.Hosting;

/// <summary>
/// Ctrl-C and SIGTERM as a token. The first asks to stop, and drains; a second Ctrl-C, a moment later, ends the process at once, for
/// the person who cannot wait.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    // Wrappers pass on a signal that the terminal has sent to the whole group already, so one Ctrl-C may come twice.
    private static readonly TimeSpan OnePress = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource source;
    private readonly PosixSignalRegistration[] registrations;
    private long firstAt;

    public StopSignals(CancellationToken outer)
    {
        source = CancellationTokenSource.CreateLinkedTokenSource(outer);
        registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
            // A closed terminal is a stop like any other.
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, Handle),
        ];
    }

    /// <summary>Fires at the first signal.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>Stops as a signal would.</summary>
    public void Stop() => source.Cancel();

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }

        source.Dispose();
    }

    private void Handle(PosixSignalContext signal)
    {
        var now = TimeProvider.System.GetTimestamp();
        var first = Interlocked.CompareExchange(ref firstAt, now, 0);

        // Left alone, a second Ctrl-C kills: the work is then taken over like after any crash.
        signal.Cancel =
            signal.Signal != PosixSignal.SIGINT
            || first == 0
            || TimeProvider.System.GetElapsedTime(first, now) < OnePress;
        source.Cancel();
    }
}
