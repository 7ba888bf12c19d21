using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;

namespace Sje.Jobs.Engines.Spark.Planning;

/// <summary>
/// Puts a submission together: what the job says over what its cluster's profile says, and what SJE needs to find the application again. Looks
/// at files of this machine, asks no cluster.
/// </summary>
internal sealed class SparkPlanner(IOptions<SparkOptions> options, SparkInstallations installations)
{
    /// <summary>The cluster that is there without being written.</summary>
    public const string Local = SparkTaskType.LocalCluster;

    private const string LocalMaster = "local[*]";
    private const int MostNameLetters = 200;

    private static readonly string[] Amounts =
    [
        "spark.driver.memory",
        "spark.driver.memoryOverhead",
        "spark.executor.memory",
        "spark.executor.memoryOverhead",
        "spark.executor.pyspark.memory",
    ];

    private static readonly string[] Counts = ["spark.driver.cores", "spark.executor.cores", "spark.cores.max"];

    private static readonly SparkClusterOptions LocalCluster = new() { Master = LocalMaster };

    /// <summary>The profile of a name; null for the default one.</summary>
    /// <exception cref="FormatException">There is none of that name.</exception>
    public (string Name, SparkClusterOptions Profile) FindCluster(string? name)
    {
        var wanted = name ?? options.Value.DefaultCluster;
        if (options.Value.Clusters.TryGetValue(wanted, out var profile))
        {
            return (
                options.Value.Clusters.Keys.First(key =>
                    string.Equals(key, wanted, StringComparison.OrdinalIgnoreCase)
                ),
                profile
            );
        }

        return string.Equals(wanted, Local, StringComparison.OrdinalIgnoreCase)
            ? (Local, LocalCluster)
            : throw new FormatException(
                $"This worker knows no Spark cluster '{wanted}': those of its configuration are {string.Join(", ", options.Value.Clusters.Keys.Append(Local).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase))}."
            );
    }

    /// <summary>What kind of cluster a master is.</summary>
    /// <exception cref="FormatException">None that is known.</exception>
    public static SparkClusterKind KindOf(string master) =>
        master switch
        {
            _ when master == "local" || master.StartsWith("local[", StringComparison.Ordinal) => SparkClusterKind.Local,
            _ when master.StartsWith("spark://", StringComparison.Ordinal) => SparkClusterKind.Standalone,
            "yarn" => SparkClusterKind.Yarn,
            _ when master.StartsWith("k8s://", StringComparison.Ordinal) => SparkClusterKind.Kubernetes,
            _ => throw new FormatException(
                $"'{master}' is no Spark master: local[*], spark://host:7077, yarn or k8s://https://host:6443."
            ),
        };

    /// <summary>Puts the application of an attempt together. <paramref name="number"/> is the attempt that its mark names.</summary>
    /// <exception cref="FormatException">Something of it cannot be; the message says what.</exception>
    public SparkApplication Plan(SparkSettings settings, AttemptIdentity attempt, int number, string storageRoot)
    {
        var (name, profile) = FindCluster(settings.Cluster);
        var kind = KindOf(profile.Master);
        var installation = installations.Find(settings.Version ?? profile.Installation);
        var mode = settings.DeployMode ?? profile.DeployMode ?? (kind == SparkClusterKind.Local ? "client" : "cluster");
        if (kind == SparkClusterKind.Local && mode != "client")
        {
            throw new FormatException($"spark.deployMode: '{profile.Master}' has no cluster mode.");
        }

        var way = WayOf(settings.Submit);
        if (way == SubmissionWay.Rest && mode == "client")
        {
            throw new FormatException(
                $"spark.submit: 'rest' is for cluster mode, and on cluster {name} the driver runs on the worker (client mode)."
            );
        }

        var resource = Located(
            settings.Application ?? throw new FormatException("spark.application is missing."),
            "application",
            storageRoot
        );
        var isPython = resource.EndsWith(".py", StringComparison.OrdinalIgnoreCase);
        if (!isPython && !resource.EndsWith(".jar", StringComparison.OrdinalIgnoreCase))
        {
            throw new FormatException(
                $"spark.application '{settings.Application}' is neither a jar nor a Python file nor an SQL script (.jar, .py, .sql)."
            );
        }

        return new SparkApplication
        {
            Attempt = attempt,
            Name = NameOf(attempt),
            ClusterName = name,
            Cluster = profile,
            Installation = installation,
            DeployMode = mode,
            Way = way,
            Resource = resource,
            IsPython = isPython,
            MainClass = isPython ? null : MainClassOf(resource, settings.MainClass),
            Arguments = settings.List("arguments"),
            Jars = LocatedAll(settings, "jars", storageRoot),
            PyFiles = LocatedAll(settings, "pyFiles", storageRoot),
            Files = LocatedAll(settings, "files", storageRoot),
            Archives = LocatedAll(settings, "archives", storageRoot),
            Packages = settings.List("packages"),
            ExcludePackages = settings.List("excludePackages"),
            Repositories = settings.List("repositories"),
            Properties = Properties(settings, profile, kind, attempt, number, storageRoot),
            Environment = settings.Environment,
            Principal = settings.Principal,
            Keytab = settings.Keytab is { } keytab ? Located(keytab, "keytab", storageRoot) : null,
            ProxyUser = settings.ProxyUser,
            Queue = settings.Queue ?? profile.Queue,
            Kubernetes = KubernetesOf(settings.Kubernetes),
        };
    }

    private static SubmissionWay WayOf(string? written) =>
        written switch
        {
            null or "auto" => SubmissionWay.Auto,
            "rest" => SubmissionWay.Rest,
            "spark-submit" => SubmissionWay.SparkSubmit,
            _ => throw new FormatException($"spark.submit: '{written}' is not one of auto, rest, spark-submit."),
        };

    /// <summary>Amounts and counts that stop an application minutes later, with a stack trace, when they cannot be read.</summary>
    private static void CheckFigures(Dictionary<string, string> properties)
    {
        foreach (var name in Amounts)
        {
            try
            {
                if (
                    properties.TryGetValue(name, out var amount)
                    && SparkMemory.MebibytesOf(amount) == 0
                    && !MayBeNothing(name)
                )
                {
                    throw new FormatException(
                        $"'{amount}' is less than 1 MiB: a number alone counts MiB, as in 512m, 4g."
                    );
                }
            }
            catch (FormatException e)
            {
                throw new FormatException($"{name}: {e.Message}", e);
            }
        }

        foreach (var name in Counts)
        {
            if (
                properties.TryGetValue(name, out var count)
                && !(int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)
            )
            {
                throw new FormatException($"{name}: '{count}' is not a whole number of 1 or more.");
            }
        }

        static bool MayBeNothing(string name) => name.EndsWith("Overhead", StringComparison.Ordinal);
    }

    /// <summary>The execution's name, and the task's where it is one of several.</summary>
    private static string NameOf(AttemptIdentity attempt)
    {
        var name = attempt.TaskName == "main" ? attempt.ExecutionName : $"{attempt.ExecutionName}.{attempt.TaskName}";
        return name.Length <= MostNameLetters ? name : name[..MostNameLetters];
    }

    private Dictionary<string, string> Properties(
        SparkSettings settings,
        SparkClusterOptions profile,
        SparkClusterKind kind,
        AttemptIdentity attempt,
        int number,
        string storageRoot
    )
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        if (EventLogDir(profile, kind, storageRoot) is { } events)
        {
            result["spark.eventLog.enabled"] = "true";
            result["spark.eventLog.dir"] = events;
            // Plain lines: what reads them afterwards needs no codec.
            result["spark.eventLog.compress"] = "false";
        }

        Add(result, profile.SparkConf);
        if (settings.Size is { } size)
        {
            Add(
                result,
                options.Value.Sizes.TryGetValue(size, out var figures)
                    ? Sizing(figures)
                    : throw new FormatException(
                        $"This worker knows no size '{size}': those of its configuration are {(options.Value.Sizes.Count == 0 ? "none (section 'spark.sizes')" : string.Join(", ", options.Value.Sizes.Keys.Order(StringComparer.OrdinalIgnoreCase)))}."
                    )
            );
        }

        Add(result, settings.SparkConf);
        Add(result, settings.Sizing);
        if (
            result.GetValueOrDefault("spark.dynamicAllocation.enabled") == "true"
            && result.GetValueOrDefault("spark.shuffle.service.enabled") != "true"
        )
        {
            // Without one of the two Spark refuses to start.
            result.TryAdd("spark.dynamicAllocation.shuffleTracking.enabled", "true");
        }

        CheckFigures(result);
        result[SparkMark.Property] = SparkMark.Of(attempt.TaskId, number);
        return result;
    }

    private static string? EventLogDir(SparkClusterOptions profile, SparkClusterKind kind, string storageRoot)
    {
        if (profile.EventLogDir is { Length: > 0 } written)
        {
            return
                written.Contains("://", StringComparison.Ordinal)
                || written.StartsWith("file:", StringComparison.Ordinal)
                ? written
                : new Uri(Path.GetFullPath(Path.Combine(storageRoot, written))).AbsoluteUri;
        }

        // A driver elsewhere that does not find the folder would not start at all.
        if (kind != SparkClusterKind.Local)
        {
            return null;
        }

        var folder = Path.Combine(Path.GetFullPath(storageRoot), ".sje", "spark-events");
        Directory.CreateDirectory(folder);
        // With a blank in it Spark takes a path for a relative one.
        return new Uri(folder).AbsoluteUri;
    }

    private static Dictionary<string, string> Sizing(SparkSizeOptions size)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        void Put(string name, object? value)
        {
            if (value is not null)
            {
                result[name] = FormattableString.Invariant($"{value}");
            }
        }

        Put("spark.driver.cores", size.DriverCores);
        Put("spark.driver.memory", size.DriverMemory);
        Put("spark.executor.cores", size.ExecutorCores);
        Put("spark.executor.memory", size.ExecutorMemory);
        Put("spark.executor.instances", size.ExecutorInstances);
        return result;
    }

    private static void Add(Dictionary<string, string> to, IReadOnlyDictionary<string, string> from)
    {
        foreach (var (name, value) in from)
        {
            to[name] = value;
        }
    }

    private static IReadOnlyList<string> LocatedAll(SparkSettings settings, string name, string storageRoot) =>
        [.. settings.List(name).Select(item => Located(item, name, storageRoot))];

    /// <summary>An address as it is, a path made absolute from the storage root; <c>a.zip#b</c> keeps its alias. The file must be here.</summary>
    private static string Located(string written, string field, string storageRoot)
    {
        if (string.IsNullOrWhiteSpace(written))
        {
            throw new FormatException($"spark.{field} is empty.");
        }

        if (written.StartsWith("file:", StringComparison.Ordinal))
        {
            written = "/" + written["file:".Length..].TrimStart('/');
        }
        else if (Uri.TryCreate(written, UriKind.Absolute, out var uri) && !uri.IsFile)
        {
            return written;
        }

        var hash = field is "archives" or "files" ? written.IndexOf('#', StringComparison.Ordinal) : -1;
        var (path, alias) = hash < 0 ? (written, "") : (written[..hash], written[hash..]);
        var full = Path.GetFullPath(Path.Combine(Path.GetFullPath(storageRoot), path));
        return File.Exists(full)
            ? full + alias
            : throw new FormatException($"spark.{field}: there is no file {full} on this worker.");
    }

    private static string? MainClassOf(string jar, string? written)
    {
        if (!Path.IsPathRooted(jar))
        {
            return written
                ?? throw new FormatException(
                    $"spark.mainClass is missing: '{jar}' cannot be looked into from here for its Main-Class."
                );
        }

        try
        {
            using var archive = ZipFile.OpenRead(jar);
            var main =
                written
                ?? ManifestMainClass(archive)
                ?? throw new FormatException(
                    $"spark.mainClass is missing, and the manifest of {jar} names no Main-Class."
                );
            // A class inside another one is asked for with a dollar sign or with a dot.
            return archive.GetEntry(main.Replace('.', '/') + ".class") is not null
                ? main
                : throw new FormatException($"spark.mainClass: there is no class {main} in {jar}.");
        }
        catch (InvalidDataException)
        {
            throw new FormatException($"spark.application: {jar} is no jar: it cannot be read as a zip file.");
        }
    }

    private static string? ManifestMainClass(ZipArchive archive)
    {
        if (archive.GetEntry("META-INF/MANIFEST.MF") is not { } manifest)
        {
            return null;
        }

        using var reader = new StreamReader(manifest.Open());
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith("Main-Class:", StringComparison.OrdinalIgnoreCase))
            {
                return line["Main-Class:".Length..].Trim();
            }
        }

        return null;
    }

    private static SparkKubernetesSettings KubernetesOf(JsonObject settings)
    {
        static IReadOnlyDictionary<string, string> Labels(JsonNode? node) =>
            (node as JsonObject ?? []).ToDictionary(
                label => label.Key,
                label => Template.PlainText(label.Value),
                StringComparer.Ordinal
            );

        static string? Text(JsonNode? node) =>
            node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;

        return new SparkKubernetesSettings
        {
            Namespace = Text(settings["namespace"]),
            Image = Text(settings["image"]),
            ServiceAccount = Text(settings["serviceAccount"]),
            DriverTemplate = settings["driverTemplate"]?.DeepClone() as JsonObject,
            ExecutorTemplate = settings["executorTemplate"]?.DeepClone() as JsonObject,
            NodeSelector = Labels(settings["nodeSelector"]),
            ExecutorNodeSelector = Labels(settings["executorNodeSelector"]),
            Tolerations = settings["tolerations"]?.DeepClone() as JsonArray ?? [],
        };
    }
}
