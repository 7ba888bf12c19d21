using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Sje.Core.Jobs;

/// <summary>
/// <c>http: {method: POST, url: https://..., headers: {A: b}, body: text or {...}, timeout: 30s, expect: {status: [2xx], jsonPath: ...}}</c>.
/// </summary>
public sealed partial class HttpTaskType : ITaskType
{
    /// <summary>How long a request may take when the task does not say.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(1);

    private const int LongestAddress = 8_192;
    private const int MostHeaders = 100;
    private const int MostPaths = 100;
    private const string AddressWanted = "an address that begins with http:// or https://";

    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(1);
    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

    // They say how a message travels, which the program decides.
    private static readonly HashSet<string> OwnHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection",
        "Content-Length",
        "Expect",
        "Keep-Alive",
        "Proxy-Authorization",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
    };

    /// <inheritdoc/>
    public string Type => "http";

    /// <inheritdoc/>
    public IReadOnlyList<string> Aliases => [];

    /// <summary>The method in capitals, header values as texts, and <c>expect.status</c> and <c>expect.jsonPath</c> as lists where one is written.</summary>
    public JsonObject Normalise(JsonObject settings)
    {
        var result = settings.DeepClone().AsObject();
        if (result["method"] is JsonValue method && method.TryGetValue<string>(out var name))
        {
            result["method"] = name.ToUpperInvariant();
        }

        if (result["headers"] is JsonObject headers)
        {
            foreach (var header in headers.Select(header => header.Key).ToList())
            {
                headers[header] = headers[header]?.GetValueKind()
                    is JsonValueKind.Number
                        or JsonValueKind.True
                        or JsonValueKind.False
                    ? JsonValue.Create(Template.PlainText(headers[header]))
                    : headers[header]?.DeepClone();
            }
        }

        if (result["expect"] is JsonObject expect)
        {
            foreach (var field in new[] { "status", "jsonPath" })
            {
                if (expect[field] is JsonValue one)
                {
                    expect[field] = new JsonArray(one.DeepClone());
                }
            }
        }

        return result;
    }

    /// <inheritdoc/>
    public IEnumerable<Fault> Validate(JsonObject settings, string pointer, IReadOnlyList<JobParameter> parameters)
    {
        var faults = new FaultList();
        var fields = new Fields(settings, pointer, faults);
        if (fields.Text("method") is { } method && !Methods.Contains(method))
        {
            faults.Add(
                fields.At("method"),
                FaultCodes.InvalidValue,
                $"{Excerpt.Quote(method)} is no method.{NearName.Hint(method, Methods)} Known are {string.Join(", ", Methods)}."
            );
        }

        if (fields.RequiredText("url") is { } url && UrlProblem(url) is { } problem)
        {
            faults.Add(fields.At("url"), FaultCodes.InvalidValue, problem);
        }

        if (fields.Map("headers") is { } headers)
        {
            CheckHeaders(headers, settings["headers"]!.AsObject(), faults);
        }

        if (fields.Any("body") is JsonValue body && body.GetValueKind() != JsonValueKind.String)
        {
            faults.Add(
                fields.At("body"),
                FaultCodes.WrongType,
                $"Must be a text, or an object or a list (sent as JSON), and is {Fields.KindOf(body)}."
            );
        }

        if (fields.Duration("timeout") is { } timeout && (timeout <= TimeSpan.Zero || timeout > LongestTimeout))
        {
            faults.Add(fields.At("timeout"), FaultCodes.OutOfRange, "A request may take from 1ms to 1d.");
        }

        if (fields.Map("expect") is { } expect)
        {
            CheckStatus(expect, faults);
            CheckPaths(expect, faults);
            expect.RefuseOthers();
        }

        fields.RefuseOthers();
        return faults.ToList();
    }

    /// <inheritdoc/>
    public string? TargetOf(JsonObject settings)
    {
        // Only what stands before a template is sure to be the host.
        var url = settings["url"]?.GetValue<string>() ?? "";
        var cut = url.IndexOf("{{", StringComparison.Ordinal);
        var known = cut < 0 ? url : url[..cut];
        var start = known.IndexOf("://", StringComparison.Ordinal);
        return
            start >= 0
            && (cut < 0 || known.IndexOf('/', start + 3) >= 0)
            && Uri.TryCreate(known, UriKind.Absolute, out var address)
            ? $"http:{address.Authority.ToLowerInvariant()}"
            : null;
    }

    /// <summary>What is wrong with an address in which no templates are left, or null.</summary>
    public static string? AddressProblem(string url)
    {
        if (url.Length > LongestAddress)
        {
            return $"{url.Length:N0} characters; at most {LongestAddress:N0}.";
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || !IsHttp(address))
        {
            return $"Must be {AddressWanted}.";
        }

        return address.UserInfo.Length > 0
            ? "Names and passwords have no place in an address; send the header Authorization."
            : null;
    }

    /// <summary>Whether an absolute address is one of HTTP.</summary>
    public static bool IsHttp(Uri address) =>
        address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps;

    /// <summary>Whether a text can be the value of a header: one line of visible characters.</summary>
    public static bool IsHeaderValue(string value) => !value.Any(c => char.IsControl(c) && c != '\t');

    private static string? UrlProblem(string url)
    {
        if (!url.Contains("{{", StringComparison.Ordinal))
        {
            return AddressProblem(url);
        }

        // A template in front may be the whole address.
        return Template.Parse(url).Parts is [TemplateText { Text: var start }, ..] && !Start().IsMatch(start)
            ? $"Must be {AddressWanted}, or with a template that gives one."
            : null;
    }

    private static void CheckHeaders(Fields headers, JsonObject given, FaultList faults)
    {
        if (given.Count > MostHeaders)
        {
            faults.Add(headers.Pointer, FaultCodes.TooMany, $"{given.Count:N0} headers; at most {MostHeaders}.");
            return;
        }

        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, _) in given)
        {
            if (!HeaderName().IsMatch(name))
            {
                faults.Add(headers.At(name), FaultCodes.InvalidValue, $"{Excerpt.Quote(name)} is no name of a header.");
            }
            else if (OwnHeaders.Contains(name))
            {
                faults.Add(headers.At(name), FaultCodes.Conflict, $"'{name}' is set by SJE itself.");
            }
            else if (!seen.Add(name))
            {
                faults.Add(
                    headers.At(name),
                    FaultCodes.DuplicateKey,
                    $"'{name}' stands here twice; capitals do not count in names of headers."
                );
            }
            else if (!headers.Has(name))
            {
                faults.Add(headers.At(name), FaultCodes.WrongType, "Must be a text, and is null.");
            }

            if (headers.Text(name) is { } value && !IsHeaderValue(value))
            {
                faults.Add(headers.At(name), FaultCodes.InvalidValue, "A header's value is one line of text.");
            }
        }
    }

    private static void CheckStatus(Fields expect, FaultList faults)
    {
        if (expect.List("status") is not { } list)
        {
            return;
        }

        if (list.Count == 0)
        {
            faults.Add(expect.At("status"), FaultCodes.InvalidValue, "An empty list lets no status pass.");
        }

        for (var index = 0; index < list.Count; index++)
        {
            if (!HttpStatusRange.TryRead(list[index], out _))
            {
                faults.Add(
                    Fault.At(expect.At("status"), index),
                    FaultCodes.InvalidValue,
                    $"{Excerpt.Quote(Template.PlainText(list[index]))} is not {HttpStatusRange.Examples}."
                );
            }
        }
    }

    private static void CheckPaths(Fields expect, FaultList faults)
    {
        var at = expect.At("jsonPath");
        IEnumerable<(string Path, string At)> paths;
        switch (expect.Any("jsonPath"))
        {
            case null:
                return;
            case JsonObject map:
                paths = map.Select(field => (field.Key, Fault.At(at, field.Key)));
                break;
            case JsonArray:
                paths = (expect.Texts("jsonPath") ?? []).Select((path, index) => (path, Fault.At(at, index)));
                break;
            case var other:
                faults.Add(
                    at,
                    FaultCodes.WrongType,
                    $"Must be a path, a list of paths, or an object of paths and values, and is {Fields.KindOf(other)}."
                );
                return;
        }

        var all = paths.ToList();
        if (all.Count > MostPaths)
        {
            faults.Add(at, FaultCodes.TooMany, $"{all.Count:N0} paths; at most {MostPaths}.");
            return;
        }

        foreach (var (path, pathAt) in all)
        {
            if (path.Contains("{{", StringComparison.Ordinal))
            {
                faults.Add(pathAt, FaultCodes.Template, "A path holds no templates; the value that it must have may.");
            }
            else if (JsonPath.Problem(path) is { } problem)
            {
                faults.Add(pathAt, FaultCodes.InvalidValue, problem);
            }
        }
    }

    [GeneratedRegex("^https?://", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Start();

    // A token of RFC 9110, section 5.6.2.
    [GeneratedRegex(@"^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,200}\z", RegexOptions.CultureInvariant)]
    private static partial Regex HeaderName();
}
