using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Npgsql;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Store;
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

    /// <summary>Runs it to its end. What is stored of it is for those who look at its pages.</summary>
    /// <exception cref="FormatException">There is no Spark on this worker.</exception>
    /// <exception cref="AttemptGoneException">The attempt belongs to this worker no longer.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> fired and everything is gone.</exception>
    public async Task<EngineResult> RunAsync(
        SparkApplication application,
        ISparkStore store,
        EngineContext context,
        SparkInsight insight,
        CancellationToken stop
    )
    {
        var directory = Directory.CreateDirectory(Path.Combine(context.WorkingDirectory, "driver")).FullName;
        var more = Own.Where(property => !application.Properties.ContainsKey(property.Key))
            .ToDictionary(property => property.Key, property => property.Value, StringComparer.Ordinal);
        var command = SparkSubmitCommand.Of(application, more, directory);
        var stored = await store.ChooseAsync(
            context.Identity,
            application,
            application.Properties[SparkMark.Property],
            stop
        );
        var watch = new DriverReporter(context.Reporter);
        var running = processes.RunAsync(command, context with { Reporter = watch }, stop);
        SparkStatus? noted = null;
        while (await Task.WhenAny(running, Task.Delay(Look, clock, CancellationToken.None)) != running)
        {
            var status = new SparkStatus(SparkState.Running)
            {
                ApplicationId = watch.ApplicationId ?? insight.ApplicationId,
                DriverUi = watch.Ui,
            };
            if (status != noted && await TryAsync(() => store.NoteAsync(stored, status, CancellationToken.None)))
            {
                noted = status;
            }

            await insight.LookAsync(watch.Ui, watch.ApplicationId, CancellationToken.None);
        }

        TaskProcessResult result;
        try
        {
            result = await running;
        }
        catch (OperationCanceledException)
        {
            await CloseAsync(SparkState.Killed, new SparkOutcome());
            throw;
        }

        var outcome = await insight.ConcludeAsync(watch.ApplicationId ?? insight.ApplicationId, stop);
        await CloseAsync(result.Error is null ? SparkState.Succeeded : SparkState.Failed, outcome);
        var outputs = result.Outputs.DeepClone().AsObject();
        outputs.TryAdd("applicationId", watch.ApplicationId ?? insight.ApplicationId);
        outputs.TryAdd("cluster", application.ClusterName);
        return new EngineResult
        {
            Error = result.Error,
            Outputs = outputs,
            Parts = SparkInsight.Parts(outcome),
        };

        async Task CloseAsync(SparkState state, SparkOutcome outcome)
        {
            // What it said last is known even if it ended before anybody looked.
            var last = new SparkStatus(SparkState.Running)
            {
                ApplicationId = watch.ApplicationId ?? insight.ApplicationId,
            };
            await TryAsync(() => store.NoteAsync(stored, last, CancellationToken.None));
            await TryAsync(() => store.EndAsync(stored, state, outcome, CancellationToken.None));
        }
    }

    // The driver runs, or has run, whether or not that can be written down.
    private static async Task<bool> TryAsync(Func<Task> write)
    {
        try
        {
            await write();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
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

        // Connected to Spark cluster with app ID app-..., and local-... where an executor is started on the driver's host.
        // In local mode Spark 4 says it only in the name of the event log: eventlog_v2_local-...
        [GeneratedRegex(
            @"(?<![A-Za-z0-9])((?:app|local|application)[-_][0-9]{10,}[-_0-9]*)",
            RegexOptions.CultureInvariant
        )]
        private static partial Regex Application();
    }
}
