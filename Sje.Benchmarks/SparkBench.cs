using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Npgsql;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Planning;
using Sje.Jobs.Engines.Spark.Submit;
using Sje.Jobs.Execution;
using Sje.Testbed;

namespace Sje.Benchmarks;

/// <summary>
/// Submissions to real clusters, each kind that can be started here: what one costs beside <c>spark-submit</c>, fifty at once through the whole path,
/// and how soon what happens on the cluster is seen. The clusters have room for one driver at most: the others wait, as nothing else is asked of them.
/// </summary>
internal static class SparkBench
{
    private const string Cluster = "bench";
    private const int Burst = 50;

    // A worker compiles what it does often only after a while.
    private const int WarmUps = 60;
    private const int Singles = 40;
    private const int SparkSubmits = 3;
    private const int Ends = 20;

    private static readonly TimeProvider Clock = TimeProvider.System;
    private static readonly string[] Parts = ["submit", "burst", "visible"];

    private static readonly (string Kind, Func<Task<SparkBenchCluster>> Start)[] Kinds =
    [
        ("standalone", SparkBenchCluster.StandaloneAsync),
        ("yarn", SparkBenchCluster.YarnAsync),
        ("kubernetes", SparkBenchCluster.KubernetesAsync),
    ];

    /// <summary>Runs the measures whose name begins with one of <paramref name="only"/>, all when there is none. 1 when submissions were lost or doubled.</summary>
    public static async Task<int> RunAsync(string[] only)
    {
        var names = Kinds.SelectMany(kind => Parts.Select(part => $"{kind.Kind}.{part}")).ToList();
        bool Begins(string one, string other) =>
            one.StartsWith(other, StringComparison.Ordinal) || other.StartsWith(one, StringComparison.Ordinal);
        if (only.FirstOrDefault(o => !names.Exists(name => Begins(name, o))) is { } unknown)
        {
            await Console.Error.WriteLineAsync(
                $"There is no measure '{unknown}'. Measures: {string.Join(", ", names)}."
            );
            return 2;
        }

        var report = new BenchReport();
        var right = true;
        await using var databases = await BenchDatabases.StartAsync();
        foreach (var (kind, start) in Kinds)
        {
            var wanted = Parts.Where(part => only.Length == 0 || only.Any(o => Begins($"{kind}.{part}", o))).ToList();
            if (wanted.Count == 0)
            {
                continue;
            }

            try
            {
                await using var cluster = await start();
                if (wanted.Contains("submit"))
                {
                    await SubmitAsync(report, cluster);
                }

                if (wanted.Contains("burst") || wanted.Contains("visible"))
                {
                    right &= await BurstAsync(
                        report,
                        cluster,
                        await databases.FreshAsync(),
                        wanted.Contains("visible")
                    );
                }
            }
            catch (AbsentException e)
            {
                await Console.Error.WriteLineAsync($"{kind}: skipped, {e.Reason}");
            }
        }

        report.Write();
        return right ? 0 : 1;
    }

    /// <summary>
    /// One submission after the other, as the engine does it: planned, checked, an identity chosen, submitted; its own time is what is left of that
    /// without the time in which an answer of the cluster was due. Beside it <c>spark-submit</c> of the same application, which returns when the
    /// cluster has taken it.
    /// </summary>
    private static async Task SubmitAsync(BenchReport report, SparkBenchCluster bench)
    {
        var folder = Directory.CreateTempSubdirectory("sje-bench-").FullName;
        try
        {
            var options = Options.Create(new SparkOptions());
            options.Value.Clusters[Cluster] = bench.Profile;
            options.Value.Installations["bench"] = new() { Home = await SparkDistribution.PathAsync() };
            var planner = new SparkPlanner(options, new SparkInstallations(options));
            using var http = new SparkHttp();
            var cluster = new SparkClusters(planner, http, Clock).Find(Cluster)!; // It is no local one.
            SparkApplication Planned() =>
                planner.Plan(
                    SparkSettings.Read(Settings(bench), new TemplateScope([])),
                    new AttemptIdentity(Guid.CreateVersion7(), Guid.CreateVersion7(), "bench", "main", 1),
                    1,
                    folder
                );

            var (times, own, submitted) = (new List<double>(), new List<double>(), new List<SparkSubmission>());
            using var waits = new RequestTimes();
            var process = Process.GetCurrentProcess();
            var processor = TimeSpan.Zero;
            for (var i = 0; i < WarmUps + Singles; i++)
            {
                if (i == WarmUps)
                {
                    process.Refresh();
                    processor = -process.TotalProcessorTime;
                }

                var (began, waited) = (Clock.GetTimestamp(), waits.Total);
                var application = Planned();
                if (await cluster.CheckAsync(application, CancellationToken.None) is { } wrong)
                {
                    throw new InvalidOperationException(wrong.Message);
                }

                var chosen = new SparkSubmission(
                    application.Properties[SparkMark.Property],
                    await cluster.ChooseIdentityAsync(application, CancellationToken.None),
                    Clock.GetUtcNow()
                );
                submitted.Add(await cluster.SubmitAsync(application, chosen, CancellationToken.None));
                var took = Clock.GetElapsedTime(began);
                times.Add(took.TotalMilliseconds);
                own.Add((took - (waits.Total - waited)).TotalMilliseconds);
            }

            process.Refresh();
            processor += process.TotalProcessorTime;
            foreach (var one in submitted)
            {
                // Nothing of them is on its way any more.
                await cluster.KillAsync(one with { ChosenAt = DateTimeOffset.UnixEpoch }, CancellationToken.None);
            }

            var theirs = new List<double>();
            for (var i = 0; i < SparkSubmits; i++)
            {
                var application = bench.ForSparkSubmit(Planned());
                var began = Clock.GetTimestamp();
                await RunAsync(SparkSubmitCommand.Of(application, bench.SparkSubmitProperties, folder), bench);
                theirs.Add(Clock.GetElapsedTime(began).TotalMilliseconds);
            }

            await bench.EndAllAsync();
            times.RemoveRange(0, WarmUps);
            own.RemoveRange(0, WarmUps);
            var kind = bench.Kind;
            report.Add($"{kind}.sparkSubmit", At(theirs, 0.5), "ms");
            report.Add($"{kind}.submit.p50", At(times, 0.5), "ms", ("sparkSubmit", At(theirs, 0.5)));
            report.Add($"{kind}.submit.p99", At(times, 0.99), "ms", ("sparkSubmit", At(theirs, 0.5)));
            report.Add($"{kind}.submit.own.p50", At(own, 0.5), "ms", ("sparkSubmit", At(theirs, 0.5)));
            report.Add($"{kind}.submit.own.p99", At(own, 0.99), "ms", ("sparkSubmit", At(theirs, 0.5)));
            report.Add($"{kind}.submit.cpu", processor.TotalMilliseconds / Singles, "ms");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Fifty jobs at once over HTTP, run by one worker; then some of their applications are ended on the cluster, one by one.</summary>
    private static async Task<bool> BurstAsync(
        BenchReport report,
        SparkBenchCluster bench,
        string connectionString,
        bool visible
    )
    {
        var before = await bench.ApplicationsAsync();
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var server = SjeServer.Start(
            "all",
            connectionString,
            new Dictionary<string, string>(ProfileVariables.Of(Cluster, bench.Profile))
            {
                ["SJE_worker__slots"] = FormattableString.Invariant($"{Burst + 10}"),
            }
        );
        using var http = new HttpClient { BaseAddress = await server.ReadyAsync() };
        var body = new JsonObject
        {
            ["name"] = "bench",
            ["type"] = "spark",
            ["retry"] = new JsonObject { ["maxAttempts"] = 1 },
            ["spark"] = Settings(bench),
        }.ToJsonString();

        var began = Clock.GetTimestamp();
        var executions = await Task.WhenAll(Enumerable.Range(0, Burst).Select(_ => PostAsync(http, body)));
        await UntilAsync(
            source,
            "select count(*) filter (where submission_id is not null) >= $1 from sje.spark_applications",
            "all are submitted"
        );
        var took = Clock.GetElapsedTime(began);
        await UntilAsync(
            source,
            "select count(*) filter (where metrics ? 'submit_ms') >= $1 from sje.all_tasks",
            "all have said how long it took"
        );
        var times = await ColumnAsync<double>(
            source,
            "select (metrics ->> 'submit_ms')::float8 from sje.all_tasks where metrics ? 'submit_ms'"
        );
        var ours = await ColumnAsync<string>(
            source,
            "select submission_id from sje.spark_applications where submission_id is not null"
        );
        var there = (await bench.ApplicationsAsync()).Except(before).ToList();
        var lost = Burst - ours.Distinct().Intersect(there).Count();
        var doubled = there.Except(ours).Count();
        var kind = bench.Kind;
        report.Add($"{kind}.burst.all", took.TotalSeconds, "s");
        report.Add($"{kind}.burst.p50", At(times, 0.5), "ms");
        report.Add($"{kind}.burst.p99", At(times, 0.99), "ms");
        report.Add($"{kind}.burst.lost", lost, "");
        report.Add($"{kind}.burst.doubled", doubled, "");

        if (visible)
        {
            await VisibleAsync(report, bench, http, source);
        }

        foreach (var execution in executions)
        {
            using var cancelled = await http.DeleteAsync($"/task/{execution}");
        }

        await UntilAsync(
            source,
            "select count(*) filter (where ended_at is not null) >= $1 from sje.spark_applications",
            "all are ended"
        );
        return lost == 0 && doubled == 0;
    }

    /// <summary>From the moment in which the cluster itself says that an application has ended to the event of its execution's end.</summary>
    private static async Task VisibleAsync(
        BenchReport report,
        SparkBenchCluster bench,
        HttpClient http,
        NpgsqlDataSource source
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events?topics=executions");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        var waits = new List<double>();
        await using var find = source.CreateCommand(
            "select execution_id, submission_id from sje.spark_applications where ended_at is null order by chosen_at desc limit 1"
        );
        for (var i = 0; i < Ends; i++)
        {
            Guid execution;
            string submission;
            await using (var row = await find.ExecuteReaderAsync())
            {
                await row.ReadAsync();
                (execution, submission) = (row.GetGuid(0), row.GetString(1));
            }

            await bench.EndAsync(submission);
            var began = Clock.GetTimestamp();
            string kind,
                data;
            do
            {
                (kind, data) = await NextAsync(reader);
            } while (
                kind != "execution.failed"
                || JsonDocument.Parse(data).RootElement.GetProperty("executionId").GetGuid() != execution
            );
            waits.Add(Clock.GetElapsedTime(began).TotalMilliseconds);
        }

        report.Add($"{bench.Kind}.visible.p50", At(waits, 0.5), "ms");
        report.Add($"{bench.Kind}.visible.most", waits.Max(), "ms");
    }

    /// <summary>For how long at least one answer over HTTP was due to this process.</summary>
    private sealed class RequestTimes : IDisposable
    {
        private readonly Lock gate = new();
        private readonly MeterListener listener = new();
        private TimeSpan total;
        private long active;
        private long since;

        public RequestTimes()
        {
            listener.InstrumentPublished = (instrument, it) =>
            {
                if (instrument is { Meter.Name: "System.Net.Http", Name: "http.client.active_requests" })
                {
                    it.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((_, change, _, _) => Changed(change));
            listener.Start();
        }

        public TimeSpan Total
        {
            get
            {
                lock (gate)
                {
                    return total;
                }
            }
        }

        public void Dispose() => listener.Dispose();

        private void Changed(long change)
        {
            lock (gate)
            {
                if (active == 0)
                {
                    since = Clock.GetTimestamp();
                }

                active += change;
                if (active == 0)
                {
                    total += Clock.GetElapsedTime(since);
                }
            }
        }
    }

    private static async Task<(string Kind, string Data)> NextAsync(StreamReader reader)
    {
        var (kind, data) = ("", "");
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                kind = line["event: ".Length..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                data = line["data: ".Length..];
            }
            else if (line.Length == 0 && data.Length > 0)
            {
                return (kind, data);
            }
        }

        throw new InvalidOperationException("The stream of events has ended.");
    }

    private static JsonObject Settings(SparkBenchCluster bench)
    {
        var settings = bench.Settings.DeepClone().AsObject();
        settings["cluster"] = Cluster;
        return settings;
    }

    private static async Task<Guid> PostAsync(HttpClient http, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/task", content);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.StatusCode == HttpStatusCode.Accepted
            ? JsonDocument.Parse(text).RootElement.GetProperty("taskId").GetGuid()
            : throw new InvalidOperationException($"POST /task answered {answer.StatusCode}: {text}");
    }

    private static async Task RunAsync(TaskCommand command, SparkBenchCluster bench)
    {
        var start = new ProcessStartInfo(command.Arguments[0], command.Arguments.Skip(1))
        {
            WorkingDirectory = command.WorkingDirectory,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["SPARK_LOCAL_IP"] = "127.0.0.1";
        start.Environment.Remove("KUBECONFIG");
        foreach (var (name, value) in command.Environment.Concat(bench.SparkSubmitEnvironment))
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException("spark-submit did not start.");
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"spark-submit: {errors}{await output}");
        }
    }

    private static async Task UntilAsync(NpgsqlDataSource source, string sql, string what)
    {
        await Waits.UntilAsync(
            async () =>
            {
                await using var command = source.CreateCommand(sql);
                command.Parameters.AddWithValue(Burst);
                return await command.ExecuteScalarAsync() is true;
            },
            what,
            300
        );
    }

    private static async Task<List<T>> ColumnAsync<T>(NpgsqlDataSource source, string sql)
    {
        var values = new List<T>();
        await using var command = source.CreateCommand(sql);
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync())
        {
            values.Add(row.GetFieldValue<T>(0));
        }

        return values;
    }

    private static double At(List<double> values, double part) =>
        values.Order().ElementAt(Math.Min(values.Count - 1, (int)(values.Count * part)));
}
