using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Sje.Core.Jobs;

/// <summary>
/// <c>spark: {application: app.py, mainClass: ..., arguments: [...], cluster: lab, driver: {...}, executor: {...}, sparkConf: {...}, ...}</c>, or
/// <c>spark: {sql: "select ..."}</c>. Known to every server; its tasks wait until a worker offers the engine.
/// </summary>
/// <param name="defaultCluster">The cluster of a job that names none (<c>spark.defaultCluster</c>); null for <see cref="LocalCluster"/>.</param>
public sealed partial class SparkTaskType(string? defaultCluster = null) : ITaskType
{
    /// <summary>The cluster that is there without being configured: <c>local[*]</c> on the worker.</summary>
    public const string LocalCluster = "local";

    /// <summary>The property in which SJE marks what it has submitted.</summary>
    public const string MarkProperty = "spark.sje.task";

    /// <summary>The property that holds the storage root for SQL, which names it as <c>${spark.sje.root}</c>.</summary>
    public const string RootProperty = "spark.sje.root";

    private const int MostTexts = 10_000;
    private const string MemoryWanted = "an amount of memory as Spark writes it: 512m, 4g";

    private static readonly string[] Lists =
    [
        "arguments",
        "jars",
        "pyFiles",
        "files",
        "archives",
        "packages",
        "excludePackages",
        "repositories",
    ];

    private static readonly string[] Words = ["queue", "principal", "keytab", "proxyUser", "version"];

    private static readonly string[] Modes = ["cluster", "client"];

    private static readonly string[] Ways = ["auto", "rest", "spark-submit"];

    // Each has a field of its own, or is how SJE finds its applications again.
    private static readonly Dictionary<string, string> OwnProperties = new(StringComparer.Ordinal)
    {
        ["spark.master"] = "Name a 'cluster' instead.",
        ["spark.submit.deployMode"] = "Say 'deployMode' instead.",
        ["spark.app.id"] = "SJE chooses it, to find the application again.",
        ["spark.kubernetes.driver.pod.name"] = "SJE chooses it, to find the application again.",
        [MarkProperty] = "SJE sets it, to find the application again.",
        [RootProperty] = "SJE sets it, to the storage root.",
    };

    /// <inheritdoc/>
    public string Type => "spark";

    /// <inheritdoc/>
    public IReadOnlyList<string> Aliases => ["SparkApp"];

    /// <summary>
    /// Makes texts of numbers and booleans where Spark takes texts: arguments, <c>sparkConf</c>, <c>environment</c>, versions, memory; and
    /// <c>dynamicAllocation: true</c> an object.
    /// </summary>
    public JsonObject Normalise(JsonObject settings) => InOneForm(settings);

    /// <summary>As <see cref="Normalise"/>, for settings that stand elsewhere.</summary>
    public static JsonObject InOneForm(JsonObject settings)
    {
        var result = settings.DeepClone().AsObject();
        if (result["arguments"] is JsonArray arguments)
        {
            for (var index = 0; index < arguments.Count; index++)
            {
                arguments[index] = ScalarAsText(arguments[index]);
            }
        }

        foreach (var name in new[] { "sparkConf", "environment" })
        {
            if (result[name] is JsonObject map)
            {
                foreach (var key in map.Select(entry => entry.Key).ToList())
                {
                    map[key] = ScalarAsText(map[key]);
                }
            }
        }

        foreach (var place in new[] { result, result["cluster"] as JsonObject })
        {
            if (place?["version"] is JsonValue version)
            {
                place["version"] = ScalarAsText(version);
            }
        }

        if (result["dynamicAllocation"]?.GetValueKind() is JsonValueKind.True or JsonValueKind.False)
        {
            result["dynamicAllocation"] = new JsonObject
            {
                ["enabled"] = result["dynamicAllocation"]!.GetValue<bool>(),
            };
        }

        return result;
    }

    /// <summary>
    /// The cluster, the default one where none is named: <c>spark:lab</c>. Null for <see cref="LocalCluster"/>, which is nothing outside the
    /// worker, and where the name is known only when the task runs.
    /// </summary>
    public string? TargetOf(JsonObject settings)
    {
        var written = settings["cluster"] is JsonObject block ? block["name"] : settings["cluster"];
        var name =
            written is null ? defaultCluster ?? LocalCluster
            : written is JsonValue value && value.TryGetValue<string>(out var text) && !HasTemplate(text) ? text
            : null;
        // Names of the configuration know no upper and lower case.
        return name is null || string.Equals(name, LocalCluster, StringComparison.OrdinalIgnoreCase)
            ? null
            : "spark:" + name.ToLowerInvariant();
    }

    /// <inheritdoc/>
    public IEnumerable<Fault> Validate(JsonObject settings, string pointer, IReadOnlyList<JobParameter> parameters) =>
        Validate(settings, pointer, CheckWork);

    /// <summary>
    /// Everything wrong with settings that say how Spark is set up and not what it runs: those that a pipeline keeps
    /// (<c>pipeline.spark</c>).
    /// </summary>
    public static IEnumerable<Fault> ValidateSetup(JsonObject settings, string pointer) =>
        Validate(settings, pointer, (_, _) => { });

    private static IReadOnlyList<Fault> Validate(
        JsonObject settings,
        string pointer,
        Action<Fields, FaultList> checkWork
    )
    {
        var faults = new FaultList();
        var fields = new Fields(settings, pointer, faults);
        checkWork(fields, faults);
        foreach (var name in Lists)
        {
            if (fields.Texts(name) is { Count: > MostTexts } texts)
            {
                faults.Add(fields.At(name), FaultCodes.TooMany, $"{texts.Count:N0} of them; at most {MostTexts:N0}.");
            }
        }

        foreach (var name in Words)
        {
            NotEmpty(fields, name, faults);
        }

        OneOf(fields, "deployMode", Modes, faults);
        OneOf(fields, "submit", Ways, faults);
        if (Template.PlainText(settings["submit"]) == "rest" && Template.PlainText(settings["deployMode"]) == "client")
        {
            faults.Add(
                fields.At("submit"),
                FaultCodes.Conflict,
                "'rest' cannot stand beside deployMode 'client': in client mode the driver is run by spark-submit."
            );
        }

        CheckCluster(fields, faults);
        CheckProcess(fields, "driver", faults, instances: false);
        CheckProcess(fields, "executor", faults, instances: true);
        CheckAllocation(fields, faults);
        CheckProperties(fields, settings, faults);
        CheckTexts(fields, settings, "environment", faults);
        CheckKubernetes(fields, faults);
        if (fields.Has("proxyUser") && (fields.Has("principal") || fields.Has("keytab")))
        {
            faults.Add(
                fields.At("proxyUser"),
                FaultCodes.Conflict,
                "Cannot stand beside principal and keytab: Spark takes the one or the other."
            );
        }

        if (fields.Has("principal") != fields.Has("keytab"))
        {
            fields.Missing(fields.Has("keytab") ? "principal" : "keytab");
        }

        fields.RefuseOthers();
        return faults.ToList();
    }

    /// <summary>Whether a text is an amount of memory as Spark writes it.</summary>
    public static bool IsMemory(string text) => MemoryText().IsMatch(text);

    private static void CheckWork(Fields fields, FaultList faults)
    {
        var application = NotEmpty(fields, "application", faults);
        var sql = NotEmpty(fields, "sql", faults);
        NotEmpty(fields, "mainClass", faults);
        if (application is not null && sql is not null)
        {
            faults.Add(fields.At("sql"), FaultCodes.Conflict, "'sql' cannot stand beside 'application'.");
        }
        else if (!fields.Has("application") && !fields.Has("sql"))
        {
            fields.Missing("application");
        }

        if (sql is not null && fields.Has("mainClass"))
        {
            faults.Add(fields.At("mainClass"), FaultCodes.Conflict, "'mainClass' cannot stand beside 'sql'.");
        }
    }

    private static void CheckCluster(Fields fields, FaultList faults)
    {
        if (fields.Any("cluster") is not JsonObject)
        {
            NotEmpty(fields, "cluster", faults);
            return;
        }

        var cluster = fields.Map("cluster")!;
        NotEmpty(cluster, "name", faults);
        NotEmpty(cluster, "size", faults);
        NotEmpty(cluster, "version", faults);
        CheckProcess(cluster, "driver", faults, instances: false);
        CheckProcess(cluster, "executor", faults, instances: true);
        CheckAllocation(cluster, faults);
        cluster.RefuseOthers();
    }

    private static void CheckProcess(Fields fields, string name, FaultList faults, bool instances)
    {
        if (fields.Map(name) is not { } process)
        {
            return;
        }

        Count(process, "cores", 1, 1_024, faults);
        Memory(process, "memory", faults);
        Memory(process, "memoryOverhead", faults);
        if (instances)
        {
            Count(process, "instances", 1, 100_000, faults);
        }

        process.RefuseOthers();
    }

    private static void CheckAllocation(Fields fields, FaultList faults)
    {
        if (fields.Map("dynamicAllocation") is not { } allocation)
        {
            return;
        }

        allocation.Flag("enabled");
        var fewest = Count(allocation, "minExecutors", 0, 100_000, faults);
        Count(allocation, "initialExecutors", 0, 100_000, faults);
        var most = Count(allocation, "maxExecutors", 1, 100_000, faults);
        if (fewest > most)
        {
            faults.Add(
                allocation.At("maxExecutors"),
                FaultCodes.OutOfRange,
                $"{most} is less than minExecutors, {fewest}."
            );
        }

        allocation.RefuseOthers();
    }

    private static void CheckProperties(Fields fields, JsonObject settings, FaultList faults)
    {
        CheckTexts(fields, settings, "sparkConf", faults);
        foreach (var (name, _) in settings["sparkConf"] as JsonObject ?? [])
        {
            var at = Fault.At(fields.At("sparkConf"), name);
            if (OwnProperties.TryGetValue(name, out var instead))
            {
                faults.Add(at, FaultCodes.Conflict, instead);
            }
            else if (!PropertyName().IsMatch(name))
            {
                faults.Add(
                    at,
                    FaultCodes.InvalidValue,
                    $"{Excerpt.Quote(name)} is no property of Spark: these begin with 'spark.' and have no blanks, '=' or quotes."
                );
            }
        }
    }

    private static void CheckTexts(Fields fields, JsonObject settings, string name, FaultList faults)
    {
        if (fields.Map(name) is not { } map)
        {
            return;
        }

        foreach (var (key, value) in settings[name]!.AsObject())
        {
            if (name == "environment" && !VariableName().IsMatch(key))
            {
                faults.Add(
                    map.At(key),
                    FaultCodes.InvalidValue,
                    $"{Excerpt.Quote(key)} is no name of a variable: a letter or underscore, then letters, digits, underscores (at most 200)."
                );
            }
            else if (value is null)
            {
                faults.Add(
                    map.At(key),
                    FaultCodes.WrongType,
                    "Must be a text, and is null. Write \"\" for an empty value."
                );
            }

            map.Text(key);
        }
    }

    private static void CheckKubernetes(Fields fields, FaultList faults)
    {
        if (fields.Map("kubernetes") is not { } kubernetes)
        {
            return;
        }

        NotEmpty(kubernetes, "namespace", faults);
        NotEmpty(kubernetes, "image", faults);
        NotEmpty(kubernetes, "serviceAccount", faults);
        kubernetes.Object("driverTemplate");
        kubernetes.Object("executorTemplate");
        foreach (var name in new[] { "nodeSelector", "executorNodeSelector" })
        {
            foreach (var (label, _) in kubernetes.Object(name) ?? [])
            {
                kubernetes.Map(name)!.Text(label);
            }
        }

        if (kubernetes.List("tolerations") is { } tolerations)
        {
            for (var index = 0; index < tolerations.Count; index++)
            {
                if (tolerations[index] is not JsonObject)
                {
                    faults.Add(
                        Fault.At(kubernetes.At("tolerations"), index),
                        FaultCodes.WrongType,
                        $"Must be a toleration (v1), and is {Fields.KindOf(tolerations[index])}."
                    );
                }
            }
        }

        kubernetes.RefuseOthers();
    }

    private static string? NotEmpty(Fields fields, string name, FaultList faults)
    {
        var text = fields.Text(name);
        if (text is not null && string.IsNullOrWhiteSpace(text))
        {
            faults.Add(fields.At(name), FaultCodes.InvalidValue, $"'{name}' is empty.");
        }

        return text;
    }

    private static void OneOf(Fields fields, string name, string[] words, FaultList faults)
    {
        if (fields.Text(name) is { } word && !words.Contains(word))
        {
            faults.Add(
                fields.At(name),
                FaultCodes.InvalidValue,
                $"{Excerpt.Quote(word)} is not one of {string.Join(", ", words)}.{NearName.Hint(word, words)}"
            );
        }
    }

    private static int? Count(Fields fields, string name, int least, int most, FaultList faults)
    {
        var count = fields.Whole(name);
        if (count < least || count > most)
        {
            faults.Add(fields.At(name), FaultCodes.OutOfRange, $"Must be from {least:N0} to {most:N0}.");
        }

        return count;
    }

    private static void Memory(Fields fields, string name, FaultList faults)
    {
        if (fields.Text(name) is { } text && !HasTemplate(text) && !IsMemory(text))
        {
            faults.Add(fields.At(name), FaultCodes.InvalidValue, $"{Excerpt.Quote(text)} is not {MemoryWanted}.");
        }
    }

    private static bool HasTemplate(string text) => text.Contains("{{", StringComparison.Ordinal);

    private static JsonNode? ScalarAsText(JsonNode? node) =>
        node?.GetValueKind() is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False
            ? JsonValue.Create(node.ToJsonString())
            : node?.DeepClone();

    // JavaUtils.byteStringAs of Spark, without fractions, which it refuses.
    [GeneratedRegex(
        @"^[1-9][0-9]{0,9}(b|k|kb|m|mb|g|gb|t|tb)\z",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture
    )]
    private static partial Regex MemoryText();

    [GeneratedRegex(@"^spark\.[^\s=""'\\\x00-\x1f]{1,500}\z", RegexOptions.CultureInvariant)]
    private static partial Regex PropertyName();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]{0,199}\z", RegexOptions.CultureInvariant)]
    private static partial Regex VariableName();
}
