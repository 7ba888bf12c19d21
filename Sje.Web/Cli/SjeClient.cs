using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary>An answer of the server: its status, and its body where that is JSON.</summary>
internal sealed record Answer(HttpStatusCode Status, JsonNode? Body, string Text, TimeSpan? RetryAfter)
{
    /// <summary>Whether the status is 2xx.</summary>
    public bool IsSuccess => (int)Status is >= 200 and < 300;

    /// <summary>The body of an answer that always has one.</summary>
    public JsonNode Required =>
        Body
        ?? throw new FailureException("The server's answer is no JSON: is it an SJE server?", ExitCodes.ServerError);
}

/// <summary>Talks to a server. What goes wrong is turned into one line that says what to do about it.</summary>
internal sealed class SjeClient : IDisposable
{
    // A server that is started again after a crash recovers its database first.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(500);

    private readonly HttpClient http;
    private bool hasAnswered;

    public SjeClient(Uri address, string? key)
    {
        http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) })
        {
            BaseAddress = address,
        };
        if (!string.IsNullOrEmpty(key))
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    /// <summary>Where it connects to.</summary>
    public Uri Address => http.BaseAddress!; // set by the constructor

    /// <summary>Asks, and returns the body of a good answer.</summary>
    /// <exception cref="FailureException">The server does not answer, or refuses.</exception>
    public async Task<JsonNode> GetAsync(string path, CancellationToken stop) =>
        (await SendAsync(HttpMethod.Get, path, null, null, stop)).Required;

    /// <summary>
    /// As <see cref="GetAsync"/>, for verbs that wait: once the server has answered anything, it or its database may be away for two
    /// minutes at a time, for the work they wait for outlives that too.
    /// </summary>
    /// <exception cref="FailureException">The server does not answer for too long, or refuses.</exception>
    public async Task<JsonNode> GetPatientlyAsync(string path, CancellationToken stop)
    {
        long? awaySince = null;
        while (true)
        {
            try
            {
                return await GetAsync(path, stop);
            }
            catch (FailureException away) when (away.ExitCode == ExitCodes.Unreachable && hasAnswered)
            {
                awaySince ??= TimeProvider.System.GetTimestamp();
                if (TimeProvider.System.GetElapsedTime(awaySince.Value) > Patience)
                {
                    throw;
                }
            }

            await Task.Delay(BetweenTries, TimeProvider.System, stop);
        }
    }

    /// <summary>Sends a request; any answer but a good one is told.</summary>
    /// <exception cref="FailureException">The server does not answer, or refuses.</exception>
    public async Task<Answer> SendAsync(
        HttpMethod method,
        string path,
        HttpContent? body,
        IReadOnlyDictionary<string, string>? headers,
        CancellationToken stop
    )
    {
        var answer = await TryAsync(method, path, body, headers, stop);
        return answer.IsSuccess ? answer : throw Refusal(answer, $"{method} {path}");
    }

    /// <summary>Sends a request and returns whatever the server says to it.</summary>
    /// <exception cref="FailureException">The server does not answer.</exception>
    public async Task<Answer> TryAsync(
        HttpMethod method,
        string path,
        HttpContent? body,
        IReadOnlyDictionary<string, string>? headers,
        CancellationToken stop
    )
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        foreach (var (name, value) in headers ?? new Dictionary<string, string>())
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        try
        {
            using var response = await http.SendAsync(request, stop);
            hasAnswered = true;
            var text = await response.Content.ReadAsStringAsync(stop);
            return new Answer(response.StatusCode, Parse(text), text, response.Headers.RetryAfter?.Delta);
        }
        catch (HttpRequestException down)
        {
            throw Unreachable(down.Message);
        }
        catch (TaskCanceledException) when (!stop.IsCancellationRequested)
        {
            throw Unreachable($"no answer within {http.Timeout.TotalSeconds} s");
        }
    }

    /// <summary>Follows a stream of server-sent events; it ends when the server closes it.</summary>
    public async IAsyncEnumerable<(string Event, string Data)> StreamAsync(
        string path,
        [EnumeratorCancellation] CancellationToken stop
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        }
        catch (HttpRequestException down)
        {
            throw Unreachable(down.Message);
        }

        using (response)
        {
            if (!response.IsSuccessStatusCode)
            {
                var text = await response.Content.ReadAsStringAsync(stop);
                throw Refusal(new Answer(response.StatusCode, Parse(text), text, null), $"GET {path}");
            }

            await using var stream = await response.Content.ReadAsStreamAsync(stop);
            await foreach (var item in System.Net.ServerSentEvents.SseParser.Create(stream).EnumerateAsync(stop))
            {
                yield return (item.EventType, item.Data);
            }
        }
    }

    /// <summary>Reads a whole list, page by page, up to <paramref name="limit"/> items.</summary>
    public async Task<JsonObject> ListAsync(string path, int limit, CancellationToken stop)
    {
        var items = new JsonArray();
        string? cursor = null;
        do
        {
            var joint = path.Contains('?', StringComparison.Ordinal) ? '&' : '?';
            var page = await GetAsync(
                $"{path}{joint}limit={Math.Min(1000, limit - items.Count)}{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}",
                stop
            );
            foreach (var item in page["items"]?.AsArray() ?? [])
            {
                items.Add(item?.DeepClone());
            }

            cursor = page["nextCursor"]?.GetValue<string>();
        } while (cursor is not null && items.Count < limit);
        return new JsonObject { ["items"] = items, ["nextCursor"] = cursor };
    }

    /// <summary>Says why the server refused: a problem document's detail and each of its errors.</summary>
    public static FailureException Refusal(Answer answer, string what)
    {
        var code = answer.Status switch
        {
            // The server is there and says that its database is not.
            HttpStatusCode.ServiceUnavailable => ExitCodes.Unreachable,
            >= HttpStatusCode.InternalServerError => ExitCodes.ServerError,
            _ => ExitCodes.Rejected,
        };
        if (answer.Body is not JsonObject problem)
        {
            return new FailureException($"{what}: the server answered {(int)answer.Status}.", code);
        }

        var title = Text(problem["title"]) ?? answer.Status.ToString();
        var detail = Text(problem["detail"]);
        var faults = new List<string>();
        foreach (var error in problem["errors"] as JsonArray ?? [])
        {
            var place = Text(error?["pointer"]) is { Length: > 0 } pointer ? pointer + ": " : "";
            var line = error?["line"] is JsonValue number ? $" (line {number})" : "";
            faults.Add($"{place}{Text(error?["detail"])}{line}");
        }

        var message = detail is null ? title : $"{title.TrimEnd('.')}: {detail}";
        return new FailureException($"{message} ({(int)answer.Status})", code, faults);
    }

    public void Dispose() => http.Dispose();

    /// <summary>A JSON body.</summary>
    public static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private FailureException Unreachable(string why) =>
        new(
            $"No server answers at {Address} ({why}): start one with 'sje up', or name it with --server.",
            ExitCodes.Unreachable
        );

    private static JsonNode? Parse(string text)
    {
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
