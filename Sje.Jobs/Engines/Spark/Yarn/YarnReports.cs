using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sje.Jobs.Engines.Spark.Yarn;

/// <summary>Reads YARN's JSON leniently: figures may be text, a list of one may be no list, anything may be absent.</summary>
internal static class YarnJson
{
    public static string? Text(this JsonNode? node, string name) =>
        (node as JsonObject)?[name] switch
        {
            JsonValue value => value.GetValueKind() == JsonValueKind.String
                ? value.GetValue<string>()
                : value.ToJsonString(),
            _ => null,
        };

    public static long? Number(this JsonNode? node, string name) =>
        double.TryParse(node.Text(name), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? (long)number
            : null;

    public static IEnumerable<JsonNode> Items(this JsonNode? node) =>
        node switch
        {
            JsonArray array => array.OfType<JsonNode>(),
            JsonObject single => [single],
            _ => [],
        };
}

/// <summary>What a ResourceManager says of itself. Two are equal when it is the same process, in the same role since.</summary>
internal sealed record ResourceManagerInfo(Uri Address, string State, string StartedOn)
{
    public static ResourceManagerInfo? Of(ResourceManagerAnswer answer) =>
        answer.Status == 200 && answer.Json?["clusterInfo"] is JsonObject info && info.Text("haState") is { } state
            ? new(answer.Address, state, info.Text("startedOn") ?? "")
            : null;
}

/// <summary>A reserved id, and the largest container there can be.</summary>
internal sealed record YarnNewApplication(string Id, long MostMiB, long MostCores);

/// <summary>An application as the ResourceManager reports it.</summary>
internal sealed record YarnApplication(string Id, string State, string FinalStatus)
{
    public string Diagnostics { get; init; } = "";

    public string Queue { get; init; } = "";

    public string? TrackingUrl { get; init; }

    public string? LogAggregation { get; init; }

    public bool IsFinal => State is "FINISHED" or "FAILED" or "KILLED";

    public static YarnApplication Of(JsonNode app) =>
        new(app.Text("id") ?? "", app.Text("state") ?? "", app.Text("finalStatus") ?? "UNDEFINED")
        {
            Diagnostics = app.Text("diagnostics") ?? "",
            Queue = app.Text("queue") ?? "",
            TrackingUrl = app.Text("trackingUrl"),
            LogAggregation = app.Text("logAggregationStatus"),
        };
}

/// <summary>One try of YARN to run an application's driver.</summary>
internal sealed record YarnAttempt(int Number, string Id, string ContainerId)
{
    /// <summary>Where the NodeManager of its container answers, <c>host:port</c>.</summary>
    public string? Node { get; init; }

    public string? State { get; init; }

    public static YarnAttempt Of(JsonNode attempt) =>
        new(
            (int)(attempt.Number("id") ?? 0),
            attempt.Text("appAttemptId") ?? "",
            attempt.Text("containerId") is { Length: > 0 } container && container != "null" ? container : ""
        )
        {
            Node = attempt.Text("nodeHttpAddress") is { Length: > 0 } node ? node : null,
            State = attempt.Text("appAttemptState"),
        };
}

/// <summary>A container of an application that runs.</summary>
internal sealed record YarnContainer(string Id, string? Node)
{
    public static YarnContainer Of(JsonNode container) =>
        new(
            container.Text("containerId") ?? "",
            container.Text("nodeHttpAddress") is { Length: > 0 } node ? node
                : (container.Text("logUrl") is { } log && Uri.TryCreate(log, UriKind.Absolute, out var url))
                    ? url.Authority
                : null
        );
}
