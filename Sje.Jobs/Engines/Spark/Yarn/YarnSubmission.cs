using System.Globalization;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Reliability;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;

namespace Sje.Jobs.Engines.Spark.Yarn;

/// <summary>
/// The request that makes YARN start an application's driver, as Spark's own client would send it, without a staging directory: Spark's
/// ApplicationMaster reads its properties and the list of the executors' files from two files that its command itself writes into the
/// container. That keeps them off the process list, and leaves nothing behind anywhere.
/// </summary>
internal static class YarnSubmission
{
    private const string MaxAttempts = "spark.yarn.maxAppAttempts";

    // Else Java takes arguments, variables and the names of files for ASCII.
    private const string Language = "C.UTF-8";

    // What this class has already done with them, or sets itself.
    private static readonly HashSet<string> Consumed = new(StringComparer.Ordinal)
    {
        "spark.jars",
        "spark.files",
        "spark.archives",
        "spark.submit.pyFiles",
        "spark.yarn.dist.jars",
        "spark.yarn.dist.files",
        "spark.yarn.dist.archives",
        "spark.yarn.dist.pyFiles",
        "spark.yarn.archive",
        "spark.yarn.jars",
    };

    /// <summary>
    /// Whether an application can be submitted by REST; <paramref name="why"/> says why not, for the log. What it says no to is for
    /// <c>spark-submit</c>.
    /// </summary>
    public static bool Covers(SparkApplication application, out string? why)
    {
        why = YarnCoverage.WhyNot(application);
        return why is null;
    }

    /// <summary>What the tags of ours begin with.</summary>
    public const string TagPrefix = "sje-";

    /// <summary>The tag by which people find the application: the mark, as YARN writes tags.</summary>
    public static string TagOf(string mark) => TagPrefix + mark.Replace('/', '-').ToLowerInvariant();

    /// <summary>The queue it goes to.</summary>
    public static string QueueOf(SparkApplication application) =>
        application.Queue
        ?? application.Properties.GetValueOrDefault("spark.yarn.queue")
        ?? application.Cluster.Queue
        ?? "default";

    /// <summary>The user who is named to YARN.</summary>
    public static string UserOf(SparkClusterOptions cluster) =>
        cluster.User is { Length: > 0 } user ? user : Environment.UserName;

    /// <summary>What is wrong with the application itself, before a cluster is asked; null for nothing.</summary>
    public static TaskError? Check(SparkApplication application)
    {
        var faults = new List<string>();
        try
        {
            YarnSizing.Of(application);
        }
        catch (FormatException e)
        {
            faults.Add(e.Message);
        }

        var files = YarnFiles.Of(application);
        faults.AddRange(files.Faults);
        foreach (var path in files.Resources.Select(resource => resource.Path).Distinct(StringComparer.Ordinal))
        {
            if (!Path.IsPathRooted(path))
            {
                faults.Add($"{path}: not an absolute path.");
            }
            else if (!File.Exists(path))
            {
                faults.Add(
                    Directory.Exists(path)
                        ? $"{path}: a folder, where a file must be."
                        : $"{path}: there is no such file."
                );
            }
        }

        foreach (var (name, value) in application.Environment)
        {
            if (!YarnShell.IsName(name))
            {
                faults.Add($"environment: '{name}' is no name of a variable.");
            }
            else if (application.IsPython && !value.Contains('\0') && !YarnShell.IsPlain(value))
            {
                // Spark hands the value to Python workers as it is and to the executor by YARN's script: no text is right for both.
                faults.Add(
                    $"environment.{name}: Spark's executors on YARN cannot be given a value with any of \" $ ` \\ {{{{ }}}}. Use an argument or a file, or spark.yarn.appMasterEnv.{name} for the driver alone."
                );
            }
        }

        if (Texts(application).Any(text => text.Contains('\0', StringComparison.Ordinal)))
        {
            faults.Add(
                "An argument, a property or a variable has a NUL character in it, which no program can be given."
            );
        }

        return faults.Count == 0 ? null : new TaskError(FailureClasses.Invalid, string.Join(" ", faults));
    }

    /// <summary>The body of the request.</summary>
    /// <param name="application">What to submit; <see cref="Check"/> has nothing against it.</param>
    /// <param name="applicationId">Its id, from <c>new-application</c>.</param>
    /// <param name="hadoop">Hadoop's settings, for driver and executors.</param>
    /// <exception cref="IOException">A file cannot be looked at.</exception>
    public static JsonObject Body(
        SparkApplication application,
        string applicationId,
        IReadOnlyDictionary<string, string> hadoop
    )
    {
        var sizing = YarnSizing.Of(application);
        var files = YarnFiles.Of(application);
        var spark = NodeSpark.Jars(application);
        var properties = PropertiesOf(application, applicationId, files, spark, hadoop);
        var resources = files.Resources.Select(resource => (resource, status: Status(resource.Path))).ToList();
        var body = new JsonObject
        {
            ["application-id"] = applicationId,
            ["application-name"] = application.Name,
            ["application-type"] = "SPARK",
            ["application-tags"] = new JsonObject { ["tag"] = new JsonArray([.. Tags(application)]) },
            ["queue"] = QueueOf(application),
            ["max-app-attempts"] = int.Parse(properties[MaxAttempts], CultureInfo.InvariantCulture),
            ["resource"] = new JsonObject { ["memory"] = sizing.DriverMiB, ["vCores"] = sizing.DriverCores },
            ["am-container-spec"] = new JsonObject
            {
                ["commands"] = new JsonObject
                {
                    ["command"] = YarnCommand.Of(application, applicationId, sizing, files, properties, resources),
                },
                ["environment"] = Entries(
                    EnvironmentOf(application, applicationId, files, spark),
                    value => JsonValue.Create(value)
                ),
                ["local-resources"] = Entries(
                    resources.Select(r => KeyValuePair.Create(r.resource.Link, r)),
                    r => new JsonObject
                    {
                        ["resource"] = r.resource.Uri,
                        ["type"] = r.resource.Type,
                        ["visibility"] = "PRIVATE",
                        ["size"] = r.status.Size,
                        ["timestamp"] = r.status.Timestamp,
                    }
                ),
            },
        };
        if (Acls(application) is { Count: > 0 } acls)
        {
            body["am-container-spec"]!["application-acls"] = Entries(acls, value => JsonValue.Create(value)); // set above
        }

        if (properties.TryGetValue("spark.yarn.am.nodeLabelExpression", out var label))
        {
            body["am-container-node-label-expression"] = label;
        }

        if (
            properties.TryGetValue("spark.yarn.priority", out var text)
            && int.TryParse(text, CultureInfo.InvariantCulture, out var priority)
        )
        {
            body["priority"] = priority;
        }

        if (properties.TryGetValue("spark.yarn.rolledLog.includePattern", out var pattern))
        {
            body["log-aggregation-context"] = new JsonObject
            {
                ["log-include-pattern"] = ".*",
                ["log-exclude-pattern"] = "",
                ["rolled-log-include-pattern"] = pattern,
                ["rolled-log-exclude-pattern"] = properties.GetValueOrDefault(
                    "spark.yarn.rolledLog.excludePattern",
                    ""
                ),
            };
        }

        return body;
    }

    /// <summary>All that goes through the launch script.</summary>
    public static IEnumerable<string> Texts(SparkApplication application) =>
        application
            .Arguments.Concat(application.Properties.Keys)
            .Concat(application.Properties.Values)
            .Concat(application.Environment.Keys)
            .Concat(application.Environment.Values);

    private static SortedDictionary<string, string> PropertiesOf(
        SparkApplication application,
        string applicationId,
        YarnFiles files,
        string? spark,
        IReadOnlyDictionary<string, string> hadoop
    )
    {
        var properties = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in hadoop)
        {
            properties["spark.hadoop." + name] = value;
        }

        foreach (var (name, value) in application.Environment)
        {
            properties["spark.executorEnv." + name] = YarnShell.Value(value);
        }

        properties.TryAdd("spark.executorEnv.LANG", Language);
        // One driver at a time: with more, a second one may start while the first still runs on a node that nobody hears of.
        properties[MaxAttempts] = "1";
        foreach (var (name, value) in application.Properties.Where(property => !Consumed.Contains(property.Key)))
        {
            properties[name] = value;
        }

        if (!int.TryParse(properties[MaxAttempts], CultureInfo.InvariantCulture, out var attempts) || attempts < 1)
        {
            properties[MaxAttempts] = "1";
        }

        properties["spark.master"] = "yarn";
        properties["spark.submit.deployMode"] = "cluster";
        properties["spark.app.name"] = application.Name;
        properties["spark.yarn.app.id"] = applicationId;
        if (spark is not null)
        {
            properties["spark.yarn.jars"] = spark;
        }

        if (files.SecondaryJars.Count > 0)
        {
            properties["spark.yarn.secondary.jars"] = string.Join(',', files.SecondaryJars);
        }

        if (application.IsPython)
        {
            properties["spark.yarn.isPython"] = "true";
            properties["spark.executorEnv.PYTHONPATH"] = PythonPath(
                application,
                files,
                application.Properties.GetValueOrDefault("spark.executorEnv.PYTHONPATH")
                    ?? application.Environment.GetValueOrDefault("PYTHONPATH")
            );
        }
        else if (files.Main != YarnFiles.ApplicationJar)
        {
            properties["spark.yarn.user.jar"] = "local:" + files.Main;
        }

        return properties;
    }

    private static Dictionary<string, string> EnvironmentOf(
        SparkApplication application,
        string applicationId,
        YarnFiles files,
        string? spark
    )
    {
        const string Prefix = "spark.yarn.appMasterEnv.";
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["LANG"] = Language };
        if (
            application is { IsPython: true, Installation: { Python: { } python, Home: var home } }
            && NodeSpark.HomeOf(application) == home
        )
        {
            environment["PYSPARK_PYTHON"] = YarnShell.Value(python);
        }

        foreach (var (name, value) in application.Environment)
        {
            environment[name] = YarnShell.Value(value);
        }

        foreach (
            var (name, value) in application.Properties.Where(property =>
                property.Key.StartsWith(Prefix, StringComparison.Ordinal)
                && YarnShell.IsName(property.Key[Prefix.Length..])
            )
        )
        {
            environment[name[Prefix.Length..]] = YarnShell.ValueWithReferences(value);
        }

        IEnumerable<string?> classPath =
        [
            Value(application, "spark.driver.extraClassPath"),
            "{{PWD}}",
            environment.GetValueOrDefault("CLASSPATH"),
            spark is null ? $"{{{{PWD}}}}/{YarnFiles.SparkFolder}/*" : null,
            .. (spark ?? "")
                .Split(',', StringSplitOptions.RemoveEmptyEntries)
                .Select(jar => YarnShell.Value(YarnFile.Parse(jar).Path)),
            "{{HADOOP_CONF_DIR}}",
        ];
        environment["CLASSPATH"] = string.Join("<CPS>", classPath.Where(entry => entry is { Length: > 0 }));
        environment["SPARK_USER"] = YarnShell.Value(UserOf(application.Cluster));
        // The driver deletes this folder at its end.
        environment["SPARK_YARN_STAGING_DIR"] = $"file:///tmp/sje-none-{applicationId}";
        if (Value(application, "spark.driver.extraLibraryPath") is { } libraries)
        {
            environment["LD_LIBRARY_PATH"] =
                libraries + "<CPS>" + environment.GetValueOrDefault("LD_LIBRARY_PATH", "{{LD_LIBRARY_PATH}}");
        }

        if (application.IsPython)
        {
            environment["PYTHONPATH"] = PythonPath(application, files, environment.GetValueOrDefault("PYTHONPATH"));
        }

        return environment;
    }

    private static string? Value(SparkApplication application, string property) =>
        application.Properties.TryGetValue(property, out var value) && value.Length > 0
            ? YarnShell.ValueWithReferences(value)
            : null;

    private static string PythonPath(SparkApplication application, YarnFiles files, string? given) =>
        string.Join(
            "<CPS>",
            (given is { Length: > 0 } ? new[] { given } : [])
                .Concat((NodeSpark.PythonLibraries(application) ?? []).Select(YarnShell.Value))
                .Concat(files.PythonPath)
        );

    // A node refuses a file that is not as it was said to be here.
    private static (long Size, long Timestamp) Status(string path)
    {
        var target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        var file = new FileInfo(target);
        return (file.Length, new DateTimeOffset(file.LastWriteTimeUtc).ToUnixTimeMilliseconds());
    }

    private static IEnumerable<JsonNode> Tags(SparkApplication application) =>
        application
            .Properties.GetValueOrDefault("spark.yarn.tags", "")
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Append(TagOf(application.Properties[SparkMark.Property]))
            .Select(tag => tag.ToLowerInvariant())
            .Distinct(StringComparer.Ordinal)
            .Select(tag => (JsonNode)JsonValue.Create(tag));

    private static Dictionary<string, string> Acls(SparkApplication application)
    {
        string Of(string what) =>
            string.Join(
                ',',
                new[] { UserOf(application.Cluster) }
                    .Concat(List($"spark.{what}.acls"))
                    .Concat(List("spark.admin.acls"))
                    .Distinct(StringComparer.Ordinal)
            )
            + " "
            + string.Join(
                ',',
                List($"spark.{what}.acls.groups")
                    .Concat(List("spark.admin.acls.groups"))
                    .Distinct(StringComparer.Ordinal)
            );
        string[] List(string property) =>
            application
                .Properties.GetValueOrDefault(property, "")
                .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

        return application.Properties.Keys.Any(key =>
            key.StartsWith("spark.ui.view.acls", StringComparison.Ordinal)
            || key.StartsWith("spark.modify.acls", StringComparison.Ordinal)
            || key.StartsWith("spark.admin.acls", StringComparison.Ordinal)
        )
            ? new() { ["VIEW_APP"] = Of("ui.view"), ["MODIFY_APP"] = Of("modify") }
            : [];
    }

    private static JsonObject Entries<T>(IEnumerable<KeyValuePair<string, T>> pairs, Func<T, JsonNode?> value) =>
        new()
        {
            ["entry"] = new JsonArray([
                .. pairs.Select(pair => (JsonNode)new JsonObject { ["key"] = pair.Key, ["value"] = value(pair.Value) }),
            ]),
        };
}
