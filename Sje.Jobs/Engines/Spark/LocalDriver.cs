using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Submit;
using Sje.Jobs.Execution;

namespace Sje.Jobs.Engines.Spark;

/// <summary>Runs a driver as a guarded child of the worker: on <c>local[...]</c>, and in client mode.</summary>
internal sealed partial class LocalDriver(TaskProcess processes, TimeProvider clock)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private static readonly Dictionary<string, string> Own = new(StringComparer.Ordinal)
    {
        // From 4040 upwards Spark tries sixteen ports, and there may be more drivers here.
        ["spark.ui.port"] = "0",
    };

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="FormatException">There is no Spark on this worker.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> fired and everything is gone.</exception>
    public async Task<EngineResult> RunAsync(
        SparkApplication application,
        EngineContext context,
        SparkInsight insight,
        CancellationToken stop
    )
    {
        var directory = Directory.CreateDirectory(Path.Combine(context.WorkingDirectory, "driver")).FullName;
        var more = Own.Where(property => !application.Properties.ContainsKey(property.Key))
            .ToDictionary(property => property.Key, property => property.Value, StringComparer.Ordinal);
        var command = SparkSubmitCommand.Of(application, more, directory);
        var watch = new DriverReporter(context.Reporter);
        var running = processes.RunAsync(command, context with { Reporter = watch }, stop);
        while (await Task.WhenAny(running, Task.Delay(Look, clock, CancellationToken.None)) != running)
        {
            await insight.LookAsync(watch.Ui, watch.ApplicationId, CancellationToken.None);
        }

        var result = await running;
        var outcome = await insight.ConcludeAsync(watch.ApplicationId, stop);
        var outputs = result.Outputs.DeepClone().AsObject();
        outputs.TryAdd("applicationId", watch.ApplicationId);
        outputs.TryAdd("cluster", application.ClusterName);
        return new EngineResult
        {
            Error = result.Error,
            Outputs = outputs,
            Parts = SparkInsight.Parts(outcome),
        };
    }

    /// <summary>Passes on what the driver says, and learns from it where its pages are.</summary>
    private sealed partial class DriverReporter(ITaskReporter inner) : ITaskReporter
    {
        public string? ApplicationId { get; private set; }

        public Uri? Ui { get; private set; }

        public void Log(LogStream stream, string line)
        {
            if (stream != LogStream.System)
            {
                Learn(line);
            }

            inner.Log(stream, line);
        }

        public void Progress(double fraction, string? message) => inner.Progress(fraction, message);

        public void Metric(string name, double value) => inner.Metric(name, value);

        public void Checkpoint(JsonNode checkpoint) => inner.Checkpoint(checkpoint);

        private void Learn(string line)
        {
            if (Ui is null && UiPort().Match(line) is { Success: true } port)
            {
                Ui = new UriBuilder(
                    "http",
                    Environment.GetEnvironmentVariable("SPARK_LOCAL_IP") ?? "127.0.0.1",
                    int.Parse(port.Groups[1].Value, CultureInfo.InvariantCulture)
                ).Uri;
            }
            else if (ApplicationId is null && Application().Match(line) is { Success: true } application)
            {
                ApplicationId = application.Groups[1].Value;
            }
        }

        [GeneratedRegex("service 'SparkUI' on port ([0-9]+)", RegexOptions.CultureInvariant)]
        private static partial Regex UiPort();

        // Connected to Spark cluster with app ID app-...; on local[...] only the event log's name says it: .../eventlog_v2_local-...
        [GeneratedRegex(
            @"(?<![A-Za-z0-9])((?:app|local|application)[-_][0-9]{10,}[-_0-9]*)",
            RegexOptions.CultureInvariant
        )]
        private static partial Regex Application();
    }
}
