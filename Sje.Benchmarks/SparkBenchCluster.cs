using System.Text.Json.Nodes;
using Sje.Jobs.Engines.Spark;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Kubernetes;
using Sje.Jobs.Engines.Spark.Standalone;
using Sje.Jobs.Engines.Spark.Yarn;
using Sje.Testbed;

namespace Sje.Benchmarks;

/// <summary>A real cluster with room for one driver at most, as the bench needs it: looked at and changed without SJE.</summary>
internal abstract class SparkBenchCluster : IAsyncDisposable
{
    private const string Program = """
        import org.apache.spark.SparkConf;
        import org.apache.spark.api.java.JavaSparkContext;

        public final class Waits {
            public static void main(String[] args) throws Exception {
                try (JavaSparkContext spark = new JavaSparkContext(new SparkConf())) {
                    Thread.sleep(3_600_000L);
                }
            }
        }
        """;

    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(5);

    private readonly SparkHttp http = new();

    private protected SparkBenchCluster(string kind, SparkClusterOptions profile, string application)
    {
        (Kind, Profile) = (kind, profile);
        Settings = new JsonObject
        {
            ["application"] = application,
            ["mainClass"] = "Waits",
            ["driver"] = new JsonObject { ["memory"] = "512m" },
        };
    }

    /// <summary>What its measures begin with.</summary>
    public string Kind { get; }

    /// <summary>How SJE knows it.</summary>
    public SparkClusterOptions Profile { get; }

    /// <summary>The settings of a task that would run for an hour.</summary>
    public JsonObject Settings { get; }

    /// <summary>What <c>spark-submit</c> needs beside what the application says.</summary>
    public virtual IReadOnlyDictionary<string, string> SparkSubmitProperties { get; } =
        new Dictionary<string, string>();

    /// <summary>Variables for <c>spark-submit</c>.</summary>
    public virtual IReadOnlyDictionary<string, string> SparkSubmitEnvironment { get; } =
        new Dictionary<string, string>();

    private protected HttpClient Http => http.Client;

    /// <summary>A standalone cluster.</summary>
    public static async Task<SparkBenchCluster> StandaloneAsync()
    {
        var nodes = new StandaloneNodes { WorkerCores = "1", WorkerMemory = "1g" };
        await nodes.InitializeAsync();
        return new Standalone(nodes, await JarAsync());
    }

    /// <summary>A YARN.</summary>
    public static async Task<SparkBenchCluster> YarnAsync()
    {
        var daemons = new YarnDaemons { Sizing = ["--nodes", "1", "--memory", "1024", "--vcores", "1"] };
        await daemons.InitializeAsync();
        return new Yarn(daemons, await JarAsync());
    }

    /// <summary>A Kubernetes, on whose machines none of these drivers may run.</summary>
    public static async Task<SparkBenchCluster> KubernetesAsync() =>
        new Kubernetes(await LoopbackKubernetes.StartAsync());

    /// <summary>The application as <c>spark-submit</c> is to submit it.</summary>
    public virtual SparkApplication ForSparkSubmit(SparkApplication application) => application;

    /// <summary>The submission ids of all applications that the cluster knows.</summary>
    public abstract Task<IReadOnlyList<string>> ApplicationsAsync();

    /// <summary>Ends one, and returns as soon as the cluster says that it has ended.</summary>
    public async Task EndAsync(string submission)
    {
        await KillAsync(submission);
        while (!await HasEndedAsync(submission))
        {
            await Task.Delay(Again, TimeProvider.System);
        }
    }

    /// <summary>Ends all.</summary>
    public async Task EndAllAsync()
    {
        foreach (var submission in await ApplicationsAsync())
        {
            await EndAsync(submission);
        }
    }

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync()
    {
        http.Dispose();
        return ValueTask.CompletedTask;
    }

    private protected abstract Task KillAsync(string submission);

    private protected abstract Task<bool> HasEndedAsync(string submission);

    private static async Task<string> JarAsync()
    {
        // Below the unpacked Spark's folder: it stays for the next time.
        var folder = Directory
            .CreateDirectory(Path.Combine(await SparkDistribution.PathAsync(), "..", "bench"))
            .FullName;
        var source = Path.Combine(folder, "Waits.java");
        await File.WriteAllTextAsync(source, Program);
        return await SparkDistribution.CompileAsync(source, folder);
    }

    private sealed class Standalone(StandaloneNodes nodes, string jar)
        : SparkBenchCluster("standalone", ProfileOf(nodes), jar)
    {
        private StandaloneMasters? masters;

        // spark-submit's own way over the same REST.
        public override IReadOnlyDictionary<string, string> SparkSubmitProperties { get; } =
            new Dictionary<string, string> { ["spark.master.rest.enabled"] = "true" };

        private StandaloneMasters Masters => masters ??= new StandaloneMasters(Profile, Http);

        public override SparkApplication ForSparkSubmit(SparkApplication application) =>
            application with
            {
                Cluster = new SparkClusterOptions { Master = "spark://" + new Uri(Profile.Rest[0]).Authority },
            };

        public override async Task<IReadOnlyList<string>> ApplicationsAsync() =>
            [.. (await nodes.DriversAsync()).Select(driver => driver.Id)];

        public override async ValueTask DisposeAsync()
        {
            await nodes.DisposeAsync();
            await base.DisposeAsync();
        }

        private protected override Task KillAsync(string submission) =>
            Masters.KillAsync(submission, CancellationToken.None);

        private protected override async Task<bool> HasEndedAsync(string submission) =>
            (await Masters.StatusAsync(submission, CancellationToken.None))["driverState"]?.ToString()
                is not ("SUBMITTED" or "RUNNING" or "RELAUNCHING");

        private static SparkClusterOptions ProfileOf(StandaloneNodes nodes)
        {
            var profile = nodes.Profile;
            profile.EventLogDir = null;
            return profile;
        }
    }

    private sealed class Yarn(YarnDaemons daemons, string jar) : SparkBenchCluster("yarn", daemons.Profile, jar)
    {
        private ResourceManagerClient? client;

        public override IReadOnlyDictionary<string, string> SparkSubmitProperties { get; } =
            new Dictionary<string, string> { ["spark.yarn.submit.waitAppCompletion"] = "false" };

        public override IReadOnlyDictionary<string, string> SparkSubmitEnvironment { get; } =
            new Dictionary<string, string> { ["SPARK_CONF_DIR"] = daemons.Configuration };

        private ResourceManagerClient Client =>
            client ??= new ResourceManagerClient(
                [new Uri(daemons.ResourceManager + "/")],
                YarnSubmission.UserOf(Profile),
                Http,
                TimeProvider.System
            );

        public override async Task<IReadOnlyList<string>> ApplicationsAsync() =>
            [.. (await daemons.ApplicationsAsync()).Select(application => application.Id)];

        public override async ValueTask DisposeAsync()
        {
            await daemons.DisposeAsync();
            await base.DisposeAsync();
        }

        private protected override Task KillAsync(string submission) =>
            Client.KillAsync(submission, CancellationToken.None);

        private protected override async Task<bool> HasEndedAsync(string submission) =>
            await Client.FindAsync(submission, CancellationToken.None) is null or { IsFinal: true };
    }

    private sealed class Kubernetes : SparkBenchCluster
    {
        private const string Pods = $"api/v1/namespaces/{LoopbackKubernetes.Space}/pods";

        private readonly LoopbackKubernetes cluster;

        public Kubernetes(LoopbackKubernetes cluster)
            : base("kubernetes", ProfileOf(cluster.Profile), "local:///opt/spark/waits.jar")
        {
            this.cluster = cluster;
            SparkSubmitProperties = new Dictionary<string, string>
            {
                ["spark.kubernetes.namespace"] = Profile.Namespace,
                ["spark.kubernetes.container.image"] = Profile.Image!, // The test cluster's profile has them all.
                ["spark.kubernetes.authenticate.driver.serviceAccountName"] = Profile.ServiceAccount!,
                ["spark.kubernetes.authenticate.submission.oauthTokenFile"] = Profile.TokenFile!,
                ["spark.kubernetes.authenticate.submission.caCertFile"] = Profile.CaCertFile!,
                ["spark.kubernetes.submission.waitAppCompletion"] = "false",
            };
        }

        public override IReadOnlyDictionary<string, string> SparkSubmitProperties { get; }

        public override async Task<IReadOnlyList<string>> ApplicationsAsync()
        {
            var list = await cluster.Admin.SendAsync<JsonObject>(
                HttpMethod.Get,
                $"{Pods}?labelSelector={DriverObjects.RoleLabel}%3Ddriver",
                null,
                CancellationToken.None
            );
            return
            [
                .. list["items"]!
                    .AsArray()
                    .Select(pod =>
                        new DriverNames(LoopbackKubernetes.Space, pod!["metadata"]!["name"]!.ToString()).Identity
                    ),
            ];
        }

        private protected override Task KillAsync(string submission) =>
            cluster.Admin.SendAsync<JsonObject>(
                HttpMethod.Delete,
                PathOf(submission) + "?gracePeriodSeconds=0",
                null,
                CancellationToken.None
            );

        private protected override async Task<bool> HasEndedAsync(string submission) =>
            await cluster.Admin.FindAsync<JsonObject>(PathOf(submission), CancellationToken.None) is null;

        private static string PathOf(string submission) => $"{Pods}/{DriverNames.Of(submission).Pod}";

        private static SparkClusterOptions ProfileOf(SparkClusterOptions profile)
        {
            profile.SparkConf["spark.kubernetes.driver.node.selector.planet"] = "mars";
            return profile;
        }
    }
}
