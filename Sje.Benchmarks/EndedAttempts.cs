using System.Diagnostics.Metrics;
using Sje.Jobs.Observability;

namespace Sje.Benchmarks;

/// <summary>Counts the attempts that this process has ended, each after its commit, from the moment it is made.</summary>
internal sealed class EndedAttempts : IDisposable
{
    private readonly MeterListener listener = new();
    private long count;

    public EndedAttempts()
    {
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == MetricCatalogue.AttemptsEnded.Instrument)
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref count, value));
        listener.Start();
    }

    public long Count => Interlocked.Read(ref count);

    public void Dispose() => listener.Dispose();
}
