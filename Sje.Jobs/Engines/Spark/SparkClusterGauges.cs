using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Sje.Core.Jobs;
using Sje.Jobs.Observability;
using static Sje.Jobs.Observability.CoreMetrics;

namespace Sje.Jobs.Engines.Spark;

/// <summary>What a server says of the Spark clusters when it is asked for its figures: their last answers. A figure that a cluster does not tell is left out.</summary>
internal sealed class SparkClusterGauges(SparkClusterWatch watch) : IHostedService, IDisposable
{
    private readonly Meter meter = new(MeterName);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        Add(MetricCatalogue.SparkUtilization, report => report.Utilization);
        Add(MetricCatalogue.SparkUtilizationRatio, report => report.Utilization);
        meter.CreateObservableGauge<double>(
            MetricCatalogue.SparkClusterUp.Instrument,
            () =>
                watch.Reports.Select(one => new Measurement<double>(
                    one.Report.Up ? 1 : 0,
                    Label("cluster", one.Name),
                    Label("kind", one.Kind?.ToSnake() ?? "unknown")
                )),
            null,
            MetricCatalogue.SparkClusterUp.Meaning
        );
        Add(MetricCatalogue.SparkClusterCores, report => report.TotalCores);
        Add(MetricCatalogue.SparkClusterCoresUsed, report => report.UsedCores);
        Add(MetricCatalogue.SparkClusterMemory, report => report.TotalMemoryBytes);
        Add(MetricCatalogue.SparkClusterMemoryUsed, report => report.UsedMemoryBytes);
        Add(MetricCatalogue.SparkClusterNodes, report => report.Nodes);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => meter.Dispose();

    // Of a cluster that does not answer nothing but that is known.
    private void Add(MetricInfo info, Func<SparkClusterReport, double?> figure) =>
        meter.CreateObservableGauge<double>(
            info.Instrument,
            () =>
                watch
                    .Reports.Where(one => one.Report.Up)
                    .Select(one => (one.Name, Value: figure(one.Report)))
                    .Where(one => one.Value is not null)
                    .Select(one => new Measurement<double>(one.Value!.Value, Label("cluster", one.Name))), // Filtered just before.
            info.Unit,
            info.Meaning
        );
}
