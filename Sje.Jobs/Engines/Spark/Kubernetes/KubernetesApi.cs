using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Authentication;
using k8s.Exceptions;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;

namespace Sje.Jobs.Engines.Spark.Kubernetes;

/// <summary>
/// The API server. The client of the package knows how to sign in (kubeconfig with all its kinds, token files, certificates); the requests are
/// ours: each has an end of its own, objects go as they are, and a log is read as it comes.
/// </summary>
internal sealed class KubernetesApi : IDisposable
{
    private const string Json = "application/json";

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly k8s.Kubernetes client;
    private readonly TimeSpan patience;

    public KubernetesApi(SparkClusterOptions options, TimeSpan patience)
    {
        this.patience = patience;
        client = new k8s.Kubernetes(ConfigurationOf(options));
    }

    /// <summary>The API server's address.</summary>
    public Uri Address => client.BaseUri;

    /// <summary>Reads an object; null where there is none.</summary>
    public async Task<T?> FindAsync<T>(string path, CancellationToken stop)
        where T : class
    {
        try
        {
            return await SendAsync<T>(HttpMethod.Get, path, null, stop);
        }
        catch (KubernetesRefusal e) when (e.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Sends a request and reads the answer.</summary>
    /// <exception cref="KubernetesRefusal">The API server says no.</exception>
    /// <exception cref="SparkClusterUnavailableException">It says nothing, or that it cannot now.</exception>
    public async Task<T> SendAsync<T>(HttpMethod method, string path, JsonNode? body, CancellationToken stop)
        where T : class
    {
        using var limit = Limit(stop);
        try
        {
            using var response = await OpenAsync(method, path, body, limit.Token);
            var text = await response.Content.ReadAsByteArrayAsync(limit.Token);
            using var document = JsonDocument.Parse(text);
            return KubernetesJson.Deserialize<T>(document)
                ?? throw new SparkClusterUnavailableException($"{Address} answered {method} {path} with nothing.");
        }
        catch (Exception e) when (IsNoAnswer(e, stop))
        {
            throw Unavailable(e);
        }
    }

    /// <summary>Reads lines of an answer that may be long, as they come; <paramref name="take"/> returns false to hear no more.</summary>
    /// <returns>Whether the last line had an end, or there was none.</returns>
    public async Task<bool> ReadLinesAsync(string path, Func<string, bool, bool> take, CancellationToken stop)
    {
        // Long as it may be, it has to go on: each piece has the time of a request.
        using var limit = Limit(stop);
        try
        {
            using var response = await OpenAsync(HttpMethod.Get, path, null, limit.Token);
            await using var stream = await response.Content.ReadAsStreamAsync(limit.Token);
            var piece = new byte[64 * 1024];
            using var line = new MemoryStream();
            while (true)
            {
                limit.CancelAfter(patience);
                var count = await stream.ReadAsync(piece, limit.Token);
                if (count == 0)
                {
                    return line.Length == 0 || take(Text(line), false);
                }

                var rest = piece.AsMemory(0, count);
                for (var end = rest.Span.IndexOf((byte)'\n'); end >= 0; end = rest.Span.IndexOf((byte)'\n'))
                {
                    line.Write(rest.Span[..end]);
                    rest = rest[(end + 1)..];
                    if (!take(Text(line), true))
                    {
                        return true;
                    }

                    line.SetLength(0);
                }

                line.Write(rest.Span);
            }
        }
        catch (Exception e) when (IsNoAnswer(e, stop))
        {
            throw Unavailable(e);
        }

        static string Text(MemoryStream line) => Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length);
    }

    /// <summary>
    /// A handler for pages of drivers: it signs in where the address is the API server's (its proxy to pods), and is a plain one else.
    /// </summary>
    public HttpMessageHandler OpenPages() => new PagesHandler(client);

    public void Dispose() => client.Dispose();

    private static KubernetesClientConfiguration ConfigurationOf(SparkClusterOptions options)
    {
        var address = DriverProperties.MasterOf(options.Master)["k8s://".Length..];
        KubernetesClientConfiguration result;
        try
        {
            if (options.Kubeconfig is { Length: > 0 } file)
            {
                result = KubernetesClientConfiguration.BuildConfigFromConfigFile(file, masterUrl: address);
            }
            else
            {
                result = new KubernetesClientConfiguration { Host = address };
                // Inside a cluster a pod is given both.
                const string given = "/var/run/secrets/kubernetes.io/serviceaccount/";
                if ((options.CaCertFile ?? Existing(given + "ca.crt")) is { Length: > 0 } authority)
                {
                    var certificates = new X509Certificate2Collection();
                    certificates.ImportFromPemFile(authority);
                    result.SslCaCerts = certificates;
                }

                if ((options.TokenFile ?? Existing(given + "token")) is { Length: > 0 } token)
                {
                    result.TokenProvider = new TokenFile(token);
                }
            }
        }
        catch (Exception e)
            when (e
                    is KubeConfigException
                        or IOException
                        or UnauthorizedAccessException
                        or System.Security.Cryptography.CryptographicException
                        or YamlDotNet.Core.YamlException
            )
        {
            throw new FormatException($"The sign-in to {address} cannot be read: {e.Message}", e);
        }

        result.FirstMessageHandlerSetup = handler =>
        {
            handler.ConnectTimeout = ConnectTimeout;
            handler.PooledConnectionLifetime = TimeSpan.FromMinutes(10);
            handler.UseProxy = false;
            // Behind the proxy to pods stand programs of users: what they answer must lead nowhere else, and leave nothing behind for the next.
            handler.AllowAutoRedirect = false;
            handler.UseCookies = false;
        };
        return result;

        static string? Existing(string path) => File.Exists(path) ? path : null;
    }

    private CancellationTokenSource Limit(CancellationToken stop)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(patience);
        return limit;
    }

    private async Task<HttpResponseMessage> OpenAsync(
        HttpMethod method,
        string path,
        JsonNode? body,
        CancellationToken stop
    )
    {
        using var request = new HttpRequestMessage(method, new Uri(client.BaseUri, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, Json);
        }

        if (client.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, stop);
        }

        var response = await client.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            var text = await response.Content.ReadAsStringAsync(stop);
            var (reason, message) = Said(text);
            var status = response.StatusCode;
            throw status
                is HttpStatusCode.TooManyRequests
                    or HttpStatusCode.RequestTimeout
                    or >= HttpStatusCode.InternalServerError
                ? new SparkClusterUnavailableException(
                    $"{Address} answered {method} {path} with {(int)status}: {message}"
                )
                : new KubernetesRefusal(status, reason, message);
        }
    }

    private static (string? Reason, string Message) Said(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonObject status
                ? (status["reason"]?.ToString(), status["message"]?.ToString() ?? text)
                : (null, text);
        }
        catch (JsonException)
        {
            return (null, text.Trim());
        }
    }

    private static bool IsNoAnswer(Exception error, CancellationToken stop) =>
        error is HttpRequestException or IOException or AuthenticationException or JsonException
        || (error is OperationCanceledException && !stop.IsCancellationRequested);

    private SparkClusterUnavailableException Unavailable(Exception error)
    {
        var innermost = error;
        while (innermost.InnerException is { } inner)
        {
            innermost = inner;
        }

        return new SparkClusterUnavailableException(
            error is OperationCanceledException
                ? $"The API server {Address} does not answer within {patience.TotalSeconds:0.#} s."
                : $"The API server {Address} cannot be asked: {innermost.Message}",
            error
        );
    }

    /// <summary>A token that may be renewed in its file at any time.</summary>
    private sealed class TokenFile(string path) : ITokenProvider
    {
        private readonly Lock gate = new();
        private DateTime writtenAt;
        private AuthenticationHeaderValue? header;

        public Task<AuthenticationHeaderValue> GetAuthenticationHeaderAsync(CancellationToken cancellationToken)
        {
            lock (gate)
            {
                var last = File.GetLastWriteTimeUtc(path);
                if (header is null || last != writtenAt)
                {
                    header = new AuthenticationHeaderValue("Bearer", File.ReadAllText(path).Trim());
                    writtenAt = last;
                }

                return Task.FromResult(header);
            }
        }
    }

    private sealed class PagesHandler(k8s.Kubernetes client) : HttpMessageHandler
    {
        private readonly HttpMessageInvoker plain = new(
            new SocketsHttpHandler
            {
                UseProxy = false,
                AllowAutoRedirect = false,
                UseCookies = false,
                AutomaticDecompression = DecompressionMethods.All,
                ConnectTimeout = ConnectTimeout,
            }
        );

        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            var own = request.RequestUri is { } uri && uri.Authority == client.BaseUri.Authority;
            if (!own)
            {
                return await plain.SendAsync(request, cancellationToken);
            }

            if (client.Credentials is { } credentials)
            {
                await credentials.ProcessHttpRequestAsync(request, cancellationToken);
            }

            // A message can be sent once by each client; this one was sent by the caller's.
            using var copy = new HttpRequestMessage(request.Method, request.RequestUri) { Content = request.Content };
            foreach (var header in request.Headers)
            {
                copy.Headers.TryAddWithoutValidation(header.Key, header.Value);
            }

            return await client.HttpClient.SendAsync(copy, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }

        protected override void Dispose(bool disposing)
        {
            plain.Dispose();
            base.Dispose(disposing);
        }
    }
}

/// <summary>The API server refuses a request.</summary>
internal sealed class KubernetesRefusal(HttpStatusCode status, string? reason, string message) : Exception(message)
{
    public HttpStatusCode Status { get; } = status;

    /// <summary>Its word for it: <c>AlreadyExists</c>, <c>Forbidden</c>.</summary>
    public string? Reason { get; } = reason;
}
