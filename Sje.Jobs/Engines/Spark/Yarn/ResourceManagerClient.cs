using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Yarn;

/// <summary>
/// Talks to the ResourceManagers of one cluster, of which one is active. A question goes to the one that answered last, and on to the next
/// when that does not answer or is not the active one. A ResourceManager that starts answers before it knows its applications again: what it
/// then says of absence is worth nothing, and a submission then may keep it from starting.
/// </summary>
internal sealed class ResourceManagerClient(
    IReadOnlyList<Uri> addresses,
    string user,
    HttpClient http,
    TimeProvider time
)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private volatile int preferred;

    /// <summary>The address that answered last.</summary>
    public Uri Address => addresses[preferred % addresses.Count];

    /// <summary>Who is named on each call.</summary>
    public string User => user;

    /// <summary>Says what the active ResourceManager is.</summary>
    /// <exception cref="SparkClusterUnavailableException">None is active now.</exception>
    public async Task<ResourceManagerInfo> InfoAsync(CancellationToken stop)
    {
        var answer = await GetAsync("info", stop, mustBeActive: true);
        return ResourceManagerInfo.Of(answer) ?? throw Unexpected("did not say what it is", answer);
    }

    /// <summary>Reserves an application's id; it stays good over restarts, and one that starts may give it, too.</summary>
    public async Task<YarnNewApplication> NewApplicationAsync(CancellationToken stop)
    {
        var answer = await SendAsync(HttpMethod.Post, "apps/new-application", null, stop);
        if (answer.Status == 200 && answer.Json.Text("application-id") is { Length: > 0 } id)
        {
            var most = answer.Json?["maximum-resource-capability"];
            return new YarnNewApplication(
                id,
                most.Number("memory") ?? long.MaxValue,
                most.Number("vCores") ?? int.MaxValue
            );
        }

        throw Unexpected("gave no application id", answer);
    }

    /// <summary>An application; null when it has been proven that this cluster does not know it.</summary>
    public async Task<YarnApplication?> FindAsync(string id, CancellationToken stop)
    {
        var answer = await GetAsync(Application(id), stop);
        if (answer.Status == 404)
        {
            var before = await InfoAsync(stop);
            answer = await GetAsync(Application(id), stop);
            if (answer.Status == 404)
            {
                var after = await InfoAsync(stop);
                return
                    after == before
                    && answer.Address == before.Address
                    && answer.Text.Contains("NotFound", StringComparison.Ordinal)
                    ? null
                    : throw new SparkClusterUnavailableException(
                        $"{answer.Address} does not know {id}, but it was not active all the time while it was asked."
                    );
            }
        }

        return answer.Status == 200 && answer.Json?["app"] is { } app
            ? YarnApplication.Of(app)
            : throw Unexpected($"did not say what {id} is", answer);
    }

    /// <summary>The applications that carry a tag, by their ids; none when it has been proven that there are none.</summary>
    public async Task<IReadOnlyList<YarnApplication>> TaggedAsync(string tag, CancellationToken stop)
    {
        var before = await InfoAsync(stop);
        var answer = await GetAsync("apps?applicationTags=" + Uri.EscapeDataString(tag), stop);
        if (answer.Status != 200 || answer.Json?["apps"] is not JsonObject apps)
        {
            throw Unexpected($"did not say which applications carry the tag {tag}", answer);
        }

        List<YarnApplication> found =
        [
            .. apps["app"].Items().Select(YarnApplication.Of).OrderBy(app => app.Id, StringComparer.Ordinal),
        ];
        if (found.Count > 0)
        {
            return found;
        }

        // One that starts knows of no tags, and says so with a yes.
        var after = await InfoAsync(stop);
        return after == before && answer.Address == before.Address
            ? found
            : throw new SparkClusterUnavailableException(
                $"{answer.Address} knows of no application with the tag {tag}, but it was not active all the time while it was asked."
            );
    }

    /// <summary>The attempts of an application, the first first; none when it is unknown.</summary>
    public async Task<IReadOnlyList<YarnAttempt>> AttemptsAsync(string id, CancellationToken stop)
    {
        var answer = await GetAsync(Application(id) + "/appattempts", stop);
        return answer.Status switch
        {
            200 =>
            [
                .. (answer.Json?["appAttempts"]?["appAttempt"])
                    .Items()
                    .Select(YarnAttempt.Of)
                    .OrderBy(attempt => attempt.Number),
            ],
            404 => [],
            _ => throw Unexpected($"did not say what attempts {id} has", answer),
        };
    }

    /// <summary>The containers of an attempt that run now.</summary>
    public async Task<IReadOnlyList<YarnContainer>> ContainersAsync(string id, string attempt, CancellationToken stop)
    {
        var answer = await GetAsync($"{Application(id)}/appattempts/{Uri.EscapeDataString(attempt)}/containers", stop);
        return answer.Status switch
        {
            200 =>
            [
                .. (answer.Json?["container"] ?? answer.Json?["containers"]?["container"])
                    .Items()
                    .Select(YarnContainer.Of)
                    .Where(container => container.Id.Length > 0),
            ],
            // The attempt is over, or not known again yet.
            400 or 404 or 500 => [],
            _ => throw Unexpected($"did not say what containers {attempt} has", answer),
        };
    }

    /// <summary>
    /// Submits, over one connection, on which the same process has just said that it is active. What has been taken stays only when
    /// <see cref="StoredAsync"/> has returned.
    /// </summary>
    /// <returns>The answer, if it is a refusal; else null.</returns>
    public async Task<ResourceManagerAnswer?> SubmitAsync(string id, JsonObject body, CancellationToken stop)
    {
        var (address, single) = await ActiveAsync(stop);
        ResourceManagerAnswer answer;
        using (single)
        {
            answer = await SendToAsync(single?.Http ?? http, address, HttpMethod.Post, "apps", body, stop);
        }

        if (answer.Status is >= 400 and < 500 and not 408 and not 429)
        {
            return answer;
        }

        return answer.Status is 200 or 202 ? null : throw Unexpected($"neither took nor refused {id}", answer);
    }

    /// <summary>Waits until what was submitted is in the ResourceManager's store: before, its death would undo the submission.</summary>
    /// <exception cref="SparkClusterUnavailableException">It is not there, and has to be submitted again.</exception>
    public async Task StoredAsync(string id, CancellationToken stop)
    {
        for (var tries = 0; ; tries++)
        {
            var answer = await GetAsync(Application(id) + "/state", stop);
            var state = answer.Status == 200 ? answer.Json.Text("state") : (await FindAsync(id, stop))?.State;
            if (state is null)
            {
                throw new SparkClusterUnavailableException($"{Address} took {id} and does not know it now.");
            }

            if (state is not ("NEW" or "NEW_SAVING"))
            {
                return;
            }

            if (tries == 200)
            {
                throw new SparkClusterUnavailableException($"{Address} does not get {id} into its store.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(2 * (tries + 1), 50)), time, stop);
        }
    }

    /// <summary>
    /// The address of the active ResourceManager, and the connection over which it has just said that it is; no connection where the server ends
    /// each after one answer and leaves no way to be that sure.
    /// </summary>
    private async Task<(Uri Address, SingleConnection? Single)> ActiveAsync(CancellationToken stop)
    {
        for (var asked = false; ; asked = true)
        {
            var address = asked ? (await InfoAsync(stop)).Address : Address;
            var single = new SingleConnection();
            try
            {
                var said = await SendToAsync(single.Http, address, HttpMethod.Get, "info", null, stop);
                if (ResourceManagerInfo.Of(said) is { State: "ACTIVE" })
                {
                    if (said.Closes)
                    {
                        return (address, null);
                    }

                    var kept = single;
                    single = null;
                    return (address, kept);
                }

                if (asked)
                {
                    throw new SparkClusterUnavailableException($"{address} is not active now.");
                }
            }
            catch (SparkClusterUnavailableException) when (!asked)
            {
                // Another one may be the active one by now.
            }
            finally
            {
                single?.Dispose();
            }
        }
    }

    /// <summary>Asks for the end of an application.</summary>
    /// <returns>The answer: 200 and 202 are yes, 404 is unknown, 403 is no.</returns>
    public Task<ResourceManagerAnswer> KillAsync(string id, CancellationToken stop) =>
        SendAsync(HttpMethod.Put, Application(id) + "/state", new JsonObject { ["state"] = "KILLED" }, stop);

    /// <summary>A GET below <c>/ws/v1/cluster/</c>.</summary>
    public async Task<ResourceManagerAnswer> GetAsync(string path, CancellationToken stop, bool mustBeActive = false) =>
        await SendAsync(HttpMethod.Get, path, null, stop, mustBeActive);

    /// <summary>A GET of anything that the cluster's other servers have: NodeManagers, log server; null when there is no answer.</summary>
    public async Task<ResourceManagerAnswer?> TryGetAsync(Uri url, CancellationToken stop)
    {
        try
        {
            return await AskAsync(http, HttpMethod.Get, url, url, null, stop);
        }
        catch (SparkClusterUnavailableException)
        {
            return null;
        }
    }

    /// <summary>Opens what a URL leads to, over redirects; null when that is nothing. The caller disposes it.</summary>
    public async Task<HttpResponseMessage?> OpenAsync(Uri url, CancellationToken stop)
    {
        for (var hops = 0; hops < 4; hops++)
        {
            using var limit = new CancellationTokenSource(Patience, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
            HttpResponseMessage response;
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, url);
                request.Headers.TryAddWithoutValidation("Accept", "*/*");
                response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
            }
            catch (Exception e)
                when (e is HttpRequestException or IOException
                    || (e is OperationCanceledException && !stop.IsCancellationRequested)
                )
            {
                return null;
            }

            if (response.StatusCode == HttpStatusCode.OK)
            {
                return response;
            }

            var location = (int)response.StatusCode is >= 300 and < 400 ? response.Headers.Location : null;
            response.Dispose();
            if (location is null)
            {
                return null;
            }

            var next = new Uri(url, location);
            url = next.Query.Contains("user.name=", StringComparison.Ordinal) ? next : WithUser(next);
        }

        return null;
    }

    /// <summary>The address with the name of the user, which every call must have: without it the caller is a stranger, from whom much is hidden.</summary>
    public Uri WithUser(Uri url) =>
        new(url.AbsoluteUri + (url.Query.Length > 0 ? "&" : "?") + "user.name=" + Uri.EscapeDataString(user));

    /// <summary>An answer that says nothing useful.</summary>
    public static SparkClusterUnavailableException Unexpected(string what, ResourceManagerAnswer answer) =>
        new(
            answer.Status == 401
                ? $"{answer.Address} wants a sign-in that SJE does not have (401)."
                : $"{answer.Address} {what}: {answer.Status} {answer.Message}"
        )
        {
            Forbidden = answer.Status is 401 or 403,
        };

    private static string Application(string id) => "apps/" + Uri.EscapeDataString(id);

    // A repeated question does no harm anywhere here: new-application only counts on, and a kill is a kill.
    private async Task<ResourceManagerAnswer> SendAsync(
        HttpMethod method,
        string path,
        JsonObject? body,
        CancellationToken stop,
        bool mustBeActive = false
    )
    {
        List<string> troubles = [];
        var first = preferred;
        for (var i = 0; i < addresses.Count; i++)
        {
            var at = (first + i) % addresses.Count;
            try
            {
                var answer = await SendToAsync(http, addresses[at], method, path, body, stop);
                if (NotActive(answer, mustBeActive) is { } why)
                {
                    troubles.Add($"{addresses[at]} {why}");
                    continue;
                }

                preferred = at;
                return answer;
            }
            catch (SparkClusterUnavailableException e)
            {
                troubles.Add(e.Message);
            }
        }

        throw new SparkClusterUnavailableException(string.Join(" ", troubles.Select(t => t.TrimEnd('.') + ".")));
    }

    private static string? NotActive(ResourceManagerAnswer answer, bool mustBeActive) =>
        answer.Status is >= 300 and < 400 ? "is on standby"
        : answer.Status == 200 && answer.Json is null ? "is on standby, or no ResourceManager"
        : answer.Status >= 502 ? $"says {answer.Status}"
        : !mustBeActive ? null
        : ResourceManagerInfo.Of(answer) switch
        {
            null => $"did not say what it is: {answer.Status} {answer.Message}",
            { State: "ACTIVE" } => null,
            { State: "STANDBY" } => "is on standby",
            { State: "INITIALIZING" } => "is starting",
            { State: var state } => $"is {state}",
        };

    private Task<ResourceManagerAnswer> SendToAsync(
        HttpClient over,
        Uri address,
        HttpMethod method,
        string path,
        JsonObject? body,
        CancellationToken stop
    ) => AskAsync(over, method, address, WithUser(new Uri(address, "ws/v1/cluster/" + path)), body, stop);

    private async Task<ResourceManagerAnswer> AskAsync(
        HttpClient over,
        HttpMethod method,
        Uri address,
        Uri url,
        JsonObject? body,
        CancellationToken stop
    )
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            using var request = new HttpRequestMessage(method, url);
            request.Headers.TryAddWithoutValidation("Accept", "application/json, text/plain");
            if (body is not null)
            {
                request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            }
            else if (method != HttpMethod.Get)
            {
                request.Content = new ByteArrayContent([]);
            }

            using var response = await over.SendAsync(request, both.Token);
            return new ResourceManagerAnswer(
                address,
                (int)response.StatusCode,
                await response.Content.ReadAsByteArrayAsync(both.Token)
            )
            {
                Location = response.Headers.Location,
                Closes = response.Headers.ConnectionClose == true || response.Version < HttpVersion.Version11,
            };
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new SparkClusterUnavailableException($"{address} cannot be reached: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new SparkClusterUnavailableException(
                $"{address} did not answer within {Patience.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s.",
                e
            );
        }
    }

    /// <summary>A client that connects once and never again, so that what it is told next comes from the process that answered before.</summary>
    private sealed class SingleConnection : IDisposable
    {
        private int connections;

        public SingleConnection() =>
            Http = new HttpClient(
                new SocketsHttpHandler
                {
                    AllowAutoRedirect = false,
                    UseCookies = false,
                    UseProxy = false,
                    MaxConnectionsPerServer = 1,
                    ConnectCallback = async (context, stop) =>
                    {
                        if (Interlocked.Increment(ref connections) > 1)
                        {
                            throw new IOException("the connection over which it said that it is active is gone");
                        }

                        var socket = new System.Net.Sockets.Socket(
                            System.Net.Sockets.SocketType.Stream,
                            System.Net.Sockets.ProtocolType.Tcp
                        )
                        {
                            NoDelay = true,
                        };
                        try
                        {
                            await socket.ConnectAsync(context.DnsEndPoint, stop);
                            return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
                        }
                        catch
                        {
                            socket.Dispose();
                            throw;
                        }
                    },
                }
            );

        public HttpClient Http { get; }

        public void Dispose() => Http.Dispose();
    }
}

/// <summary>An answer over HTTP.</summary>
internal sealed record ResourceManagerAnswer(Uri Address, int Status, byte[] Bytes)
{
    private string? text;

    /// <summary>Where else it sends us.</summary>
    public Uri? Location { get; init; }

    /// <summary>Whether the connection ends with it.</summary>
    public bool Closes { get; init; }

    public string Text => text ??= Encoding.UTF8.GetString(Bytes);

    public JsonNode? Json
    {
        get
        {
            try
            {
                return JsonNode.Parse(Text);
            }
            catch (JsonException)
            {
                return null;
            }
        }
    }

    /// <summary>What it says, for people, on one line of moderate length.</summary>
    public string Message
    {
        get
        {
            var said = Json?["RemoteException"].Text("message") ?? Text;
            said = string.Join(' ', said.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            return said.Length <= 500 ? said : said[..500] + "...";
        }
    }
}
