using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Engines.Spark.Planning;

/// <summary>The settings of a <c>spark</c> task, its templates filled in.</summary>
internal sealed record SparkSettings
{
    public string? Application { get; init; }

    public string? Sql { get; init; }

    public string? MainClass { get; init; }

    public string? Cluster { get; init; }

    public string? Size { get; init; }

    public string? Version { get; init; }

    public string? DeployMode { get; init; }

    /// <summary><c>auto</c>, <c>rest</c> or <c>spark-submit</c>; null for <c>auto</c>.</summary>
    public string? Submit { get; init; }

    public string? Queue { get; init; }

    public string? Principal { get; init; }

    public string? Keytab { get; init; }

    public string? ProxyUser { get; init; }

    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Lists { get; init; }

    public required IReadOnlyDictionary<string, string> SparkConf { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Spark properties that follow from <c>driver</c>, <c>executor</c> and <c>dynamicAllocation</c>.</summary>
    public required IReadOnlyDictionary<string, string> Sizing { get; init; }

    public JsonObject Kubernetes { get; init; } = [];

    /// <summary>The values of one of the lists: <c>arguments</c>, <c>jars</c>, ...</summary>
    public IReadOnlyList<string> List(string name) => Lists.TryGetValue(name, out var list) ? list : [];

    /// <summary>Reads the settings of a task.</summary>
    /// <exception cref="FormatException">They are not as the job file's rules say; the message names the field.</exception>
    /// <exception cref="TemplateException">A template has no value.</exception>
    public static SparkSettings Read(JsonObject settings, TemplateScope scope)
    {
        string? Text(string name) => Value(settings[name], name, scope);
        var cluster = settings["cluster"] as JsonObject;
        var sizing = new Dictionary<string, string>(StringComparer.Ordinal);
        // What stands at the task itself is the narrower word.
        foreach (var place in new[] { cluster, settings })
        {
            AddProcess(sizing, place?["driver"], "driver", scope);
            AddProcess(sizing, place?["executor"], "executor", scope);
            AddAllocation(sizing, place?["dynamicAllocation"], scope);
        }

        return new SparkSettings
        {
            Application = Text("application"),
            Sql = Text("sql"),
            MainClass = Text("mainClass"),
            Cluster = cluster is null ? Text("cluster") : Value(cluster["name"], "cluster.name", scope),
            Size = Value(cluster?["size"], "cluster.size", scope),
            Version = Text("version") ?? Value(cluster?["version"], "cluster.version", scope),
            DeployMode = Text("deployMode"),
            Submit = Text("submit"),
            Queue = Text("queue"),
            Principal = Text("principal"),
            Keytab = Text("keytab"),
            ProxyUser = Text("proxyUser"),
            Lists = settings
                .Where(field => field.Value is JsonArray)
                .ToDictionary(
                    field => field.Key,
                    IReadOnlyList<string> (field) =>
                        [
                            .. ((JsonArray)field.Value!).Select(
                                (item, index) => Value(item, $"{field.Key}[{index}]", scope) ?? ""
                            ),
                        ],
                    StringComparer.Ordinal
                ),
            SparkConf = Map(settings["sparkConf"], "sparkConf", scope),
            Environment = Map(settings["environment"], "environment", scope),
            Sizing = sizing,
            Kubernetes = settings["kubernetes"] is JsonObject kubernetes
                ? (JsonObject)Template.RenderAll(kubernetes, scope)!
                : [],
        };
    }

    private static void AddProcess(Dictionary<string, string> sizing, JsonNode? node, string name, TemplateScope scope)
    {
        foreach (var field in new[] { "cores", "memory", "memoryOverhead", "instances" })
        {
            var at = $"{name}.{field}";
            if (Value((node as JsonObject)?[field], at, scope) is not { } value)
            {
                continue;
            }

            if (field.StartsWith("memory", StringComparison.Ordinal) && !SparkTaskType.IsMemory(value))
            {
                throw new FormatException(
                    $"spark.{at}: '{value}' is not an amount of memory as Spark writes it: 512m, 4g."
                );
            }

            sizing[$"spark.{name}.{field}"] = value;
        }
    }

    private static void AddAllocation(Dictionary<string, string> sizing, JsonNode? node, TemplateScope scope)
    {
        if (node is not JsonObject allocation)
        {
            return;
        }

        var enabled = Value(allocation["enabled"], "dynamicAllocation.enabled", scope) ?? "true";
        sizing["spark.dynamicAllocation.enabled"] = enabled;
        foreach (var field in new[] { "minExecutors", "initialExecutors", "maxExecutors" })
        {
            if (Value(allocation[field], "dynamicAllocation." + field, scope) is { } value)
            {
                sizing["spark.dynamicAllocation." + field] = value;
            }
        }
    }

    private static Dictionary<string, string> Map(JsonNode? node, string name, TemplateScope scope)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in node as JsonObject ?? [])
        {
            result[key] = Value(value, $"{name}.{key}", scope) ?? "";
        }

        return result;
    }

    private static string? Value(JsonNode? node, string name, TemplateScope scope)
    {
        var text = node switch
        {
            null => null,
            JsonValue value when value.TryGetValue<string>(out var template) => Template.Render(template, scope),
            JsonValue value => Template.PlainText(value),
            _ => throw new FormatException($"spark.{name} must be text."),
        };
        return text?.Contains('\0', StringComparison.Ordinal) == true
            ? throw new FormatException($"spark.{name} holds a NUL character.")
            : text;
    }
}
