using System.Globalization;
using Npgsql;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Web.Failures;
using Sje.Web.Monitoring;

namespace Sje.Web.Hosting;

/// <summary>
/// The settings in force: <c>appsettings.json</c>, <c>sje-config.yaml</c>, <c>SJE_*</c>, the command line, later wins. Unlike stacked
/// configuration providers a later list replaces an earlier one whole, a list may be written <c>a,b</c>, and each value remembers where
/// it came from, for the message when it is wrong.
/// </summary>
internal sealed class SjeConfiguration
{
    private const string OrchestratorCluster = "orchestrator";
    private const string Profile = $"{SparkOptions.Section}:clusters:{OrchestratorCluster}";
    private const string MostExecutors = "spark.dynamicAllocation.maxExecutors";

    private static readonly (string Theirs, string Property)[] OrchestratorSizes =
    [
        ("executor_memory", "spark.executor.memory"),
        ("executor_cores", "spark.executor.cores"),
        ("max_executors", MostExecutors),
    ];

    private readonly SettingsShape shape;
    private readonly Dictionary<string, (string? Value, string Source)> values = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> faults = [];
    private readonly List<string> notes = [];

    private SjeConfiguration(SettingsShape shape) => this.shape = shape;

    /// <summary>The merged values, for a host's configuration.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Values =>
        values.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Value));

    /// <summary>What was read and means nothing here.</summary>
    public IReadOnlyList<string> Notes => notes;

    /// <summary>The connection string, or null.</summary>
    public string? ConnectionString => Get("ConnectionStrings:Sje");

    /// <summary>One value, or null.</summary>
    public string? Get(string key) =>
        values.TryGetValue(key, out var found) && found.Value is { Length: > 0 } value ? value : null;

    /// <summary>Where a value came from, for messages.</summary>
    public string SourceOf(string key) => values.TryGetValue(key, out var found) ? found.Source : "default";

    /// <summary>Reads every source. Nothing is thrown for wrong values; <see cref="Check"/> tells them.</summary>
    /// <exception cref="FailureException">A file cannot be read at all.</exception>
    public static SjeConfiguration Read(
        SjeHome home,
        SettingsShape shape,
        IEnumerable<KeyValuePair<string, string?>> commandLine
    )
    {
        var configuration = new SjeConfiguration(shape);
        // Where SJE_HOME names another folder than the one we stand in, users' paths start there too.
        configuration.Add(
            "default",
            [
                KeyValuePair.Create("storage:root", (string?)home.Folder),
                KeyValuePair.Create("worker:queues", (string?)"default,swarm"),
            ]
        );
        var beside = Path.Combine(AppContext.BaseDirectory, "appsettings.json");
        var own = Path.Combine(home.Folder, "appsettings.json");
        configuration.AddFile(beside, builder => builder.AddJsonFile(beside));
        if (own != beside)
        {
            configuration.AddFile(own, builder => builder.AddJsonFile(own));
        }

        var yaml = Path.Combine(home.Folder, "sje-config.yaml");
        configuration.AddFile(yaml, builder => builder.AddYamlFile(yaml));
        configuration.Add("environment", EnvironmentValues());
        configuration.Add("command line", commandLine);
        configuration.ReadOriginalSections();
        configuration.ReadOrchestratorSections();
        return configuration;
    }

    /// <summary>Every fault at once.</summary>
    /// <exception cref="FailureException">There is one or more.</exception>
    public void Check()
    {
        var faults = this.faults.Concat(new SettingsCheck(shape, this).Faults()).ToList();
        if (faults.Count > 0)
        {
            throw new FailureException(
                faults.Count == 1
                    ? "The configuration is wrong: " + faults[0]
                    : $"The configuration is wrong in {faults.Count} places:",
                ExitCodes.Configuration,
                faults.Count == 1 ? [] : faults
            );
        }
    }

    private void AddFile(string path, Action<IConfigurationBuilder> add)
    {
        if (!File.Exists(path))
        {
            return;
        }

        try
        {
            var builder = new ConfigurationBuilder();
            add(builder);
            Add(Path.GetFileName(path), builder.Build().AsEnumerable());
        }
        catch (Exception unreadable)
            when (unreadable
                    is InvalidDataException
                        or FormatException
                        or IOException
                        or UnauthorizedAccessException
                        or YamlDotNet.Core.YamlException
            )
        {
            var why = (unreadable.InnerException ?? unreadable).Message;
            throw new FailureException($"{path} cannot be read: {why}");
        }
    }

    private static List<KeyValuePair<string, string?>> EnvironmentValues()
    {
        var values = new ConfigurationBuilder().AddEnvironmentVariables("SJE_").Build().AsEnumerable().ToList();
        if (Environment.GetEnvironmentVariable("SJE_DB") is { Length: > 0 } database)
        {
            values.Add(KeyValuePair.Create("ConnectionStrings:Sje", (string?)database));
        }

        return values;
    }

    private void Add(string source, IEnumerable<KeyValuePair<string, string?>> pairs)
    {
        var values = new List<KeyValuePair<string, string?>>();
        foreach (var (key, value) in pairs)
        {
            if (value is not null && shape.BytesKey(key) is { } bytesKey)
            {
                if (SizeText.TryParse(value, out var bytes))
                {
                    values.Add(KeyValuePair.Create(bytesKey, (string?)bytes.ToString(CultureInfo.InvariantCulture)));
                }
                else
                {
                    faults.Add($"{key} is '{value}' ({source}): {SizeText.Examples} is needed");
                }
            }
            else if (value is not null && shape.IsList(key))
            {
                var items = value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                values.AddRange(items.Select((item, index) => KeyValuePair.Create($"{key}:{index}", (string?)item)));
            }
            else
            {
                values.Add(KeyValuePair.Create(key, value));
            }
        }

        foreach (
            var list in values
                .Select(pair => Parent(pair.Key))
                .Where(shape.IsList)
                .Distinct(StringComparer.OrdinalIgnoreCase)
                .ToList()
        )
        {
            foreach (
                var old in this
                    .values.Keys.Where(key => key.StartsWith(list + ":", StringComparison.OrdinalIgnoreCase))
                    .ToList()
            )
            {
                this.values.Remove(old);
            }
        }

        foreach (var (key, value) in values.Where(pair => pair.Value is not null))
        {
            this.values[key] = (value, source);
        }
    }

    /// <summary>The sections of the system that SJE replaces, so that its files go on working. What is said in our own words wins.</summary>
    private void ReadOriginalSections()
    {
        if (HasSection("rabbitMqConfig"))
        {
            notes.Add("rabbitMqConfig is not used: PostgreSQL is the queue");
        }

        foreach (var name in new[] { "cpus", "memory" })
        {
            var key = "executorNodeConfig:" + name;
            var ours = shape.BytesKey("worker:" + name) ?? "worker:" + name;
            if (Get(key) is { } value && Get(ours) is null)
            {
                Add($"{key} in {SourceOf(key)}", [KeyValuePair.Create("worker:" + name, (string?)value)]);
            }
        }

        // Of the original's section only some words are ours too; one that is nearly ours is a mistake, and stays to be told as one.
        var watching = SettingsShape.Properties(typeof(MonitoringOptions)).Select(property => property.Name).ToList();
        foreach (
            var key in values
                .Keys.Where(key => key.StartsWith(MonitoringOptions.Section + ":", StringComparison.OrdinalIgnoreCase))
                .Where(key => !watching.Contains(key.Split(':')[1], StringComparer.OrdinalIgnoreCase))
                .Where(key => NearName.Find(key.Split(':')[1], watching) is null)
                .ToList()
        )
        {
            notes.Add($"{key} ({SourceOf(key)}) means nothing here");
            values.Remove(key);
        }

        if (!HasSection("dbConfig"))
        {
            return;
        }

        var type = Get("dbConfig:type");
        if (type is not null && type.ToUpperInvariant() is not ("POSTGRES" or "POSTGRESQL" or "PG"))
        {
            faults.Add($"dbConfig:type is '{type}' ({SourceOf("dbConfig:type")}): SJE keeps its data in postgresql");
        }

        var port = 5432;
        if (Get("dbConfig:port") is { } text && (!int.TryParse(text, out port) || port is < 1 or > 65535))
        {
            faults.Add($"dbConfig:port is '{text}' ({SourceOf("dbConfig:port")}): a port is a number from 1 to 65535");
            return;
        }

        if (ConnectionString is null)
        {
            var built = new NpgsqlConnectionStringBuilder
            {
                Host = Get("dbConfig:host") ?? "127.0.0.1",
                Port = port,
                Database = Get("dbConfig:database") ?? "sje",
                Username = Get("dbConfig:username") ?? Get("dbConfig:user"),
                Password = Get("dbConfig:password"),
            };
            values["ConnectionStrings:Sje"] = (built.ConnectionString, "dbConfig in " + SourceOf("dbConfig:host"));
        }
    }

    /// <summary>
    /// The blocks of the job orchestrator's server file, <c>engines: {spark: {...}, local: {...}}</c> or the two by themselves: a cluster
    /// profile, and a worker's slots. What is said in our own words wins.
    /// </summary>
    private void ReadOrchestratorSections()
    {
        foreach (var block in new[] { "engines:spark", SparkOptions.Section })
        {
            if (Take(block + ":master") is var (master, source))
            {
                Put($"{Profile}:master", master, source);
                Put($"{SparkOptions.Section}:defaultCluster", OrchestratorCluster, source);
            }

            foreach (var (theirs, property) in OrchestratorSizes)
            {
                if (Take($"{block}:{theirs}") is var (value, from))
                {
                    Put($"{Profile}:sparkConf:{property}", value, from);
                }
            }
        }

        if (Get($"{Profile}:sparkConf:{MostExecutors}") is not null)
        {
            // Spark heeds a most only while it decides how many there are.
            Put(
                $"{Profile}:sparkConf:spark.dynamicAllocation.enabled",
                "true",
                SourceOf($"{Profile}:sparkConf:{MostExecutors}")
            );
        }

        if (HasSection(Profile) && Get($"{Profile}:master") is null)
        {
            Put($"{Profile}:master", "local[*]", "default");
        }

        foreach (var block in new[] { "engines:local", "local", SparkOptions.Section + ":local" })
        {
            if (Take(block + ":max_workers") is var (slots, source))
            {
                Put("worker:slots", slots, source);
            }
        }
    }

    /// <summary>Takes a value that is in the words of another system out of the settings.</summary>
    private (string Value, string Source)? Take(string key)
    {
        if (Get(key) is not { } value)
        {
            return null;
        }

        var source = $"{key} in {SourceOf(key)}";
        values.Remove(key);
        return (value, source);
    }

    private void Put(string key, string value, string source)
    {
        if (Get(key) is null)
        {
            values[key] = (value, source);
        }
    }

    private bool HasSection(string name) =>
        values.Keys.Any(key =>
            key.Equals(name, StringComparison.OrdinalIgnoreCase)
            || key.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)
        );

    private static string Parent(string key) => key.LastIndexOf(':') is > 0 and var end ? key[..end] : "";
}
