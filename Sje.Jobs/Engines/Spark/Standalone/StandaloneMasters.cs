using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;

namespace Sje.Jobs.Engines.Spark.Standalone;

/// <summary>
/// The masters of a standalone cluster: their REST submission server (Spark's <c>StandaloneRestServer</c>, port 6066) and their JSON page
/// (<c>/json/</c>). With several, the one that leads answers; the others are passed over.
/// </summary>
internal sealed class StandaloneMasters
{
    private const int RestPort = 6066;
    private const int PagePort = 8080;
    private const string Scheme = "spark://";

    private readonly HttpClient http;
    private readonly IReadOnlyList<Uri> rest;
    private readonly IReadOnlyList<Uri> pages;

    public StandaloneMasters(SparkClusterOptions cluster, HttpClient http)
    {
        this.http = http;
        var hosts = cluster
            .Master[Scheme.Length..]
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(host => new Uri("http://" + host).Host)
            .ToList();
        rest = cluster.Rest.Length > 0 ? [.. cluster.Rest.Select(Base)] : [.. hosts.Select(host => At(host, RestPort))];
        pages =
            cluster.WebUi.Length > 0 ? [.. cluster.WebUi.Select(Base)] : [.. hosts.Select(host => At(host, PagePort))];
    }

    /// <summary>Asks a master to start a driver. A refusal is in the answer (<c>success: false</c>).</summary>
    public Task<JsonObject> CreateAsync(JsonObject request, CancellationToken stop) =>
        AskRestAsync(HttpMethod.Post, "v1/submissions/create", request, stop);

    /// <summary>What the master knows of a driver.</summary>
    public Task<JsonObject> StatusAsync(string submissionId, CancellationToken stop) =>
        AskRestAsync(HttpMethod.Get, "v1/submissions/status/" + Uri.EscapeDataString(submissionId), null, stop);

    /// <summary>Asks to end a driver.</summary>
    public Task<JsonObject> KillAsync(string submissionId, CancellationToken stop) =>
        AskRestAsync(HttpMethod.Post, "v1/submissions/kill/" + Uri.EscapeDataString(submissionId), null, stop);

    /// <summary>The leading master's page: workers, applications, drivers.</summary>
    public async Task<JsonObject> PageAsync(CancellationToken stop)
    {
        var problems = new List<string>();
        var forbidden = false;
        foreach (var page in pages)
        {
            try
            {
                var answer = await http.GetFromJsonAsync<JsonObject>(new Uri(page, "json/"), stop);
                if (answer?["status"]?.ToString() is "ALIVE")
                {
                    return answer;
                }

                problems.Add($"{page} is {answer?["status"]}");
            }
            catch (Exception e) when (IsTrouble(e, stop))
            {
                forbidden |= IsNo((e as HttpRequestException)?.StatusCode);
                problems.Add($"{page}: {e.Message}");
            }
        }

        throw new SparkClusterUnavailableException($"No master of the cluster leads: {string.Join("; ", problems)}.")
        {
            Forbidden = forbidden,
        };
    }

    /// <summary>A piece of a driver's or an executor's log, from its worker's pages.</summary>
    /// <param name="worker">The worker's page.</param>
    /// <param name="query">Which log: <c>driverId=...</c>, or <c>appId=...&amp;executorId=...</c>.</param>
    /// <param name="type"><c>stdout</c> or <c>stderr</c>.</param>
    /// <param name="offset">From which byte.</param>
    /// <param name="length">How many bytes at most.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>The bytes, where they begin (later than asked where the log was cut), and how long the log is; null where there is none.</returns>
    public async Task<LogPiece?> LogAsync(
        Uri worker,
        string query,
        string type,
        long offset,
        int length,
        CancellationToken stop
    )
    {
        var address = new Uri(
            worker,
            string.Create(
                CultureInfo.InvariantCulture,
                $"log/?{query}&logType={type}&offset={offset}&byteLength={length}"
            )
        );
        try
        {
            using var response = await http.GetAsync(address, stop);
            return response.IsSuccessStatusCode
                ? LogPiece.Read(await response.Content.ReadAsByteArrayAsync(stop))
                : null;
        }
        catch (Exception e) when (IsTrouble(e, stop))
        {
            throw new SparkClusterUnavailableException($"The worker at {worker} cannot be asked: {e.Message}", e);
        }
    }

    private async Task<JsonObject> AskRestAsync(
        HttpMethod method,
        string path,
        JsonObject? body,
        CancellationToken stop
    )
    {
        var problems = new List<string>();
        var forbidden = false;
        foreach (var master in rest)
        {
            try
            {
                using var request = new HttpRequestMessage(method, new Uri(master, path))
                {
                    Content = body is null ? null : JsonContent.Create(body),
                };
                using var response = await http.SendAsync(request, stop);
                if (IsNo(response.StatusCode))
                {
                    forbidden = true;
                    problems.Add($"{master} answers {(int)response.StatusCode} ({response.ReasonPhrase})");
                    continue;
                }

                var text = await response.Content.ReadAsStringAsync(stop);
                var answer = JsonNode.Parse(text) as JsonObject ?? throw new JsonException("no object");
                var message = answer["message"]?.ToString() ?? "";
                // A master that only stands by says so in words.
                if (!message.Contains("can only accept", StringComparison.OrdinalIgnoreCase))
                {
                    return answer;
                }

                problems.Add($"{master}: {message}");
            }
            catch (Exception e) when (IsTrouble(e, stop) || e is JsonException)
            {
                problems.Add($"{master}: {e.Message}");
            }
        }

        throw new SparkClusterUnavailableException(
            $"No master of the cluster answers over REST: {string.Join("; ", problems)}."
        )
        {
            Forbidden = forbidden,
        };
    }

    private static bool IsNo(HttpStatusCode? status) =>
        status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;

    private static bool IsTrouble(Exception error, CancellationToken stop) =>
        error is HttpRequestException or IOException or JsonException
        || (error is OperationCanceledException && !stop.IsCancellationRequested);

    private static Uri Base(string address) => new(address.TrimEnd('/') + "/");

    private static Uri At(string host, int port) => new UriBuilder("http", host, port).Uri;
}

/// <summary>A piece of a log as a worker's page gives it.</summary>
internal sealed record LogPiece(long From, long To, long Length, byte[] Bytes)
{
    private static readonly byte[] Header = "==== Bytes "u8.ToArray();

    /// <summary>Takes it out of the page: <c>==== Bytes 0-100 of 200 of /path ====</c>, a line break, the bytes.</summary>
    public static LogPiece? Read(byte[] page)
    {
        var end = Array.IndexOf(page, (byte)'\n');
        if (end < 0 || !page.AsSpan().StartsWith(Header))
        {
            return null;
        }

        var words = System.Text.Encoding.UTF8.GetString(page, 0, end).Split(' ');
        // "====", "Bytes", "0-100", "of", "200", "of", path, "===="
        var range = words.Length > 4 ? words[2].Split('-') : [];
        return
            range.Length == 2
            && long.TryParse(range[0], NumberStyles.None, CultureInfo.InvariantCulture, out var from)
            && long.TryParse(range[1], NumberStyles.None, CultureInfo.InvariantCulture, out var to)
            && long.TryParse(words[4], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? new LogPiece(from, to, length, page[(end + 1)..])
            : null;
    }
}
