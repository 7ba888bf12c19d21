using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Kubernetes;

namespace Sje.Tests.Unit.Engines.Spark.Kubernetes;

/// <summary>Applications for tests, and looks into what is made of them.</summary>
internal static class Drivers
{
    public const string Mark = "0198a3c0-0000-7000-8000-000000000001/1";

    public static SparkApplication Python(
        IReadOnlyDictionary<string, string>? properties = null,
        SparkKubernetesSettings? kubernetes = null
    ) =>
        new()
        {
            Attempt = new AttemptIdentity(Guid.Empty, Guid.Parse(Mark[..36]), "pi", "main", 1),
            Name = "Pi of 3.14",
            ClusterName = "k8s",
            Cluster = new SparkClusterOptions
            {
                Master = "k8s://https://127.0.0.1:6443",
                Namespace = "spark",
                Image = "spark:4.1.1",
                ServiceAccount = "spark",
                User = "someone",
            },
            DeployMode = "cluster",
            Resource = "local:///opt/spark/examples/src/main/python/pi.py",
            IsPython = true,
            Arguments = ["20"],
            Properties = Merge(new() { [SparkMark.Property] = Mark }, properties),
            Kubernetes = kubernetes ?? new SparkKubernetesSettings(),
        };

    public static SparkApplication Java(IReadOnlyDictionary<string, string>? properties = null) =>
        Python(properties) with
        {
            Resource = "local:///opt/app.jar",
            IsPython = false,
            MainClass = "org.example.Main",
        };

    public static DriverObjects Build(
        SparkApplication application,
        IReadOnlyDictionary<string, byte[]>? inline = null
    ) => DriverObjects.Build(application, DriverNames.Choose(application.Name, Mark, "spark"), Mark, inline);

    public static JsonObject Container(this DriverObjects objects) =>
        objects.Pod["spec"]!["containers"]!.AsArray()[^1]!.AsObject();

    /// <summary>The value of a variable, or the JSON of where it comes from.</summary>
    public static string? Variable(this DriverObjects objects, string name) =>
        objects.Container()["env"]!.AsArray().SingleOrDefault(v => v!["name"]!.ToString() == name) is { } variable
            ? variable["value"]?.ToString() ?? variable["valueFrom"]!.ToJsonString()
            : null;

    public static JsonNode? Volume(this DriverObjects objects, string name) =>
        objects.Pod["spec"]!["volumes"]!.AsArray().SingleOrDefault(v => v!["name"]!.ToString() == name);

    public static JsonNode? Mount(this DriverObjects objects, string name) =>
        objects.Container()["volumeMounts"]!.AsArray().SingleOrDefault(v => v!["name"]!.ToString() == name);

    public static IReadOnlyDictionary<string, string> Properties(this DriverObjects objects) =>
        objects
            .PropertiesText.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2))
            .ToDictionary(parts => Plain(parts[0]), parts => Plain(parts[1]));

    private static Dictionary<string, string> Merge(
        Dictionary<string, string> own,
        IReadOnlyDictionary<string, string>? others
    )
    {
        foreach (var (name, value) in others ?? new Dictionary<string, string>())
        {
            own[name] = value;
        }

        return own;
    }

    private static string Plain(string text) =>
        text.Replace("\\:", ":", StringComparison.Ordinal)
            .Replace("\\=", "=", StringComparison.Ordinal)
            .Replace("\\\\", "\\", StringComparison.Ordinal);
}
