using System.Text.Json.Nodes;
using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Standalone;

/// <summary>
/// The request that starts a driver (Spark's <c>CreateSubmissionRequest</c>). A jar is run by the worker itself; Python, and whatever is to run
/// in another user's name, is run by <c>SparkSubmit</c> inside the driver, which takes its settings from its arguments: without the master
/// among them it would run alone. Packages are resolved by the driver, on its worker.
/// </summary>
internal static class StandaloneRequest
{
    private const string SparkSubmit = "org.apache.spark.deploy.SparkSubmit";
    private const string ClientVersion = "4.1.1";

    public static JsonObject Of(SparkApplication application)
    {
        var properties = new Dictionary<string, string>(application.Properties, StringComparer.Ordinal)
        {
            ["spark.master"] = application.Cluster.Master,
            ["spark.submit.deployMode"] = "cluster",
            ["spark.app.name"] = application.Name,
        };
        AddExecutors(properties, properties);
        foreach (var (name, value) in application.Environment)
        {
            properties.TryAdd("spark.executorEnv." + name, value);
        }

        List<string> jars = application.IsPython ? [.. application.Jars] : [application.Resource, .. application.Jars];
        Put(properties, "spark.jars", jars.Select(Address));
        Put(properties, "spark.files", application.Files.Select(Address));
        Put(properties, "spark.archives", application.Archives.Select(Address));
        Put(properties, "spark.jars.packages", application.Packages);
        Put(properties, "spark.jars.excludes", application.ExcludePackages);
        Put(properties, "spark.jars.repositories", application.Repositories);
        var environment = new JsonObject();
        foreach (var (name, value) in application.Environment)
        {
            environment[name] = value;
        }

        // Only with it does the server take the environment of the request for the driver's.
        environment["SPARK_ENV_LOADED"] = "1";
        return new JsonObject
        {
            ["action"] = "CreateSubmissionRequest",
            ["clientSparkVersion"] = application.Installation?.Version?.ToString(3) ?? ClientVersion,
            ["appResource"] = IsSubmittedInside(application) ? "" : Address(application.Resource),
            ["mainClass"] = IsSubmittedInside(application) ? SparkSubmit : application.MainClass,
            ["appArgs"] = new JsonArray([.. Arguments(application, properties).Select(a => JsonValue.Create(a))]),
            ["environmentVariables"] = environment,
            ["sparkProperties"] = new JsonObject(
                properties.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)JsonValue.Create(p.Value)))
            ),
        };
    }

    private static IEnumerable<string> Arguments(SparkApplication application, Dictionary<string, string> properties)
    {
        if (!IsSubmittedInside(application))
        {
            return application.Arguments;
        }

        var words = new List<string> { "--master", application.Cluster.Master, "--name", application.Name };
        foreach (
            var (name, value) in properties.Where(p =>
                p.Key is not ("spark.master" or "spark.app.name" or "spark.submit.deployMode")
            )
        )
        {
            words.AddRange(["--conf", $"{name}={value}"]);
        }

        if (application.PyFiles.Count > 0)
        {
            words.AddRange(["--py-files", string.Join(',', application.PyFiles)]);
        }

        if (application.ProxyUser is { } user)
        {
            words.AddRange(["--proxy-user", user]);
        }

        if (application.MainClass is { } main)
        {
            words.AddRange(["--class", main]);
        }

        return [.. words, application.Resource, .. application.Arguments];
    }

    private static bool IsSubmittedInside(SparkApplication application) =>
        application.IsPython || application.ProxyUser is not null;

    /// <summary>
    /// Standalone knows no number of executors; it has a limit of cores for all of them, which is added to <paramref name="to"/>.
    /// </summary>
    public static void AddExecutors(IReadOnlyDictionary<string, string> properties, Dictionary<string, string> to)
    {
        if (
            properties.GetValueOrDefault("spark.executor.instances") is { } instances
            && !properties.ContainsKey("spark.cores.max")
            && int.TryParse(instances, out var count)
        )
        {
            var cores = int.TryParse(properties.GetValueOrDefault("spark.executor.cores"), out var each) ? each : 1;
            to["spark.executor.cores"] = cores.ToString(System.Globalization.CultureInfo.InvariantCulture);
            to["spark.cores.max"] = (count * cores).ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    private static string Address(string resource) => Path.IsPathRooted(resource) ? "file:" + resource : resource;

    private static void Put(Dictionary<string, string> properties, string name, IEnumerable<string> addresses)
    {
        var own = properties.GetValueOrDefault(name);
        var all = string.Join(',', addresses.Concat(own is { Length: > 0 } ? [own] : []));
        if (all.Length > 0)
        {
            properties[name] = all;
        }
    }
}
