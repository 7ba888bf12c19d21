using System.Runtime.InteropServices;

namespace Sje.Web.Hosting;

/// <summary>
/// Ctrl-C and SIGTERM as a token. The first asks to stop, and drains; a second Ctrl-C ends the process at once, for the person who
/// cannot wait.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignals(CancellationToken outer)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(outer);
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
            // A closed terminal is a stop like any other.
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, Handle),
        ];
    }

    /// <summary>Fires at the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Stops as a signal would.</summary>
    public void Stop() => _source.Cancel();

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void Handle(PosixSignalContext signal)
    {
        // Left alone, a second Ctrl-C kills: the work is then taken over like after any crash.
        signal.Cancel = signal.Signal != PosixSignal.SIGINT || !_source.IsCancellationRequested;
        _source.Cancel();
    }
}
