using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Engines.Http;

/// <summary>A request that a task makes, its templates filled in, and what is expected of the answer.</summary>
internal sealed record HttpSettings
{
    private static readonly JsonSerializerOptions Json = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 256,
    };

    public required string Method { get; init; }

    public required Uri Url { get; init; }

    public required IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; }

    /// <summary>What is sent; null for nothing.</summary>
    public byte[]? Body { get; init; }

    /// <summary>The type of <see cref="Body"/> unless a header says otherwise.</summary>
    public string BodyType { get; init; } = "text/plain; charset=utf-8";

    public required TimeSpan Timeout { get; init; }

    /// <summary>The statuses that are a success; empty means 200 to 299.</summary>
    public required IReadOnlyList<HttpStatusRange> Statuses { get; init; }

    public required IReadOnlyList<HttpExpectation> Expectations { get; init; }

    /// <summary>Whether the task itself names this status.</summary>
    public bool Names(int status) => Statuses.Any(range => range.Holds(status));

    /// <summary>Whether an answer of this status is a success.</summary>
    public bool Accepts(int status) => Statuses.Count == 0 ? HttpStatusRange.Success.Holds(status) : Names(status);

    /// <summary>Reads the settings of an <c>http</c> task.</summary>
    /// <exception cref="FormatException">The settings, or the values in them, make no request; the message names the field.</exception>
    /// <exception cref="TemplateException">A template has no value.</exception>
    public static HttpSettings Read(JsonObject settings, TemplateScope scope)
    {
        var expect = settings["expect"] as JsonObject;
        var body = settings["body"];
        return new HttpSettings
        {
            Method = Text(settings["method"]) ?? "GET",
            Url = HttpAddress.Render(Text(settings["url"]) ?? throw new FormatException("http.url is missing."), scope),
            Headers =
            [
                .. (settings["headers"] as JsonObject ?? []).Select(header =>
                    KeyValuePair.Create(header.Key, HeaderValue(header.Key, header.Value, scope))
                ),
            ],
            Body = body switch
            {
                null => null,
                JsonObject or JsonArray => JsonSerializer.SerializeToUtf8Bytes(Template.FillAll(body, scope), Json),
                _ => Encoding.UTF8.GetBytes(Template.Render(Template.PlainText(body), scope)),
            },
            BodyType = body is JsonObject or JsonArray ? "application/json" : "text/plain; charset=utf-8",
            Timeout = Text(settings["timeout"]) is { } text
                ? DurationText.TryParse(text, out var timeout)
                    ? timeout
                    : throw new FormatException($"http.timeout '{text}' is no length of time.")
                : HttpTaskType.DefaultTimeout,
            Statuses = [.. (expect?["status"] as JsonArray ?? []).Select(StatusRange)],
            Expectations = HttpExpectation.Read(expect?["jsonPath"], scope),
        };
    }

    private static string HeaderValue(string name, JsonNode? value, TemplateScope scope)
    {
        var text = Template.Render(Template.PlainText(value), scope);
        return HttpTaskType.IsHeaderValue(text)
            ? text
            : throw new FormatException($"http.headers.{name}: the value is not one line of text.");
    }

    private static HttpStatusRange StatusRange(JsonNode? node) =>
        HttpStatusRange.TryRead(node, out var range)
            ? range
            : throw new FormatException(
                $"http.expect.status: {node?.ToJsonString()} is not {HttpStatusRange.Examples}."
            );

    private static string? Text(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
