using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Sje.Jobs.Engines.Spark;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Planning;
using Sje.Jobs.Engines.Spark.Store;
using Sje.Jobs.Engines.Spark.Submit;
using Sje.Jobs.Queueing;
using Sje.Tests.Integration.Execution;
using Sje.Tests.Support;
using Sje.Tests.Unit.Engines.Spark.Yarn;

namespace Sje.Tests.Integration.Engines.Spark.Submit;

/// <summary>
/// What is wrong with an application, its cluster or this machine is said before anything is submitted: in words, quickly, without a JVM, and
/// with the class that says whether trying again may help.
/// </summary>
public sealed class SparkRefusalTests : IAsyncLifetime
{
    private readonly ExecutionBench bench = new();
    private readonly SparkHttp http = new();
    private readonly List<HttpTarget> targets = [];
    private readonly SparkOptions options = new();
    private CannedYarn yarn = null!; // Set before any test.

    /// <summary>Settings, class, words, and whether a circuit breaker counts it.</summary>
    public static TheoryData<string, string, string, bool> Refusals =>
        new()
        {
            // The application.
            { """{"application": "nowhere.py"}""", "invalid", "there is no file", false },
            { """{"application": "app.py", "jars": ["gone.jar"]}""", "invalid", "spark.jars: there is no file", false },
            { """{"sql": "select 1", "files": ["gone.csv"]}""", "invalid", "spark.files: there is no file", false },
            { """{"application": "gone.sql"}""", "invalid", "there is no file", false },
            { """{"application": "text.jar", "mainClass": "a.Main"}""", "invalid", "cannot be read as a zip", false },
            { """{"application": "app.jar", "mainClass": "a.Nowhere"}""", "invalid", "no class a.Nowhere", false },
            { """{"application": "app.jar"}""", "invalid", "names no Main-Class", false },
            { """{"application": "app.sh"}""", "invalid", "neither a jar nor a Python file", false },
            {
                """{"application": "app.py", "sparkConf": {"spark.executor.memory": "lots"}}""",
                "invalid",
                "spark.executor.memory: 'lots'",
                false
            },
            {
                """{"application": "app.py", "sparkConf": {"spark.driver.memory": "512k"}}""",
                "invalid",
                "spark.driver.memory: '512k' is less than 1 MiB",
                false
            },
            {
                """{"application": "app.py", "sparkConf": {"spark.executor.cores": "two"}}""",
                "invalid",
                "spark.executor.cores: 'two'",
                false
            },
            // The names of the configuration.
            { """{"application": "app.py", "cluster": "prod"}""", "invalid", "no Spark cluster 'prod'", false },
            { """{"application": "app.py", "cluster": {"size": "huge"}}""", "invalid", "no size 'huge'", false },
            { """{"application": "app.py", "version": "2.4"}""", "invalid", "no Spark '2.4'", false },
            // This machine.
            { """{"application": "app.py", "version": "old-java"}""", "invalid", "needs Java 17 or newer", false },
            { """{"application": "app.py", "version": "no-java"}""", "invalid", "there is no bin/java in", false },
            { """{"application": "app.py", "version": "no-spark"}""", "invalid", "no bin/spark-submit", false },
            // The way.
            { """{"application": "app.py", "submit": "rest"}""", "invalid", "'rest' is for cluster mode", false },
            {
                """{"application": "app.py", "cluster": "lake", "proxyUser": "bob", "submit": "rest"}""",
                "invalid",
                "a proxy user is given. The job says submit: rest.",
                false
            },
            {
                """{"application": "app.py", "cluster": "lake", "proxyUser": "bob", "version": "old-java"}""",
                "invalid",
                "needs Java 17 or newer",
                false
            },
            {
                """{"application": "app.py", "cluster": "unseen", "packages": ["a:b:1"]}""",
                "invalid",
                "hadoopConfDir of the cluster",
                false
            },
            {
                """{"application": "app.py", "cluster": "cloud", "packages": ["a:b:1"]}""",
                "invalid",
                "app.py has to be uploaded by spark-submit, and spark.kubernetes.file.upload.path",
                false
            },
            {
                """{"application": "app.py", "cluster": "lab", "submit": "spark-submit"}""",
                "invalid",
                "spark-submit takes no Python",
                false
            },
            {
                """{"application": "app.py", "cluster": "lab", "principal": "p", "keytab": "app.py"}""",
                "invalid",
                "passes no Kerberos sign-in on",
                false
            },
            // The cluster is not there.
            { """{"application": "app.py", "cluster": "lab"}""", "network", "No master of the cluster leads", true },
            {
                """{"application": "app.py", "cluster": "lab", "deployMode": "client"}""",
                "network",
                "No master of cluster lab can be reached",
                true
            },
            { """{"application": "app.py", "cluster": "unseen"}""", "network", "cannot be reached", true },
            { """{"application": "app.py", "cluster": "cloud"}""", "network", "cannot be asked", true },
            // It does not let us.
            { """{"application": "app.py", "cluster": "lab-no"}""", "invalid", "403", false },
            {
                """{"application": "app.py", "cluster": "lab-rest-no"}""",
                "invalid",
                "does not let this worker submit",
                false
            },
            { """{"application": "app.py", "cluster": "lake-no"}""", "invalid", "wants a sign-in", false },
            {
                """{"application": "app.py", "cluster": "lake", "queue": "red"}""",
                "invalid",
                "may not submit to YARN's queue red",
                false
            },
            {
                """{"application": "app.py", "cluster": "cloud-401"}""",
                "invalid",
                "does not know who asks (401)",
                false
            },
            {
                """{"application": "app.py", "cluster": "cloud-403"}""",
                "invalid",
                "does not allow it in namespace",
                false
            },
            // It has not what is asked for.
            {
                """{"application": "app.py", "cluster": "lab-small", "driver": {"memory": "64g"}}""",
                "invalid",
                "No worker of cluster lab-small is large enough",
                false
            },
            { """{"application": "app.py", "cluster": "lake", "queue": "nope"}""", "invalid", "no queue nope", false },
            { """{"application": "app.py", "cluster": "lake", "queue": "etl"}""", "temporary", "STOPPED", false },
            {
                """{"application": "app.py", "cluster": "lake", "executor": {"memory": "64g"}}""",
                "invalid",
                "no container more than 4096 MiB",
                false
            },
            {
                """{"application": "app.py", "cluster": "cloud", "kubernetes": {"image": "No Image"}}""",
                "invalid",
                "no name of an image",
                false
            },
        };

    public async ValueTask InitializeAsync()
    {
        Write("app.py", "print(1)");
        Write("app.sh", "true");
        Write("text.jar", "no jar at all");
        using (var jar = ZipFile.Open(Path.Combine(bench.Root, "app.jar"), ZipArchiveMode.Create))
        {
            jar.CreateEntry("a/Main.class");
        }

        Install("4.1");
        Install("old-java", Java("11.0.2"));
        Install("no-java", Path.Combine(bench.Root, "nothing"));
        options.Installations["no-spark"] = new() { Home = bench.Root };

        var dead = $"127.0.0.1:{HttpEngineTests.FreePort()}";
        AddStandalone("lab", dead, "http://" + dead, "http://" + dead);
        var no = await ServeAsync(StatusCodes.Status403Forbidden, """{"message": "not you"}""");
        AddStandalone("lab-no", dead, no, no);
        var page = """{"status": "ALIVE", "workers": [WORKER], "activedrivers": [], "completeddrivers": []}""";
        var small = await ServeAsync(
            200,
            page.Replace("WORKER", """{"state": "ALIVE", "cores": 2, "memory": 2048}""", StringComparison.Ordinal)
        );
        AddStandalone("lab-small", dead, small, small);
        AddStandalone("lab-rest-no", dead, no, small);

        yarn = await CannedYarn.StartAsync();
        yarn.First = async (context, what) =>
        {
            if (!what.EndsWith("/access", StringComparison.Ordinal))
            {
                return false;
            }

            var allowed = what.Contains("red", StringComparison.Ordinal) ? "false" : "true";
            await CannedYarn.WriteAsync(context, $$"""{"allowed": "{{allowed}}"}""");
            return true;
        };
        AddYarn("lake", yarn.Address, bench.Root);
        AddYarn("lake-no", await ServeAsync(401, "who are you"), bench.Root);
        AddYarn("unseen", "http://" + dead, null);

        AddKubernetes("cloud", "http://" + dead);
        AddKubernetes(
            "cloud-401",
            await ServeAsync(401, """{"kind": "Status", "reason": "Unauthorized", "message": "Unauthorized"}""")
        );
        AddKubernetes(
            "cloud-403",
            await ServeAsync(403, """{"kind": "Status", "reason": "Forbidden", "message": "pods is forbidden"}""")
        );
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var target in targets)
        {
            await target.DisposeAsync();
        }

        await yarn.DisposeAsync();
        http.Dispose();
        bench.Dispose();
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task What_is_wrong_is_said_before_anything_is_submitted(
        string settings,
        string failure,
        string words,
        bool targetAtFault
    )
    {
        var clock = Stopwatch.StartNew();

        var result = await Engine()
            .RunAsync(bench.Context(JsonNode.Parse(settings)!.AsObject()), CancellationToken.None);

        Assert.NotNull(result.Error);
        Assert.Contains(words, result.Error.Message, StringComparison.Ordinal);
        Assert.Equal(failure, result.Error.Class);
        Assert.Equal(targetAtFault, result.TargetAtFault);
        Assert.False(File.Exists(Path.Combine(bench.Root, "spark-submit-ran")), "a JVM would have been started");
        Assert.Equal(0, yarn.Count("POST apps"));
        // A connection that nobody answers takes three seconds.
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 20);
    }

    [Fact]
    public async Task What_is_right_comes_as_far_as_the_program()
    {
        var result = await Engine()
            .RunAsync(bench.Context(new JsonObject { ["application"] = "app.py" }), CancellationToken.None);

        Assert.True(File.Exists(Path.Combine(bench.Root, "spark-submit-ran")), result.Error?.Message);
        Assert.Equal(("exit_code", 7), (result.Error!.Class, result.Error.ExitCode));
        Assert.False(result.TargetAtFault);
    }

    private SparkEngine Engine()
    {
        var wrapped = Options.Create(options);
        var planner = new SparkPlanner(wrapped, new SparkInstallations(wrapped));
        var clock = TimeProvider.System;
        return new SparkEngine(
            planner,
            new SparkClusters(planner, http, clock),
            new UnstoredApplications(clock),
            new LocalDriver(bench.Processes, clock),
            new SparkSubmitter(bench.Processes, Options.Create(new WorkerOptions()), clock),
            clock
        );
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(bench.Root, name), text);

    private void Install(string name, string? java = null)
    {
        var home = Path.Combine(bench.Root, "spark-" + name);
        Directory.CreateDirectory(Path.Combine(home, "bin"));
        Directory.CreateDirectory(Path.Combine(home, "jars"));
        File.WriteAllText(Path.Combine(home, "jars", "spark-core_2.13-4.1.1.jar"), "");
        Directory.CreateDirectory(Path.Combine(home, "python", "lib"));
        File.WriteAllText(Path.Combine(home, "python", "lib", "pyspark.zip"), "");
        Script(
            Path.Combine(home, "bin", "spark-submit"),
            $"#!/bin/sh\ntouch '{Path.Combine(bench.Root, "spark-submit-ran")}'\nexit 7\n"
        );
        options.Installations[name] = new() { Home = home, JavaHome = java ?? Java("17.0.1") };
    }

    private string Java(string version)
    {
        var home = Path.Combine(bench.Root, "java-" + version);
        Directory.CreateDirectory(Path.Combine(home, "bin"));
        Script(Path.Combine(home, "bin", "java"), "#!/bin/sh\nexit 1\n");
        File.WriteAllText(Path.Combine(home, "release"), $"IMPLEMENTOR=\"nobody\"\nJAVA_VERSION=\"{version}\"\n");
        return home;
    }

    private static void Script(string path, string text)
    {
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        }
    }

    private async Task<string> ServeAsync(int status, string body)
    {
        var target = await HttpTarget.StartAsync(
            (_, context) =>
            {
                context.Response.StatusCode = status;
                context.Response.ContentType = "application/json";
                return context.Response.WriteAsync(body);
            }
        );
        targets.Add(target);
        return target.Address;
    }

    private void AddStandalone(string name, string master, string rest, string page) =>
        options.Clusters[name] = new()
        {
            Master = "spark://" + master,
            Rest = [rest],
            WebUi = [page],
        };

    private void AddYarn(string name, string address, string? configuration) =>
        options.Clusters[name] = new()
        {
            Master = "yarn",
            ResourceManagers = [address],
            HadoopConfDir = configuration,
            NodeSparkHome = options.Installations["4.1"].Home,
            SparkConf = { ["spark.yarn.jars"] = "local:/opt/spark/jars/*" },
        };

    private void AddKubernetes(string name, string address) =>
        options.Clusters[name] = new()
        {
            Master = "k8s://" + address,
            Namespace = "spark",
            Image = "spark:4.1.1",
        };
}
