using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using static Sje.Jobs.Observability.CoreMetrics;

namespace Sje.Jobs.Observability;

/// <summary>What a worker says of itself when it is asked for its figures.</summary>
public sealed class WorkerGauges(Func<WorkerFigures> worker) : IHostedService, IDisposable
{
    private readonly Meter meter = new(MeterName);

    /// <summary>Adds them to the meter.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        meter.CreateObservableGauge<long>(
            MetricCatalogue.WorkerSlots.Instrument,
            () => worker() is var now ? [Of(now.Slots, "background"), Of(now.DirectSlots, "direct")] : [],
            null,
            MetricCatalogue.WorkerSlots.Meaning
        );
        meter.CreateObservableGauge<long>(
            MetricCatalogue.WorkerRunning.Instrument,
            () => worker() is var now ? [Of(now.RunningBackground, "background"), Of(now.RunningDirect, "direct")] : [],
            null,
            MetricCatalogue.WorkerRunning.Meaning
        );
        meter.CreateObservableGauge(
            MetricCatalogue.WorkerLeaseAge.Instrument,
            () => worker().LeaseAgeSeconds,
            MetricCatalogue.WorkerLeaseAge.Unit,
            MetricCatalogue.WorkerLeaseAge.Meaning
        );
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    private static Measurement<long> Of(long value, string lane) => new(value, Label("lane", lane));
}
