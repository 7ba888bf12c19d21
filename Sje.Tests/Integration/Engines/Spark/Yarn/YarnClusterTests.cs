using System.Diagnostics;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Yarn;
using Sje.Tests.Chaos;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Integration.Engines.Spark.Yarn;

[Collection(Alone.Name)]
public sealed class YarnClusterTests(YarnNodes yarn) : IClassFixture<YarnNodes>
{
    private const double Patience = 240;

    private const string PythonPi = """
        import json, os, random, sys
        from pyspark.sql import SparkSession
        import tools

        spark = SparkSession.builder.appName("ignored").getOrCreate()
        print("ARGS " + json.dumps(sys.argv[1:]))
        print("DRIVER " + json.dumps([os.environ["NOTE"], os.environ["QUOTED"]]))

        def throw(n):
            # The file, the module and the variable are on the executor.
            with open("limits.txt") as limits:
                per_part = int(limits.read())
            random.seed(n)
            inside = sum(1 for _ in range(per_part) if random.random() ** 2 + random.random() ** 2 <= 1)
            print("EXECUTOR " + os.environ["NOTE"])
            return tools.double(inside)

        parts = int(sys.argv[1])
        inside = spark.sparkContext.parallelize(range(parts), parts).map(throw).sum()
        print("PI %.2f" % (4.0 * inside / 2 / (parts * 20000)))
        print("TASK " + spark.sparkContext.getConf().get("spark.sje.task"))
        spark.stop()
        """;

    private const string JavaPi = """
        import java.util.ArrayList;
        import java.util.List;
        import java.util.Random;
        import org.apache.spark.SparkConf;
        import org.apache.spark.api.java.JavaSparkContext;

        public class Pi {
            static final class Throws implements org.apache.spark.api.java.function.Function<Integer, Integer> {
                public Integer call(Integer n) {
                    Random random = new Random(n);
                    int inside = 0;
                    for (int i = 0; i < 20000; i++) {
                        double x = random.nextDouble(), y = random.nextDouble();
                        if (x * x + y * y <= 1) inside++;
                    }
                    return inside;
                }
            }

            public static void main(String[] args) throws Exception {
                JavaSparkContext spark = new JavaSparkContext(new SparkConf());
                if (args.length > 0 && args[0].equals("fail")) throw new IllegalStateException("asked to: " + args[1]);
                List<Integer> parts = new ArrayList<>();
                for (int i = 0; i < 4; i++) parts.add(i);
                long inside = spark.parallelize(parts, 4).map(new Throws()).reduce(Integer::sum);
                System.out.printf(java.util.Locale.ROOT, "PI %.2f%n", 4.0 * inside / 80000);
                if (args.length > 0 && args[0].equals("wait")) Thread.sleep(Long.parseLong(args[1]));
                spark.stop();
            }
        }
        """;

    private readonly YarnCluster cluster = new(yarn.Profile, yarn.Http, TimeProvider.System);

    [Fact]
    public async Task Python_and_java_run_to_their_end_and_failures_say_why()
    {
        var python = Python();
        var jar = await JarAsync();
        var java = Application("java-pi", jar) with { MainClass = "Pi" };
        var fails = java with { Name = "java-fails", Arguments = ["fail", "it's $HOME"], Attempt = NewAttempt() };
        var exits = Application(
            "python-exits",
            Write("exits.py", "import sys\nprint('before')\nraise ValueError('no such column')\n")
        ) with
        {
            IsPython = true,
            MainClass = null,
        };
        Assert.Null(await cluster.CheckAsync(python, CancellationToken.None));
        Assert.Null(await cluster.CheckAsync(java, CancellationToken.None));

        // One after the other, and again where this cluster, which gives a driver half a minute to come up, gave one up on a busy machine.
        var runs = new List<(SparkStatus Status, IReadOnlyList<SparkLogLine> Lines)>();
        foreach (var one in new[] { python, java, fails, exits })
        {
            var run = await EndAsync(one, await SubmitAsync(one));
            for (var again = 0; again < 3 && run.Status.State == SparkState.Lost; again++)
            {
                run = await EndAsync(one, await SubmitAsync(one));
            }

            runs.Add(run);
        }

        var (status, lines) = runs[0];
        Assert.True(status.State == SparkState.Succeeded, status.Error + Tail(lines));
        Assert.Equal("ARGS " + JsonArray(python.Arguments), Line(lines, "driver", "ARGS"));
        Assert.Equal(
            "DRIVER [\"über\", \"plain\"]",
            Line(lines, "driver", "DRIVER").Replace("\\u00fc", "ü", StringComparison.Ordinal)
        );
        Assert.StartsWith("PI 3.1", Line(lines, "driver", "PI"), StringComparison.Ordinal);
        Assert.Equal("TASK " + python.Properties[SparkMark.Property], Line(lines, "driver", "TASK"));
        Assert.Equal("EXECUTOR über", Line(lines, "executor 1", "EXECUTOR"));
        Assert.Contains(lines, line => line is { Source: "executor 1", Stream: LogStream.Stderr });
        Assert.DoesNotContain(
            lines,
            line =>
                line.Text.StartsWith("End of LogType", StringComparison.Ordinal)
                || line.Text.StartsWith("LogContents", StringComparison.Ordinal)
        );

        (status, lines) = runs[1];
        Assert.True(status.State == SparkState.Succeeded, status.Error + Tail(lines));
        Assert.StartsWith("PI 3.1", Line(lines, "driver", "PI"), StringComparison.Ordinal);

        (status, lines) = runs[2];
        Assert.Equal(SparkState.Failed, status.State);
        Assert.Equal("error", status.Error?.Class);
        Assert.Equal("java.lang.IllegalStateException", status.Error?.Exception);
        Assert.Contains("asked to: it's $HOME", status.Error?.Message, StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Text.Contains("IllegalStateException", StringComparison.Ordinal));

        (status, lines) = runs[3];
        Assert.Equal(SparkState.Failed, status.State);
        Assert.Equal(("exit_code", 1), (status.Error?.Class, status.Error?.ExitCode));
        Assert.Contains(
            lines,
            line =>
                line.Source == "driver" && line.Text.Contains("ValueError: no such column", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_kill_leaves_no_process_and_an_id_that_nobody_can_use_again()
    {
        var application = await WaitingAsync();
        var submission = await SubmitAsync(application);
        var running = await RunningAsync(submission);
        Assert.NotEmpty(yarn.ProcessesOf(submission.Identity));

        // The driver's own REST is reached through the ResourceManager.
        using (var answer = await yarn.Http.GetAsync(new Uri(running.DriverUi + "/api/v1/applications")))
        {
            Assert.Contains(submission.Identity, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        await cluster.KillAsync(submission, CancellationToken.None);

        Assert.Empty(yarn.ProcessesOf(submission.Identity));
        Assert.Equal(SparkState.Killed, (await cluster.FindAsync(submission, CancellationToken.None))?.State);
        await cluster.KillAsync(submission, CancellationToken.None);

        // Cancelled after its id was stored, before it was submitted; a worker that was held up submits it all the same.
        var late = await ChooseAsync(application with { Attempt = NewAttempt() });
        Assert.Null(await cluster.FindAsync(late, CancellationToken.None));
        await cluster.KillAsync(late, CancellationToken.None);
        await cluster.SubmitAsync(application, late, CancellationToken.None);
        Assert.Equal(SparkState.Failed, (await cluster.FindAsync(late, CancellationToken.None))?.State);
        Assert.Empty(yarn.ProcessesOf(late.Identity));
    }

    [Fact]
    public async Task A_resource_manager_that_dies_costs_no_application_and_makes_none_twice()
    {
        var application = await WaitingAsync();
        var chosen = await ChooseAsync(application);

        await yarn.KillResourceManagerAsync();
        await Assert.ThrowsAsync<SparkClusterUnavailableException>(() =>
            cluster.FindAsync(chosen, CancellationToken.None)
        );
        var up = yarn.UpAsync();
        await ThroughAsync(() => cluster.SubmitAsync(application, chosen, CancellationToken.None));
        await up;
        // The worker died before it had heard the answer, and another one does it again.
        await cluster.SubmitAsync(application, chosen, CancellationToken.None);
        await RunningAsync(chosen);

        await yarn.KillResourceManagerAsync();
        up = yarn.UpAsync();
        await ThroughAsync(() => cluster.SubmitAsync(application, chosen, CancellationToken.None));
        await up;
        var found = await RunningAsync(chosen);

        Assert.Equal(chosen.Identity, found.ApplicationId);
        var tagged = await yarn.TaggedAsync(YarnSubmission.TagOf(chosen.Mark));
        Assert.Equal([chosen.Identity], tagged.Select(app => app.Id));
        await cluster.KillAsync(chosen, CancellationToken.None);
        Assert.Empty(yarn.ProcessesOf(chosen.Identity));
    }

    [Fact]
    public async Task A_queue_that_is_not_there_is_said_before_and_a_full_cluster_while_it_waits()
    {
        var application = await WaitingAsync();
        var error = await cluster.CheckAsync(application with { Queue = "nope" }, CancellationToken.None);
        Assert.Equal("invalid", error?.Class);
        Assert.Contains("root.default, root.etl", error?.Message, StringComparison.Ordinal);
        var health = await cluster.HealthAsync(CancellationToken.None);
        Assert.Equal((true, 2, 8.0), (health.Up, health.Nodes, health.TotalCores));

        // Three drivers that take a node each: the last one has to wait.
        var large = application with
        {
            Properties = new Dictionary<string, string>(application.Properties)
            {
                ["spark.driver.memory"] = "512m",
                ["spark.driver.memoryOverhead"] = "3g",
            },
        };
        var submissions = new List<SparkSubmission>();
        for (var i = 0; i < 3; i++)
        {
            submissions.Add(await SubmitAsync(large with { Attempt = NewAttempt() }));
        }

        var cause = await Eventually.GetAsync(
            async () => (await cluster.FindAsync(submissions[2], CancellationToken.None))?.PendingCause,
            cause => cause?.Contains("queue root.default", StringComparison.Ordinal) == true,
            "the last one says why it waits",
            60
        );
        Assert.Matches("has no room for its driver now|already has as many drivers", cause!);
        foreach (var submission in submissions)
        {
            await cluster.KillAsync(submission, CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_submission_costs_few_calls()
    {
        // No driver starts for these: the queue of that name is not there, which YARN notices after it has taken them.
        var application = (await WaitingAsync()) with
        {
            Queue = "nowhere",
        };
        var profile = yarn.Profile;
        var client = new ResourceManagerClient(
            [new Uri(yarn.ResourceManager)],
            YarnSubmission.UserOf(profile),
            yarn.Http,
            TimeProvider.System
        );
        var (times, stored) = (new List<double>(), new List<double>());
        for (var i = 0; i < 23; i++)
        {
            var one = Marked(application with { Attempt = NewAttempt() });
            var clock = Stopwatch.StartNew();
            var id = (await client.NewApplicationAsync(CancellationToken.None)).Id;
            var body = YarnSubmission.Body(one, id, HadoopConfiguration.Read(profile.HadoopConfDir));
            Assert.Null(await client.SubmitAsync(id, body, CancellationToken.None));
            times.Add(clock.Elapsed.TotalMilliseconds);
            await client.StoredAsync(id, CancellationToken.None);
            stored.Add(clock.Elapsed.TotalMilliseconds);
        }

        // The first ones pay for what is compiled on both sides.
        var sorted = times.Skip(3).Order().ToList();
        var after = stored.Skip(3).Order().ToList();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"new-application and POST, 20 times: {sorted[0]:0.0} ms at best, {sorted[10]:0.0} ms in the middle, {sorted[^1]:0.0} ms at worst; until the ResourceManager had it in its store: {after[0]:0.0}, {after[10]:0.0}, {after[^1]:0.0} ms"
        );
        Assert.InRange(sorted[10], 0, 500);
    }

    private static string JsonArray(IEnumerable<string> texts) =>
        "["
        + string.Join(
            ", ",
            texts.Select(text =>
                JsonValue
                    .Create(text)
                    .ToJsonString(
                        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
                    )
            )
        )
        + "]";

    private static string Line(IEnumerable<SparkLogLine> lines, string source, string word) =>
        lines
            .FirstOrDefault(line => line.Source == source && line.Text.StartsWith(word + " ", StringComparison.Ordinal))
            ?.Text
        ?? $"no line {word} of {source}; {Tail(lines)}";

    private static string Tail(IEnumerable<SparkLogLine> lines) =>
        string.Join('\n', lines.TakeLast(80).Select(line => $"[{line.Source}] {line.Text}"));

    private static AttemptIdentity NewAttempt() =>
        new(Guid.CreateVersion7(), Guid.CreateVersion7(), "nightly", "main", 1);

    private static SparkApplication Marked(SparkApplication application) =>
        application with
        {
            Properties = new Dictionary<string, string>(application.Properties)
            {
                [SparkMark.Property] = SparkMark.Of(application.Attempt.TaskId, application.Attempt.Attempt),
            },
        };

    /// <summary>Tries until the cluster can be asked.</summary>
    private static async Task ThroughAsync(Func<Task> call)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await call();
                return;
            }
            catch (SparkClusterUnavailableException) when (clock.Elapsed.TotalSeconds < Patience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }
    }

    private SparkApplication Python() =>
        Marked(
            Application("python-pi", Write("pi.py", PythonPi)) with
            {
                IsPython = true,
                MainClass = null,
                Arguments = ["4", "two words", "{\"a\":{\"b\":[1]}}", "it's \"$HOME\" `id` \\ {{PWD}} <LOG_DIR>", ""],
                PyFiles = [Write("tools.py", "def double(n):\n    return 2 * n\n")],
                Files = [Write("limits of parts.txt", "20000") + "#limits.txt"],
                Environment = new Dictionary<string, string> { ["NOTE"] = "über", ["QUOTED"] = "plain" },
            }
        );

    private async Task<SparkApplication> WaitingAsync() =>
        Marked(Application("java-waits", await JarAsync()) with { MainClass = "Pi", Arguments = ["wait", "600000"] });

    private SparkApplication Application(string name, string resource) =>
        Marked(
            new SparkApplication
            {
                Attempt = NewAttempt(),
                Name = name,
                ClusterName = "yarn",
                Cluster = yarn.Profile,
                DeployMode = "cluster",
                Resource = resource,
                IsPython = false,
                Properties = yarn.Profile.SparkConf,
            }
        );

    private async Task<string> JarAsync()
    {
        var jar = Path.Combine(yarn.Folder, "Pi.jar");
        return File.Exists(jar) ? jar : await SparkHome.CompileAsync(Write("Pi.java", JavaPi), yarn.Folder);
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(yarn.Folder, name);
        if (!File.Exists(path))
        {
            File.WriteAllText(path, text);
        }

        return path;
    }

    private async Task<SparkSubmission> ChooseAsync(SparkApplication application) =>
        new(
            Marked(application).Properties[SparkMark.Property],
            await cluster.ChooseIdentityAsync(application, CancellationToken.None),
            DateTimeOffset.UnixEpoch
        );

    private async Task<SparkSubmission> SubmitAsync(SparkApplication application)
    {
        var marked = Marked(application);
        Assert.True(YarnSubmission.Covers(marked, out var why), why);
        return await cluster.SubmitAsync(marked, await ChooseAsync(marked), CancellationToken.None);
    }

    private async Task<SparkStatus> RunningAsync(SparkSubmission submission) =>
        (
            await Eventually.GetAsync(
                async () =>
                {
                    try
                    {
                        return await cluster.FindAsync(submission, CancellationToken.None);
                    }
                    catch (SparkClusterUnavailableException)
                    {
                        return new SparkStatus(SparkState.Pending);
                    }
                },
                status => status is { State: SparkState.Running, DriverUi: not null } or { IsFinal: true },
                $"{submission.Identity} runs",
                Patience
            )
        )
            is { State: SparkState.Running } running
            ? running
            : throw new InvalidOperationException($"{submission.Identity} does not run");

    private async Task<(SparkStatus Status, IReadOnlyList<SparkLogLine> Lines)> EndAsync(
        SparkApplication application,
        SparkSubmission submission
    )
    {
        var positions = new Dictionary<string, long>();
        var lines = new List<SparkLogLine>();
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var status = await cluster.FindAsync(submission, CancellationToken.None);
            Assert.NotNull(status);
            await cluster.ReadLogsAsync(submission, positions, status.IsFinal, lines.Add, CancellationToken.None);
            if (status.IsFinal)
            {
                return (status, lines);
            }

            Assert.True(
                clock.Elapsed.TotalSeconds < Patience,
                $"{application.Name} did not end: {status}; {Tail(lines)}"
            );
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        }
    }
}
